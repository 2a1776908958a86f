// Reads cases from standard input, and writes what the page says for each. Its arguments are the
// locale and the folder of the page.
import { pathToFileURL } from 'node:url';
import { text } from 'node:stream/consumers';

const [locale, folder] = process.argv.slice(2);
Object.defineProperty(globalThis, 'navigator', { value: { languages: [locale] }, configurable: true });
const load = (name) => import(new URL(name, pathToFileURL(`${folder}/`)));
const { t, serverText, settingValue, commandHelp } = await load('texts.js');
const { exactDuration, inTime, agoTime, duration, day } = await load('format.js');
const { emoji, expand } = await load('emoji.js');

const says = {
  t: ({ key, args }) => t(key, args),
  server: (o) => serverText(o),
  setting: ({ name, value }) => settingValue(name, value),
  command: (o) => commandHelp(o),
  seconds: ({ value }) => [exactDuration(value), inTime(value), agoTime(value), duration(value)].join(' | '),
  day: ({ at, now }) => day(at, new Date(now)),
  emoji: () => [...emoji].flat().join(' '),
  expand: (o) => expand(o.text),
};
const cases = JSON.parse(await text(process.stdin));
process.stdout.write(JSON.stringify(cases.map((c) => says[c.what](c))));
