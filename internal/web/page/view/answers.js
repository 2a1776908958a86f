// Shows the answers to commands, each type in its own way.
import { el } from '../dom.js';
import { agoTime, dateTime, duration } from '../format.js';
import { commandHelp, serverText, settingValue, t } from '../texts.js';
import { richLine } from './richtext.js';

/** answer returns the elements of an answer. */
export function answer(o, app) {
  return (Object.hasOwn(shown, o.type) ? shown[o.type] : other)(o, app);
}

const words = (o) => el('p', { class: 'prewrap' }, serverText(o));
const room = (name, app) => el('button', { type: 'button', class: 'link', on: { click: () => app.join(name) } }, name);
const person = (name, app) => {
  const b = el('button', { type: 'button', class: 'link', 'aria-haspopup': 'menu', on: { click: () => app.personMenu(b, name) } }, name);
  return b;
};
const commas = (list) => list.flatMap((x, i) => (i ? [', ', x] : [x]));

const shown = {
  notice: words,
  error: words,
  held: (o) => [words(o), o.said && el('p', { class: 'prewrap' }, o.said)],
  usage: (o) => usage(o),
  commands: (o) => [el('dl', {}, o.list.map((c) => [el('dt', {}, `/${c.name}${c.args ? ` ${c.args}` : ''}`), el('dd', {}, commandHelp(c))])), o.topics && el('p', {}, t('helpTopics', { topics: o.topics.join(', ') })), more(o.more)],
  rooms: (o, app) => list(o.list.map((r) => [room(r.name, app), ` ${t('peopleCount', { n: r.people ?? 0 })}`, flags(r), r.topic && [' — ', r.topic]])),
  topic: (o) => el('p', {}, o.text ? t('topicIs', { room: o.room, topic: o.text }) : t('noTopic', { room: o.room })),
  members: (o, app) => el('p', {}, t('membersOf', { room: o.room, n: o.people ?? o.list.length }), ' ',
    commas(o.list.map((m) => [person(m.name, app), m.away && ` (${m.why ? t('awayWhy', { why: m.why }) : t('away')})`])), o.others && ` ${t('andMore', { n: o.others })}`),
  connections: (o) => table([t('number'), t('name'), t('role'), t('from'), t('idleFor')], o.list.map(connection)),
  whois: (o) => [facts([
    [t('name'), o.name], [t('role'), t(`role.${o.role || 'guest'}`)], [t('connections'), o.here], [t('lastSeen'), o.seen && agoTime(o.seen)],
    [t('idleFor'), o.idle && duration(o.idle)], [t('away'), o.away && (o.why || t('yes'))]]),
  o.connections?.length > 0 && shown.connections({ list: o.connections })],
  whoami: (o, app) => facts([[t('name'), o.name], [t('role'), t(`role.${o.role || 'guest'}`)], [t('rooms'), o.rooms && commas(o.rooms.map((r) => room(r, app)))], [t('from'), o.from]]),
  ignored: (o, app) => el('p', {}, o.names.length ? [t('youIgnore'), ' ', commas(o.names.map((n) => person(n, app)))] : t('ignoreNobody')),
  settings: (o) => table([t('setting'), t('value'), t('meaning')], o.list.map(setting)),
  roomSettings: (o) => [el('p', {}, t('settingsOf', { room: o.room })), table([t('setting'), t('value'), t('meaning')], o.list.map(setting))],
  roomMembers: (o) => facts([[t('role.owner'), o.owner?.join(', ')], [t('role.operator'), o.operators?.join(', ')], [t('members'), o.members?.join(', ')], [t('role.voiced'), o.voiced?.join(', ')]], t('noRoles')),
  sanctions: (o) => [o.list.length ? table([t('kind'), t('target'), t('room'), t('until'), t('by'), t('reason')],
    o.list.map((s) => [t(`kind.${s.kind}`, {}, s.kind), s.target || s.net, s.room, s.until ? dateTime(s.until) : t('permanent'), s.by, s.reason])) : el('p', {}, t('noSanctions')), more(o.more)],
  flags: (o, app) => [o.list.length ? list(o.list.map((f) => [messageLine(f.event), ` (${f.why}) `,
    el('button', { type: 'button', on: { click: () => app.command(`/flags approve ${f.id}`) } }, t('approve')), ' ',
    el('button', { type: 'button', on: { click: () => app.command(`/flags remove ${f.id}`) } }, t('remove'))])) : el('p', {}, t('noFlags')), more(o.more)],
  history: (o, app) => o.events.length ? list(o.events.map((m) => found(m, app))) : el('p', {}, t('nothingFound')),
  results: (o, app) => o.events.length ? list(o.events.map((m) => found(m, app))) : el('p', {}, t('nothingFound')),
  completions: (o) => el('p', {}, o.words.join(' ')),
  stats: (o) => facts([[t('names'), o.names], [t('connections'), o.connections], [t('rooms'), o.rooms], [t('accounts'), o.accounts], [t('sanctions'), o.sanctions], [t('flags'), o.flags],
    [t('upFor'), o.server?.up && duration(o.server.up)], [t('openConnections'), o.server?.open], [t('accepted'), o.server?.accepted], [t('refusedConnections'), o.server?.refused], [t('slowConnections'), o.server?.slow], [t('events'), o.server?.events]]),
};

