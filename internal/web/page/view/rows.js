// One line of the log: a message, an event, an answer, or what divides them.
import { el, icon, button } from '../dom.js';
import { day, time, fullTime, colour, initial } from '../format.js';
import { eventText, serverText, t } from '../texts.js';
import { answer } from './answers.js';
import { richText, richLine } from './richtext.js';

export function dayRow(item) {
  return el('div', { class: 'row day' }, el('span', {}, day(item.time)));
}

export function newRow() {
  return el('div', { class: 'row new-line' }, el('span', {}, t('newMessages')));
}

/** itemRow makes the element of an item. follows is set if the one before is of the same author. */
export function itemRow(item, follows, room, app) {
  switch (item.kind) {
    case 'message': return messageRow(item, follows, room, app);
    case 'event': return el('div', { class: `row system ${item.event.what}`, tabindex: '-1' }, el('span', { class: 'sign', 'aria-hidden': 'true' }, '–'), el('span', { class: 'system-text' }, eventText(item.event)), stamp(item));
    default: return answerRow(item, app);
  }
}

/** Types of answers that may be long: they scroll, for which the keyboard needs a focus. */
const long = new Set(['commands', 'rooms', 'members', 'connections', 'settings', 'roomSettings', 'roomMembers', 'sanctions', 'flags', 'history', 'results', 'stats']);

function answerRow(item, app) {
  const { type } = item.object;
  const refused = type === 'error';
  const label = t(refused ? 'refusal' : 'onlyYou');
  const scrolls = long.has(type) ? { tabindex: '0', role: 'group', 'aria-label': label } : {};
  return el('div', { class: `row answer ${type}`, tabindex: '-1' },
    el('div', { class: 'answer-head' }, el('span', { class: 'sign', 'aria-hidden': 'true' }, refused ? '!' : 'i'), el('span', {}, label)),
    el('div', { class: 'answer-body', ...scrolls }, answer(item.object, app)), stamp(item));
}

function messageRow(item, follows, room, app) {
  const classes = ['row', 'message', item.own && 'own', item.action && 'action', item.private && 'private', item.mention && 'mention', item.deleted && 'deleted', follows && 'follows'].filter(Boolean);
  const name = item.from;
  const author = el('span', { class: `author c${colour(name)}` }, name);
  const labels = [
    item.own && el('span', { class: 'label' }, t('you')),
    item.private && el('span', { class: 'label' }, icon('lock'), t(item.mailed ? 'privateStored' : 'privateLabel')),
    item.mention && el('span', { class: 'label strong' }, t('mentionsYou')),
  ];
  const body = el('div', { class: 'body' }, quoted(item, room, app), item.deleted ? el('p', { class: 'gone' }, t('deletedMessage'))
    : item.action ? el('p', {}, el('span', { class: 'star', 'aria-hidden': 'true' }, '✱ '), el('span', { class: 'sr' }, t('actionOf')), el('span', { class: `author c${colour(name)}` }, name), ' ', richLine(item.text)) : richText(item.text),
  item.edited && !item.deleted && el('span', { class: 'edited', title: fullTime(item.edited) }, t('edited')));
  return el('article', { class: classes.join(' '), tabindex: '-1', dataset: { key: item.key } },
    el('span', { class: `badge c${colour(name)}`, 'aria-hidden': 'true' }, initial(name)),
    el('div', { class: 'head' }, !item.action && author, labels), body, stamp(item));
}

function stamp(item) {
  return el('time', { datetime: item.time }, time(item.time));
}

function quoted(item, room, app) {
  if (!item.replyTo || item.deleted) return undefined;
  const of = room.byID(item.replyTo);
  return el('button', { type: 'button', class: 'quoted', on: { click: () => app.jump(room, item.replyTo) } }, icon('reply'),
    of ? [el('span', { class: 'sr' }, t('replyTo')), el('strong', {}, of.from), ' ', el('span', {}, of.deleted ? t('deletedMessage') : of.text.slice(0, 200))] : t('replyToOlder'));
}

/** pendingRow shows a message that is not acknowledged yet. */
export function pendingRow(post, room, app) {
  const failed = post.state === 'failed' || post.state === 'unknown';
  const state = { waiting: t('queued'), sent: t('sending'), failed: post.error && serverText(post.error), unknown: t('unknownOutcome') }[post.state];
  return el('article', { class: `row message own pending${failed ? ' failed' : ''}`, tabindex: '-1' },
    el('span', { class: `badge c${colour(app.chat.me.name)}`, 'aria-hidden': 'true' }, initial(app.chat.me.name || '?')),
    el('div', { class: 'head' }, el('span', { class: `author c${colour(app.chat.me.name)}` }, app.chat.me.name), el('span', { class: 'label' }, t('you'))),
    el('div', { class: 'body' }, richText(post.request.text),
      el('p', { class: 'state' }, state, failed && [' ', button(t('tryAgain'), () => app.retryPost(post), { class: 'link' }), ' ', button(t('discard'), () => app.discardPost(post), { class: 'link' })])),
    stamp(post));
}
