import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_ITEMS, Room, compareIDs } from '../page/room.js';
import { Pace } from '../page/pace.js';
import { Chat, mentions } from '../page/state.js';

const message = (id, more = {}) => ({ type: 'message', room: '#lobby', epoch: 1, seq: Number(id), id: String(id), from: 'bob', text: `text ${id}`, time: '2026-11-29T12:00:00.000Z', ...more });
const texts = (room) => room.items.map((i) => i.text);

function lobby(history = [], more = {}) {
  const chat = new Chat();
  chat.apply({ type: 'joined', room: '#lobby', name: 'alice', others: 1, epoch: 1, seq: history.length, history, ...more });
  return { chat, room: chat.rooms.get('#lobby') };
}

test('IDs are compared as numbers', () => {
  assert.ok(compareIDs('9', '10') < 0);
  assert.ok(compareIDs('18446744073709551615', '18446744073709551614') > 0);
  assert.equal(compareIDs('7', '7'), 0);
});

test('messages are in order, whatever order they arrive in, and none is doubled', () => {
  const { chat, room } = lobby();
  for (const id of [10, 9, 11, 9, 100]) chat.apply(message(id));
  assert.deepEqual(texts(room), ['text 9', 'text 10', 'text 11', 'text 100']);
});

test('a resume adds what was missed and keeps the rest', () => {
  const { chat, room } = lobby([message(1), message(2)]);
  chat.apply({ type: 'joined', resumed: true, room: '#lobby', name: 'alice', epoch: 1, seq: 4, history: [message(2), message(3), message(4)] });
  assert.deepEqual(texts(room), ['text 1', 'text 2', 'text 3', 'text 4']);
  assert.equal(room.unread, 2);
});

test('a rollback takes back what was never saved', () => {
  const { chat, room } = lobby([message(1), message(2), message(3)]);
  chat.apply({ type: 'rollback', room: '#lobby', epoch: 1, keptTo: 1 });
  assert.deepEqual(texts(room), ['text 1']);
});

test('an edit and a deletion change the message in its place', () => {
  const { chat, room } = lobby([message(1), message(2)]);
  chat.apply({ type: 'event', what: 'edit', room: '#lobby', epoch: 1, seq: 3, id: '3', name: 'bob', edited: '1', text: 'new', time: '2026-11-29T12:01:00.000Z' });
  assert.equal(room.byID('1').text, 'new');
  chat.apply({ type: 'event', what: 'redact', room: '#lobby', epoch: 1, seq: 4, id: '4', redacted: '2', time: '2026-11-29T12:02:00.000Z' });
  assert.ok(room.byID('2').deleted);
  assert.equal(room.byID('2').text, '');
  chat.apply({ type: 'event', what: 'redact', room: '#lobby', epoch: 1, seq: 5, id: '5', args: { name: 'bob' }, time: '2026-11-29T12:03:00.000Z' });
  assert.ok(room.byID('1').deleted);
});

test('unread messages and mentions are counted, own ones not', () => {
  const { chat, room } = lobby();
  chat.apply(message(1));
  chat.apply(message(2, { text: 'hi Alice!' }));
  chat.apply(message(3, { from: 'alice' }));
  assert.deepEqual([room.unread, room.mentions], [2, 1]);
  assert.equal(room.firstUnread(chat.mine), '1');
  assert.deepEqual(chat.markRead(room), { epoch: 1, seq: 3 });
  assert.deepEqual([room.unread, room.mentions], [0, 0]);
  assert.equal(chat.markRead(room), undefined);
});

test('another device moves the read position, only forward', () => {
  const { chat, room } = lobby();
  for (const id of [1, 2, 3]) chat.apply(message(id));
  chat.apply({ type: 'event', what: 'read', room: '#lobby', epoch: 1, seq: 2 });
  assert.equal(room.unread, 1);
  chat.apply({ type: 'event', what: 'read', room: '#lobby', epoch: 1, seq: 1 });
  assert.equal(room.unread, 1);
});

test('the read position of an account counts what was said while it was away', () => {
  const { room } = lobby([message(1), message(2), message(3)], { read: { epoch: 1, seq: 1 } });
  assert.equal(room.unread, 2);
});

