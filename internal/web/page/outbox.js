// The messages that are not acknowledged yet. Pure but for the storage that it is given.

/** The most messages that may wait at once. */
export const MAX_WAITING = 200;

/**
 * An Outbox holds posts until their outcome is known. The state of a post is one of
 *   waiting  to be sent on the present connection
 *   sent     and not acknowledged
 *   failed   refused by the server, with the error
 *   unknown  sent, but the session has ended: it may be stored or not
 */
export class Outbox {
  constructor(storage, newCID) {
    this.storage = storage;
    this.newCID = newCID;
    // After a reload everything is sent again: the server recognizes the cid.
    this.posts = storage.get('outbox', []).map((p) => (p.state === 'sent' ? { ...p, state: 'waiting' } : p));
  }

  save() {
    this.storage.set('outbox', this.posts);
  }

  /** add queues a request of type post; it returns undefined if too many wait. */
  add(request) {
    if (this.posts.length >= MAX_WAITING) return undefined;
    const cid = this.newCID();
    const post = { cid, request: { ...request, cid }, state: 'waiting', used: false, time: new Date().toISOString() };
    this.posts.push(post);
    this.save();
    return post;
  }

  /** take returns the requests to send now, in order, and marks them as sent. */
  take() {
    const due = this.posts.filter((p) => p.state === 'waiting');
    for (const p of due) {
      p.state = 'sent';
      p.used = true;
    }
    if (due.length) this.save();
    return due.map((p) => p.request);
  }

  /** disconnected marks what was sent and not acknowledged, to be sent again. */
  disconnected() {
    for (const p of this.posts) if (p.state === 'sent') p.state = 'waiting';
    this.save();
  }

  /** ended is called when the session can't be resumed: what was sent may be stored or not. */
  ended() {
    for (const p of this.posts) if (p.used && (p.state === 'sent' || p.state === 'waiting')) p.state = 'unknown';
    this.save();
  }

  /** settle removes a post that was acknowledged or is held for a review, and returns it. */
  settle(cid) {
    const post = this.posts.find((p) => p.cid === cid);
    if (post) this.drop(cid);
    return post;
  }

  /** fail records why a post was refused, and reports whether the cid was one of a post. */
  fail(cid, error) {
    const post = this.posts.find((p) => p.cid === cid);
    if (!post) return false;
    post.state = 'failed';
    post.error = { code: error.code, text: error.text, args: error.args };
    this.save();
    return true;
  }

  /** retry queues a failed post again. It gets a new cid: the server knows the old one. */
  retry(cid) {
    const post = this.posts.find((p) => p.cid === cid);
    if (!post) return;
    const fresh = this.newCID();
    Object.assign(post, { cid: fresh, request: { ...post.request, cid: fresh }, state: 'waiting', used: false, shown: false });
    delete post.error;
    this.save();
  }

  drop(cid) {
    this.posts = this.posts.filter((p) => p.cid !== cid);
    this.save();
  }

  /** renamed addresses the posts to a person by the name that they have now. */
  renamed(isTo, name) {
    for (const p of this.posts) if (p.request.to && isTo(p.request.to)) p.request = { ...p.request, to: name };
    this.save();
  }

  /** arrived hides the post that a message of this user is: its ack follows. */
  arrived(message) {
    const to = message.private ? message.to : undefined;
    const post = this.posts.find((p) => p.used && !p.shown && p.request.text === message.text
      && (message.private ? same(p.request.to, to) : p.request.room === message.room));
    if (post) post.shown = true;
  }

  /** of returns the posts of a room or, with to, to a person, that are to be shown. */
  of({ room, to }) {
    return this.posts.filter((p) => !(p.shown && p.state !== 'failed') && (to ? same(p.request.to, to) : p.request.room === room));
  }
}

function same(a, b) {
  return (a ?? '').toLowerCase() === (b ?? '').toLowerCase();
}
