// All texts of the page, and those of the server's messages that the page words itself.
// {n} is a number and {name} another argument; {n|one|many} chooses by the number.
import { en } from './texts.en.js';
import { de } from './texts.de.js';

export const tables = { en, de };

/** choose returns the first language of a list that there are texts for. */
export function choose(wanted) {
  for (const tag of wanted ?? []) {
    const short = tag.toLowerCase().split('-')[0];
    if (short in tables) return { language: short, locale: tag };
  }
  return { language: 'en', locale: 'en' };
}

const chosen = choose(globalThis.navigator?.languages);
export const { language, locale } = chosen;

/** put inserts arguments into a text. */
export function put(text, args, rules = new Intl.PluralRules(language)) {
  return text.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (all, name, one, many) => {
    if (!(name in args)) return all;
    return one === undefined ? String(args[name]) : rules.select(Number(args[name])) === 'one' ? one : many;
  });
}

/** t returns a text in the user's language. */
export function t(key, args = {}, fallback = key) {
  const text = tables[language][key] ?? en[key];
  return text === undefined ? fallback : put(text, args);
}

/** serverText returns what the server says, in the user's language if there are words for its code. */
export function serverText(o) {
  const args = Object.fromEntries(Object.entries(o.args ?? {}).map(([k, v]) => [k, v && typeof v === 'object' && !Array.isArray(v) ? serverText(v) : v]));
  const text = tables[language][`code.${o.code}`];
  const words = text && put(text, args);
  return words && !/\{\w+[|}]/.test(words) ? words : o.text ?? t('refusedPlain', { code: o.code });
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

/** What the page shows in other ways. */
const silent = new Set(['talking-in', 'entered', 'edited', 'saved', 'left-room', 'logged-in', 'missed']);

/** noticeRoom returns nowhere for what need not be shown. */
export function noticeRoom(o) {
  return silent.has(o.code) ? 'nowhere' : 'here';
}
