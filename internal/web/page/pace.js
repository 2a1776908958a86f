// Keeps what the page asks for by itself below the server's limit of commands, which is 20 at
// once and one every 500 ms, so that the user's own commands are never refused for it. Pure.

const MOST_AT_ONCE = 12;
const EVERY = 700; // milliseconds

export class Pace {
  constructor(now = Date.now) {
    this.now = now;
    this.left = MOST_AT_ONCE;
    this.since = now();
  }

  /** take reports whether n requests may be sent now. Those of the user are always sent. */
  take(n = 1, byUser = false) {
    const now = this.now();
    this.left = Math.min(MOST_AT_ONCE, this.left + (now - this.since) / EVERY);
    this.since = now;
    if (this.left < n && !byUser) return false;
    this.left = Math.max(0, this.left - n);
    return true;
  }
}
