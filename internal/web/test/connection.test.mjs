import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Connection, backoff } from '../page/connection.js';
import { MAX_WAITING, Outbox } from '../page/outbox.js';

function memory() {
  const all = new Map();
  return {
    get: (k, fallback) => (all.has(k) ? JSON.parse(all.get(k)) : fallback),
    set: (k, v) => all.set(k, JSON.stringify(v)),
    remove: (k) => all.delete(k),
  };
}

/** A world has a connection whose sockets are played by the test. */
function world(t, storage = memory()) {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const w = { sockets: [], states: [], received: [], refused: [], ended: [], storage };
  w.open = () => {
    const socket = { readyState: 1, sent: [], send: (s) => socket.sent.push(JSON.parse(s)), close: () => { socket.readyState = 3; } };
    w.sockets.push(socket);
    return socket;
  };
  w.connection = new Connection({
    url: 'ws://test/ws', storage, open: w.open, random: () => 1, now: () => 0,
    events: { status: (s) => w.states.push(s), received: (o) => w.received.push(o), refused: (e) => w.refused.push(e), ended: (b) => w.ended.push(b), said() {}, outbox() {} },
  });
  w.socket = () => w.sockets.at(-1);
  w.says = (...objects) => objects.forEach((o) => w.socket().onmessage({ data: JSON.stringify(o) }));
  w.types = () => w.socket().sent.map((o) => o.type);
  w.logsIn = () => {
    w.connection.logIn({ type: 'login', name: 'alice' });
    w.socket().onopen();
    w.says({ type: 'welcome', v: 1 }, { type: 'joined', cid: 'login', room: '#lobby', name: 'alice', epoch: 1, seq: 5, history: [] }, { type: 'session', token: 'T1', for: 900 });
  };
  return w;
}

test('a login says hello and takes the token', (t) => {
  const w = world(t);
  w.logsIn();
  assert.deepEqual(w.types(), ['hello', 'login']);
  assert.equal(w.connection.state, 'online');
  assert.equal(w.storage.get('token'), 'T1');
});

test('a lost connection resumes from the last place, and sends again what was not acknowledged', (t) => {
  const w = world(t);
  w.logsIn();
  w.says({ type: 'message', room: '#lobby', epoch: 1, seq: 9, id: '9', from: 'bob', text: 'x' });
  const { cid } = w.connection.post({ room: '#lobby', text: 'one' });
  w.connection.post({ room: '#lobby', text: 'two' });
  w.says({ type: 'ack', cid, room: '#lobby', epoch: 1, seq: 10, id: '10', stored: true });
  w.socket().onclose({});
  assert.equal(w.connection.state, 'waiting');
  w.connection.post({ room: '#lobby', text: 'three' });
  mock.timers.tick(1000);
  w.socket().onopen();
  const [, resume] = w.socket().sent;
  assert.deepEqual([resume.type, resume.token, resume.rooms], ['resume', 'T1', { '#lobby': { epoch: 1, seq: 9 } }]);
  w.says({ type: 'joined', resumed: true, room: '#lobby', name: 'alice', epoch: 1, seq: 11, history: [] });
  assert.deepEqual(w.types(), ['hello', 'resume'], 'nothing is sent before the session');
  w.says({ type: 'session', token: 'T2', for: 900 });
  assert.deepEqual(w.socket().sent.slice(2).map((p) => p.text), ['two', 'three']);
  assert.equal(w.storage.get('token'), 'T2');
});

test('a resume tells the last private message that was received, also after a reload', (t) => {
  const w = world(t);
  w.logsIn();
  w.says({ type: 'message', private: true, number: 3, from: 'bob', text: 'psst' });
  w.says({ type: 'message', private: true, to: 'bob', text: 'yes?' });
  const again = world(t, w.storage);
  again.connection.resume();
  again.socket().onopen();
  assert.equal(again.socket().sent[1].private, 3);
  again.says({ type: 'error', cid: 'login', code: 'resume-unknown', text: '' });
  again.logsIn();
  again.socket().onclose({});
  mock.timers.tick(2000);
  again.socket().onopen();
  assert.equal(again.socket().sent[1].private, 0);
});

test('a reload resumes, and sends again with the same cid', (t) => {
  const w = world(t);
  w.logsIn();
  const { cid } = w.connection.post({ room: '#lobby', text: 'one' });
  const again = world(t, w.storage);
  assert.ok(again.connection.canResume());
  again.connection.resume();
  again.socket().onopen();
  again.says({ type: 'session', token: 'T2', for: 900 });
  assert.deepEqual(again.socket().sent.slice(2).map((p) => p.cid), [cid]);
});

test('without the session, the user decides about messages that may have arrived', (t) => {
  const w = world(t);
  w.logsIn();
  w.connection.post({ room: '#lobby', text: 'one' });
  w.socket().onclose({});
  mock.timers.tick(1000);
  w.socket().onopen();
  w.says({ type: 'error', cid: 'login', code: 'resume-unknown', text: '' });
  assert.deepEqual(w.types(), ['hello', 'resume', 'login']);
  w.says({ type: 'joined', cid: 'login', room: '#lobby', name: 'alice', epoch: 2, seq: 1, history: [] });
  assert.equal(w.connection.state, 'online');
  assert.deepEqual(w.connection.outbox.posts.map((p) => p.state), ['unknown']);
  assert.ok(!w.types().includes('post'));
});

