// How times, durations and names are shown.
import { locale, t } from './texts.js';

const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
const full = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'medium' });
const short = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
const days = new Intl.DateTimeFormat(locale, { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' });
const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });

export const time = (iso) => clock.format(new Date(iso));
export const fullTime = (iso) => full.format(new Date(iso));
export const dateTime = (iso) => short.format(new Date(iso));

/** dayKey returns the day of a time in the user's zone. */
export function dayKey(iso) {
  const d = new Date(iso);
  return `${d.getFullYear()}-${d.getMonth() + 1}-${d.getDate()}`;
}

/** day names the day of a time: today, yesterday, or the date. */
export function day(iso, now = new Date()) {
  const midnight = (d) => new Date(d.getFullYear(), d.getMonth(), d.getDate());
  const ago = Math.round((midnight(now) - midnight(new Date(iso))) / 86_400_000);
  const name = days.format(new Date(iso));
  if (ago !== 0 && ago !== 1) return name;
  const word = relative.format(-ago, 'day');
  return `${word[0].toUpperCase()}${word.slice(1)}, ${name}`;
}

/** duration shows seconds in the largest unit that fits. */
export function duration(seconds) {
  const units = [['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]];
  const [unit, size] = units.find(([, s]) => seconds >= s) ?? units[3];
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(Math.round(seconds / size));
}

/** The number of colours for names, which chat.css has. */
export const COLOURS = 12;

/** colour returns the number of a name's colour, the same everywhere. */
export function colour(name) {
  let hash = 2166136261;
  for (const c of name.toLowerCase()) hash = Math.imul(hash ^ c.codePointAt(0), 16777619) >>> 0;
  return ((hash ^ (hash >>> 15)) >>> 0) % COLOURS;
}

/** initial returns the letter of a name for its badge. */
export function initial(name) {
  return [...name][0]?.toUpperCase() ?? '?';
}

/** yesNo shows a truth value. */
export const yesNo = (value) => (value ? t('on') : t('off'));
