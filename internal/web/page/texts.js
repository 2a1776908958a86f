// All texts of the page, and those of the server's messages that the page words itself. Only
// the user's language is loaded.
// {n} is a number and {name} another argument; {n|one|many} chooses by the number, and
// {name:format} shows the argument in a format. [Parts] are left out if one of their arguments is
// missing; [a|b] is the first part that has all of them.
import { dateTime, duration, exactDuration, inTime } from './format.js';
import { language } from './locale.js';
import { en } from './texts.en.js';

const german = language === 'de';
const [{ de }, { codes, commands }] = german ? await Promise.all([import('./texts.de.js'), import('./messages.de.js')]) : [{}, {}];
const table = german ? de : en;

/** The formats of arguments. */
const formats = {
  time: exactDuration,
  in: inTime,
  date: dateTime,
  role: (v) => t(`role.${v}`, {}, v),
  value: (v, { setting }) => settingValue(setting, v),
};

/** settingValue shows the value of a setting of the user or of a room. */
export function settingValue(name, v) {
  if (v === undefined || v === false) return t('off');
  if (v === true) return t('on');
  if (name === 'keep-size') return `${v / 2 ** 20} MiB`;
  return name === 'slow' || name === 'keep' ? duration(v) : String(v);
}

const own = (texts, key) => (texts && Object.hasOwn(texts, key) ? texts[key] : undefined);

/** has reports whether all arguments that a text uses are there. */
const has = (text, args) => [...text.matchAll(/\{(\w+)/g)].every(([, name]) => args[name] !== undefined && args[name] !== '' && args[name]?.length !== 0);

/** parts leaves out the parts of a text without their arguments. */
function parts(text, args) {
  return text.replace(/\[((?:\{[^}]*\}|[^\]{])*)\]/g, (all, some) => some.match(/(?:\{[^}]*\}|[^|{])+/g).find((one) => has(one, args)) ?? '');
}

/** put inserts arguments into a text. */
export function put(text, args, rules = new Intl.PluralRules(language)) {
  return parts(text, args).replace(/\{(\w+)(?::(\w+)|\|([^|}]*)\|([^}]*))?\}/g, (all, name, format, one, many) => {
    if (!(name in args)) return all;
    const value = args[name];
    if (format) return formats[format](value, args);
    if (one !== undefined) return rules.select(Number(value)) === 'one' ? one : many;
    return Array.isArray(value) ? value.join(', ') : String(value);
  });
}

/** t returns a text in the user's language. */
export function t(key, args = {}, fallback = key) {
  const text = table[key];
  return text === undefined ? fallback : put(text, args);
}

/** serverText returns what the server says, in the user's language if there are words for its code. */
export function serverText(o) {
  const args = Object.fromEntries(Object.entries(o.args ?? {}).map(([k, v]) => [k, v && typeof v === 'object' && !Array.isArray(v) ? serverText(v) : v]));
  const text = own(codes, o.code);
  const said = text !== undefined && has(parts(text, args), args) && put(text, args);
  return said || (o.text ?? t('refusedPlain', { code: o.code }));
}

/** commandHelp returns what a command does. */
export function commandHelp(command) {
  return own(commands, command.name) ?? command.help;
}

/** eventText says what has happened in a room. */
export function eventText(e) {
  const why = e.text ? serverText(e) : '';
  switch (e.what) {
    case 'join': return t('event.join', { name: e.name });
    case 'leave': return why ? t('event.leaveWhy', { name: e.name, why }) : t('event.leave', { name: e.name });
    case 'nick': return t('event.nick', { name: e.name, to: e.newName });
    case 'edit': return t('event.edit', { name: e.name });
    case 'redact': return why || t('event.redact');
    case 'announcement': return t('event.announcement', { text: why });
    default: return why || e.what;
  }
}

/** Messages that the page shows in other ways. */
export const silent = new Set(['talking-in', 'entered', 'edited', 'saved', 'left-room', 'logged-in', 'missed']);

/** noticeRoom returns nowhere for what need not be shown. */
export function noticeRoom(o) {
  return silent.has(o.code) ? 'nowhere' : 'here';
}