test('memory is bounded, and older messages can be loaded again', () => {
  const { chat, room } = lobby();
  for (let id = 1; id <= MAX_ITEMS + 50; id++) chat.apply(message(id));
  assert.equal(room.items.length, MAX_ITEMS);
  assert.equal(room.first.id, '51');
  assert.ok(room.older);
  const page = Array.from({ length: 50 }, (_, i) => chat.item(message(i + 1)));
  room.page(page, {}, 'before');
  assert.equal(room.items.length, MAX_ITEMS);
  assert.equal(room.first.id, '1');
  assert.ok(!room.older && room.detached);
  chat.apply(message(5000));
  assert.equal(room.byID('5000'), undefined, 'a live message was added after a hole');
});

test('a page around a message replaces what it does not touch', () => {
  const { chat, room } = lobby([message(100), message(101)]);
  const page = (ids, answer, how) => room.page(ids.map((id) => chat.item(message(id))), answer, how);
  page([10, 11, 12], { older: true, newer: true }, 'around');
  assert.deepEqual(room.items.map((i) => i.id), ['10', '11', '12']);
  assert.ok(room.older && room.detached);
  page([13, 100, 101], {}, 'after');
  assert.ok(!room.detached);
  assert.deepEqual(room.items.map((i) => i.id), ['10', '11', '12', '13', '100', '101']);
});

test('private messages are a conversation of their own', () => {
  const chat = new Chat();
  chat.me.name = 'alice';
  chat.apply({ type: 'message', private: true, from: 'Bob', text: 'hi', time: '2026-11-29T12:00:00.000Z' });
  chat.apply({ type: 'message', private: true, to: 'bob', text: 'hello', time: '2026-11-29T12:00:01.000Z' });
  const room = chat.person('BOB');
  assert.deepEqual(room.items.map((i) => [i.own, i.text]), [[false, 'hi'], [true, 'hello']]);
  assert.equal(room.unread, 1);
});

test('a private conversation follows a change of the name', () => {
  const { chat, room } = lobby();
  const nick = (name, newName, id) => chat.apply({ type: 'event', what: 'nick', room: '#lobby', epoch: 1, seq: id, id: String(id), name, newName, time: '2026-11-29T12:00:00.000Z' });
  const said = (from, text) => chat.apply({ type: 'message', private: true, from, text, time: '2026-11-29T12:00:00.000Z' }).room;
  const people = () => chat.sorted().filter((r) => r.person).map((r) => r.name);
  const bob = said('bob', 'hi');
  assert.deepEqual(nick('Bob', 'Robert', 1).renamed, { conversation: bob, from: '@bob' });
  assert.equal(said('robert', 'it is me'), bob);
  assert.deepEqual(people(), ['Robert']);
  assert.deepEqual(texts(bob), ['hi', undefined, 'it is me']);
  assert.equal(bob.items[1].event.newName, 'Robert', 'the change is told there');
  assert.equal(nick('bob', 'robert', 2).renamed, undefined, 'in another room, too');
  assert.equal(room.items.length, 2);

  const spelt = nick('Robert', 'ROBERT', 3);
  assert.deepEqual([spelt.renamed.from, bob.key, bob.name], ['@robert', '@robert', 'ROBERT']);

  const eve = said('eve', 'I am somebody else');
  nick('eve', 'anna', 4);
  said('eve', 'another guest');
  assert.equal(nick('robert', 'eve', 5).renamed, undefined, 'what two people have said is not mixed');
  assert.equal(chat.person('anna'), eve);
  assert.deepEqual(people(), ['anna', 'eve', 'ROBERT']);
});

test('a room that is entered has a topic and a number of members', () => {
  const { chat } = lobby();
  const joined = (more) => chat.apply({ type: 'joined', room: '#tea', name: 'alice', others: 4, epoch: 1, seq: 1, history: [], ...more }).room;
  const room = joined({ topic: 'Assam', role: 'operator' });
  chat.apply({ type: 'event', what: 'join', room: '#tea', name: 'alice', epoch: 1, seq: 2, id: '2', time: '2026-11-29T12:00:00.000Z' });
  assert.equal(room.topic, 'Assam');
  assert.equal(room.members.length + room.others, 5);
  assert.equal(joined({ resumed: true }).topic, '', 'it was removed meanwhile');
});

