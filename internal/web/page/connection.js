// The connection to the server: logs in, resumes the session when it is lost, and sends
// messages again that were not acknowledged (docs/protocol.md).
import { Outbox } from './outbox.js';

/** Codes of a resume that can't be repeated: the user has to log in. */
const sessionOver = new Set(['resume-unknown', 'resume-reused', 'resume-plain']);
/** Codes of what goes wrong in a resume that goes on. */
const partial = new Set(['not-back-in', 'history-unreadable']);
/** Codes of a login or resume that can be repeated. */
const transient = new Set(['name-taken', 'resume-not-saved', 'too-much-work', 'too-many-logins', 'too-many-tries']);
/** Codes of a goodbye after which the client does not come back by itself. */
const final = new Set(['kicked', 'kicked-by-server', 'banned', 'you-are-banned', 'replaced', 'removed', 'removed-not-saved', 'dropped']);

const IDLE = 30_000; // after so much silence, a ping
const ANSWER = 15_000; // for its answer, and for a login
const LOGIN = 'login'; // the cid of login, register and resume

/** backoff returns the milliseconds until the attempt of that number, from 0. */
export function backoff(attempt, retryAfter, random) {
  const most = Math.min(30_000, 1000 * 2 ** Math.min(attempt, 5));
  return Math.max(Math.round(most * (0.5 + random / 2)), Math.min(retryAfter ?? 0, 600) * 1000);
}

/**
 * A Connection calls events.status(state) when its state changes, events.received(object) for
 * each object, events.refused(error) if a login fails, and events.ended(bye) when the server
 * has ended the session. Its state is offline, connecting, online or waiting; retryAt is when
 * the next attempt begins.
 */
export class Connection {
  constructor({ url, storage, events, open = (u) => new WebSocket(u, 'chat.v1'), random = Math.random, now = Date.now }) {
    Object.assign(this, { url, storage, events, open, random, now });
    this.state = 'offline';
    this.attempt = 0;
    this.places = new Map(); // the last event of each room
    this.handlers = new Map(); // by cid
    this.count = 0;
    this.prefix = Array.from(crypto.getRandomValues(new Uint8Array(8)), (b) => b.toString(36)).join('');
    this.outbox = new Outbox(storage, () => this.newCID());
    this.token = storage.get('token', '');
    this.numbered = storage.get('numbered', 0); // the last private message of the session
  }

  newCID() {
    return `${this.prefix}-${++this.count}`;
  }

  canResume() {
    return this.token !== '';
  }

  /** logIn takes a request of type login or register, and connects. */
  logIn(credentials) {
    this.setToken('');
    this.credentials = credentials;
    this.places.clear();
    this.connect();
  }

  /** changePassword records the password for a login after the session has ended. */
  changePassword(password) {
    if (this.credentials?.password) this.credentials = { ...this.credentials, password };
  }

  /** resume connects with the token of the session. */
  resume() {
    this.connect();
  }

  connect() {
    this.hangUp();
    this.setState('connecting');
    this.moved = false;
    this.loggedIn = false;
    const socket = this.open(this.url);
    this.socket = socket;
    const mine = (f) => (e) => { if (this.socket === socket) f(e); };
    socket.onopen = mine(() => this.opened());
    socket.onmessage = mine((e) => this.read(e.data));
    socket.onclose = mine(() => this.lost());
    this.expectWithin(ANSWER);
  }

  opened() {
    this.transmit({ type: 'hello', v: 1, client: 'web 1' });
    this.introduce();
  }

  introduce() {
    this.resuming = this.token !== '';
    if (this.resuming) {
      this.transmit({ type: 'resume', cid: LOGIN, token: this.token, rooms: Object.fromEntries(this.places), private: this.numbered });
    } else if (this.credentials) {
      this.setNumbered(0);
      this.transmit({ ...this.credentials, cid: LOGIN });
    } else {
      this.stop();
      this.events.refused({ code: 'resume-unknown' });
    }
  }