test('a refused login is for the user, a goodbye ends the session', (t) => {
  const w = world(t);
  w.connection.logIn({ type: 'login', name: 'alice' });
  w.socket().onopen();
  w.says({ type: 'error', cid: 'login', code: 'name-taken', text: 'that name is taken' });
  assert.equal(w.refused[0].code, 'name-taken');
  assert.equal(w.connection.state, 'offline');
  w.logsIn();
  w.says({ type: 'bye', code: 'kicked', text: '' });
  assert.equal(w.ended[0].code, 'kicked');
  assert.ok(!w.connection.canResume());
});

test('a server that stops names the time to come back', (t) => {
  const w = world(t);
  w.logsIn();
  w.says({ type: 'bye', code: 'server-shutdown', retryAfter: 20, text: '' });
  assert.equal(w.connection.state, 'waiting');
  assert.equal(w.connection.retryAt, 20_000);
});

test('a session that goes on elsewhere is left alone', (t) => {
  const w = world(t);
  w.logsIn();
  w.says({ type: 'notice', code: 'resumed-elsewhere', text: '' });
  w.socket().onclose({});
  assert.equal(w.ended[0].code, 'resumed-elsewhere');
  assert.equal(w.connection.state, 'offline');
  assert.ok(!w.connection.canResume());
});

test('a silent server is asked, and left if it does not answer', (t) => {
  const w = world(t);
  w.logsIn();
  mock.timers.tick(30_000);
  assert.equal(w.types().at(-1), 'ping');
  mock.timers.tick(15_000);
  assert.equal(w.connection.state, 'waiting');
});

test('an answer goes to the request that it belongs to', (t) => {
  const w = world(t);
  w.logsIn();
  const got = [];
  const cid = w.connection.request({ type: 'who', room: '#lobby' }, (o) => { got.push(o.type); });
  w.says({ type: 'members', cid, room: '#lobby', list: [] });
  assert.deepEqual(got, ['members']);
  w.socket().onclose({});
  assert.equal(w.connection.request({ type: 'who' }), undefined);
});

test('a refused message stays, and is sent again with a new cid', () => {
  let n = 0;
  const box = new Outbox(memory(), () => `c${++n}`);
  box.add({ type: 'post', room: '#a', text: 'x' });
  box.take();
  assert.ok(box.fail('c1', { code: 'too-fast', text: 'too fast' }));
  assert.deepEqual(box.take(), []);
  box.retry('c1');
  assert.deepEqual(box.take().map((r) => r.cid), ['c2']);
});

test('a message that has arrived is not shown twice', () => {
  let n = 0;
  const box = new Outbox(memory(), () => `c${++n}`);
  box.add({ type: 'post', room: '#a', text: 'x' });
  box.add({ type: 'post', room: '#a', text: 'x' });
  box.take();
  box.arrived({ room: '#a', text: 'x' });
  assert.deepEqual(box.of({ room: '#a' }).map((p) => p.cid), ['c2']);
  box.settle('c1');
  assert.deepEqual(box.posts.map((p) => p.cid), ['c2']);
});

test('a message that waits for a review waits here no more', (t) => {
  const w = world(t);
  w.logsIn();
  const { cid } = w.connection.post({ room: '#lobby', text: 'one' });
  w.says({ type: 'held', cid, room: '#lobby', code: 'waits-for-review', text: '' });
  assert.deepEqual(w.connection.outbox.posts, []);
  assert.deepEqual([w.received.at(-1).type, w.received.at(-1).said], ['held', 'one']);
});

test('only so many messages wait', () => {
  const box = new Outbox(memory(), () => 'c');
  for (let i = 0; i < MAX_WAITING; i++) assert.ok(box.add({ text: '' }));
  assert.equal(box.add({ text: '' }), undefined);
});

test('attempts back off, but not for ever', () => {
  assert.equal(backoff(0, undefined, 1), 1000);
  assert.equal(backoff(3, undefined, 0), 4000);
  assert.equal(backoff(50, undefined, 1), 30_000);
  assert.equal(backoff(0, 60, 0), 60_000);
  assert.equal(backoff(0, 1e9, 0), 600_000);
});

test('unsent private messages go to the name that the person has now', () => {
  const saved = new Map();
  const outbox = new Outbox({ get: (k, otherwise) => saved.get(k) ?? otherwise, set: (k, v) => saved.set(k, v) }, () => 'cid');
  for (const request of [{ to: 'Bob', text: 'one' }, { to: 'eve', text: 'two' }, { room: '#bob', text: 'three' }]) outbox.add(request);
  outbox.renamed((to) => to.toLowerCase() === 'bob', 'robert');
  assert.deepEqual(outbox.of({ to: 'ROBERT' }).map((p) => p.request.text), ['one']);
  assert.deepEqual(saved.get('outbox').map((p) => p.request.to), ['robert', 'eve', undefined]);
});
