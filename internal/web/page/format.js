// How times, durations and names are shown.
import { locale } from './locale.js';

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

const units = [['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]];
const unitOf = (seconds) => units.find(([, size]) => seconds >= size) ?? units[3];
const quantity = (n, unit) => new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(n);

/** duration shows seconds in the largest unit that fits. */
export function duration(seconds) {
  const [unit, size] = unitOf(seconds);
  return quantity(Math.round(seconds / size), unit);
}

/** exactDuration shows seconds in the two largest units, rounded up. */
export function exactDuration(seconds) {
  const [, size] = unitOf(seconds);
  const smaller = units.find(([, s]) => s < size)?.[1] ?? 1;
  const left = Math.ceil(seconds / smaller) * smaller;
  return units.flatMap(([unit, s], i) => {
    const n = Math.floor((i ? left % units[i - 1][1] : left) / s);
    return n ? [quantity(n, unit)] : [];
  }).join(' ');
}

/** inTime says that something is so many seconds away, and agoTime that it was. */
export function inTime(seconds) {
  const [unit, size] = unitOf(seconds);
  return relative.format(Math.ceil(seconds / size), unit);
}

export function agoTime(seconds) {
  const [unit, size] = unitOf(seconds);
  return relative.format(-Math.floor(seconds / size), unit);
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