function other(o) {
  return facts(Object.entries(o).filter(([k]) => k !== 'type' && k !== 'cid').map(([k, v]) => [k, typeof v === 'object' ? JSON.stringify(v) : String(v)]));
}

function usage(c) {
  return el('p', {}, el('code', {}, `/${c.name}${c.args ? ` ${c.args}` : ''}`), ' ', commandHelp(c), c.aliases?.length > 0 && ` (${c.aliases.map((a) => `/${a}`).join(', ')})`);
}

/** found shows a message that a search has found; it leads to its place. */
export function found(m, app) {
  return el('button', { type: 'button', class: 'found-line', on: { click: () => app.jump(app.chat.room(m.room), m.id) } }, messageLine(m));
}

function messageLine(m) {
  return el('span', {}, el('small', {}, `${m.room ?? ''} ${dateTime(m.time)} `), el('strong', {}, m.from), ' ', el('span', {}, richLine(m.text.slice(0, 300)).map((n) => n.textContent)));
}

function setting(s) {
  return [s.name, settingValue(s.name, s.value), s.values && serverText(s.values)];
}

function flags(r) {
  const all = [r.membersOnly && t('membersOnly'), r.keyed && t('needsKey'), r.moderated && t('moderated'), r.slow && t('slowMode', { time: duration(r.slow) })].filter(Boolean);
  return all.length > 0 && ` (${all.join(', ')})`;
}

function connection(c) {
  return [c.id, c.name, t(`role.${c.role || 'guest'}`, {}, c.role), c.from ?? t('thisMachine'), duration(c.idle ?? 0)];
}

function more(n) {
  return n && el('p', {}, t('moreCommand', { n }));
}

function list(rows) {
  return el('ul', {}, rows.map((r) => el('li', {}, r)));
}

function facts(rows, none) {
  const some = rows.filter(([, v]) => v !== undefined && v !== null && v !== false && v !== '' && v !== 0);
  return some.length || !none ? el('dl', { class: 'facts' }, some.map(([k, v]) => [el('dt', {}, k), el('dd', {}, typeof v === 'number' ? String(v) : v)])) : el('p', {}, none);
}

function table(heads, rows) {
  return el('div', { class: 'table', tabindex: '0' }, el('table', {}, el('thead', {}, el('tr', {}, heads.map((h) => el('th', { scope: 'col' }, h)))),
    el('tbody', {}, rows.map((r) => el('tr', {}, r.map((c) => el('td', {}, c ?? '')))))));
}
