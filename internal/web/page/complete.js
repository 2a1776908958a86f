// What can complete the word before the cursor. Pure.
import { emoji } from './emoji.js';

const MOST_PROPOSED = 8;

/**
 * complete returns { from, to, options } for a text and the position of the cursor: an option has
 * insert, the text that takes the place of that part, and label and help for the list. There is
 * a list without being asked for commands, emoji, rooms and @names; asked is set for Tab.
 */
export function complete(text, cursor, { commands, names, rooms }, asked = false) {
  const head = text.slice(0, cursor);
  const word = /\S*$/.exec(head)[0];
  const from = cursor - word.length;
  const result = (options) => ({ from, to: cursor, options: options.slice(0, MOST_PROPOSED) });
  const low = word.toLowerCase();
  if (from === 0 && /^\/[a-z?]*$/i.test(word)) {
    return result(commands.filter((c) => [c.name, ...(c.aliases ?? [])].some((n) => `/${n}`.startsWith(low)))
      .map((c) => ({ insert: `/${c.name} `, label: `/${c.name}${c.args ? ` ${c.args}` : ''}`, help: c.help })));
  }
  if (/^:[a-z0-9_+-]{2,}$/.test(low)) {
    const name = low.slice(1);
    const found = [...emoji].filter(([n]) => n.includes(name)).sort((a, b) => b[0].startsWith(name) - a[0].startsWith(name));
    return result(found.map(([n, c]) => ({ insert: `${c} `, label: `${c} :${n}:` })));
  }
  if (word.startsWith('#') && word.length > 1) {
    return result(rooms.filter((r) => r.toLowerCase().startsWith(low) && r.toLowerCase() !== low).map((r) => ({ insert: `${r} `, label: r })));
  }
  const at = word.startsWith('@');
  const name = at ? low.slice(1) : low;
  if ((at || asked) && (name || at)) {
    const end = from === 0 ? ': ' : ' ';
    return result(names.filter((n) => n.toLowerCase().startsWith(name)).map((n) => ({ insert: n + end, label: n })));
  }
  return result([]);
}

/** apply returns the text and the cursor after an option was chosen. */
export function apply(text, { from, to }, option) {
  return { text: text.slice(0, from) + option.insert + text.slice(to), cursor: from + option.insert.length };
}