  /** expectWithin closes the connection if nothing arrives in time. */
  expectWithin(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.lost(), wait);
  }

  heard() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.check(), IDLE);
  }

  /** check asks the server for a sign of life, or connects at once if there is no connection. */
  check() {
    if (this.state === 'online') {
      this.transmit({ type: 'ping' });
      this.expectWithin(ANSWER);
    } else if (this.state === 'waiting') {
      this.connect();
    }
  }

  transmit(object) {
    if (this.socket?.readyState === 1) this.socket.send(JSON.stringify(object));
  }

  read(data) {
    let object;
    try {
      object = JSON.parse(data);
    } catch {
      return;
    }
    if (this.loggedIn) this.heard(); else this.expectWithin(ANSWER);
    this.take(object);
  }

  take(object) {
    switch (object.type) {
      case 'pong': return;
      case 'session':
        this.setToken(object.token);
        if (this.resuming && !this.loggedIn) this.online();
        return;
      case 'bye': this.bye(object); return;
      case 'error':
        if (object.cid === LOGIN && !partial.has(object.code)) {
          this.refused(object);
          return;
        }
        if (this.outbox.fail(object.cid, object)) {
          this.events.outbox();
          return;
        }
        break;
      case 'ack': this.outbox.settle(object.cid); break;
      case 'held': object.said = this.outbox.settle(object.cid)?.request.text; break;
      case 'notice':
        this.moved ||= object.code === 'resumed-elsewhere';
        break;
      default: this.note(object);
    }
    const handler = this.handlers.get(object.cid);
    if (handler) {
      if (handler(object) !== 'more') this.handlers.delete(object.cid);
    } else {
      this.events.received(object);
    }
    if (object.type === 'joined' && object.cid === LOGIN && !this.resuming && !this.loggedIn) this.online();
  }

  /** note records the place of a room's last event, and the number of a private message. */
  note(o) {
    if (o.private && o.number) this.setNumbered(o.number);
    if (o.room && o.seq !== undefined && (o.type === 'joined' || o.type === 'message' || o.type === 'event')) {
      if (o.what !== 'read') this.places.set(o.room, { epoch: o.epoch ?? 0, seq: o.seq });
    }
  }

  forget(room) {
    this.places.delete(room);
  }

  online() {
    this.loggedIn = true;
    this.attempt = 0;
    if (!this.resuming) this.outbox.ended();
    else this.outbox.disconnected();
    if (this.credentials?.type === 'register') this.credentials = { ...this.credentials, type: 'login' };
    this.setState('online');
    this.heard();
    this.flush();
  }

  refused(error) {
    if (this.resuming && sessionOver.has(error.code)) {
      this.setToken('');
      this.places.clear();
      if (this.credentials) {
        this.introduce();
        return;
      }
    } else if (this.resuming && transient.has(error.code)) {
      this.lost();
      return;
    }
    this.stop();
    this.events.refused(error);
  }

  bye(object) {
    this.events.said(object);
    if (this.moved) {
      this.over({ code: 'resumed-elsewhere', text: '' });
    } else if (final.has(object.code) || (object.code === 'goodbye' && !object.retryAfter)) {
      this.over(object);
    } else {
      this.retryAfter = object.retryAfter;
      this.lost();
    }
  }

  /** over is called when the session has ended, or belongs to another connection. */
  over(why) {
    this.stop();
    this.setToken('');
    this.events.ended(why);
  }

  /** lost waits and connects again. */
  lost() {
    this.hangUp();
    if (this.state === 'offline') return;
    if (this.moved) {
      this.over({ code: 'resumed-elsewhere', text: '' });
      return;
    }
    const wait = backoff(this.attempt++, this.retryAfter, this.random());
    this.retryAfter = undefined;
    this.retryAt = this.now() + wait;
    this.outbox.disconnected();
    this.handlers.clear();
    this.timer = setTimeout(() => this.connect(), wait);
    this.setState('waiting');
  }

  hangUp() {
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = undefined;
    socket?.close();
  }

  /** stop disconnects for good. */
  stop() {
    this.hangUp();
    this.setState('offline');
  }

  /** quit ends the session. */
  quit() {
    this.transmit({ type: 'quit' });
    this.setToken('');
    this.credentials = undefined;
    this.stop();
  }

  setState(state) {
    this.state = state;
    this.events.status(state);
  }

  setNumbered(n) {
    this.numbered = n;
    this.storage.set('numbered', n);
  }

  setToken(token) {
    this.token = token;
    if (token) this.storage.set('token', token);
    else this.storage.remove('token');
  }

  /** request sends a request, unless offline. handler gets the answers; it returns 'more' while it expects another. */
  request(object, handler) {
    if (this.state !== 'online') return undefined;
    const cid = this.newCID();
    if (handler) {
      this.handlers.set(cid, handler);
      if (this.handlers.size > 100) this.handlers.delete(this.handlers.keys().next().value);
    }
    this.transmit({ ...object, cid });
    return cid;
  }

  /** post queues a message; it is sent now or when the connection is back. */
  post(request) {
    const post = this.outbox.add({ type: 'post', ...request });
    this.flush();
    return post;
  }

  flush() {
    if (this.state !== 'online') return;
    for (const request of this.outbox.take()) this.transmit(request);
  }
}