test('members come, go and change their names', () => {
  const { chat, room } = lobby();
  chat.apply({ type: 'members', room: '#lobby', list: [{ name: 'alice' }] });
  const event = (what, id, more) => chat.apply({ type: 'event', what, room: '#lobby', epoch: 1, seq: id, id: String(id), time: '2026-11-29T12:00:00.000Z', ...more });
  event('join', 1, { name: 'bob' });
  event('nick', 2, { name: 'alice', newName: 'eve' });
  assert.deepEqual(room.members.map((m) => m.name), ['eve', 'bob']);
  assert.equal(chat.me.name, 'eve');
  event('leave', 3, { name: 'bob' });
  assert.deepEqual(room.members.map((m) => m.name), ['eve']);
});

test('members are away and come back, which is no line of the log', () => {
  const { chat, room } = lobby();
  const lines = room.items.length;
  chat.apply({ type: 'members', room: '#lobby', list: [{ name: 'alice' }, { name: 'bob', role: 'voiced', idle: 600 }] });
  const event = (what, seq, more) => chat.apply({ type: 'event', what, room: '#lobby', epoch: 1, seq, id: String(seq), time: '2026-11-29T12:00:00.000Z', ...more });
  event('away', 8, { name: 'bob', why: 'tea' });
  assert.deepEqual(room.members[1], { name: 'bob', role: 'voiced', idle: 600, away: true, why: 'tea' });
  event('back', 9, { name: 'bob' });
  assert.ok(!room.members[1].away && !room.members[1].why);
  chat.apply({ type: 'notice', code: 'you-are-away', text: '', args: { why: 'lunch' } });
  assert.deepEqual(room.members[0], { name: 'alice', away: true, why: 'lunch' });
  chat.apply({ type: 'notice', code: 'you-are-back', text: '' });
  assert.ok(!room.members[0].away);
  assert.equal(room.items.length, lines);
  event('join', 10, { name: 'carol', role: 'operator' });
  assert.equal(room.members[2].role, 'operator');
  chat.apply({ type: 'message', room: '#lobby', from: 'bob', text: 'hi', epoch: 1, seq: 11, id: '11', time: '2026-11-29T12:00:01.000Z' });
  assert.ok(!room.members[1].idle);
});

test('a name is mentioned as a word only', () => {
  assert.ok(mentions('hello Bob.', 'bob'));
  assert.ok(mentions('bob', 'bob'));
  assert.ok(!mentions('bobby', 'bob'));
  assert.ok(!mentions('kabob', 'bob'));
  assert.ok(!mentions('hello', ''));
});

test('operators may moderate their room', () => {
  const { chat, room } = lobby();
  assert.ok(!chat.mayModerate(room));
  chat.apply({ type: 'members', room: '#lobby', list: [{ name: 'alice', role: 'operator' }, { name: 'bob', role: 'voiced' }] });
  assert.ok(chat.mayModerate(room));
  const notice = (code, name) => chat.apply({ type: 'event', what: 'notice', room: '#lobby', code, text: '', args: { name, room: '#lobby' } });
  assert.ok(notice('deop', 'alice').roles, 'the members are to be listed again');
  assert.ok(!chat.mayModerate(room));
  notice('op', 'bob');
  assert.ok(!chat.mayModerate(room));
  notice('op', 'alice');
  assert.ok(chat.mayModerate(room));
  chat.apply({ type: 'joined', room: '#lobby', name: 'alice', role: 'owner', others: 0, epoch: 1, seq: 9, history: [] });
  assert.ok(chat.mayModerate(room));
  chat.apply({ type: 'joined', room: '#lobby', name: 'alice', others: 0, epoch: 1, seq: 9, history: [] });
  assert.ok(!chat.mayModerate(room), 'a room of that name that was made anew');
  assert.ok(!new Chat().mayModerate(new Room('x', { person: true })));
});

test('what the page asks for by itself is paced', () => {
  let now = 0;
  const pace = new Pace(() => now);
  let sent = 0;
  for (; now < 60_000; now += 50) if (pace.take()) sent++;
  assert.ok(sent > 80 && sent <= 20 + 60_000 / 500, `${sent} in a minute`);
  assert.ok(pace.take(1, true), 'the user never waits');
});
