import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { parse, safe } from '../page/markdown.js';
import { emoji, expand } from '../page/emoji.js';
import { apply, complete } from '../page/complete.js';
import { colour, COLOURS, dayKey, exactDuration, inTime } from '../page/format.js';
import { choose } from '../page/locale.js';
import { put, serverText } from '../page/texts.js';
import { en } from '../page/texts.en.js';
import { de } from '../page/texts.de.js';

/** show writes blocks in a short form, with the styles of each part and without line breaks. */
function show(blocks) {
  const leaves = [];
  const collect = (nodes, styles) => {
    for (const n of nodes) {
      const own = n.type === 'text' ? styles : [...styles, n.type];
      if (n.children) collect(n.children, own);
      else leaves.push([[...new Set(own)].sort().join('+'), n.text.replaceAll('\n', '')]);
    }
  };
  for (const b of blocks) {
    if (b.type === 'codeblock') leaves.push(['code', b.text.replaceAll('\n', '')]);
    else collect(b.children, b.type === 'quote' ? ['quote'] : []);
  }
  let out = '';
  let last = '';
  for (const [styles, text] of leaves.filter((l) => l[1] !== '')) {
    if (styles !== last) out += (last && '>') + (styles && `<${styles} `);
    last = styles;
    out += text;
  }
  return out + (last && '>');
}

// The terminal client shows the same (internal/tui/markdown_test.go).
test('Markdown', async () => {
  const cases = JSON.parse(await readFile(new URL('../../tui/testdata/markdown.json', import.meta.url), 'utf8'));
  for (const [text, want] of Object.entries(cases)) assert.equal(show(parse(text)), want, text);
});

test('links lead to the web only', () => {
  assert.equal(safe('javascript:alert(1)'), undefined);
  assert.equal(safe('http://example.org'), 'http://example.org/');
});

test('long and nasty texts take no time', () => {
  const begin = performance.now();
  for (const piece of ['*', '_', '**', '`', '[', '> ', 'http://', '*a ', ':x', '```\n']) parse(expand(piece.repeat(4096 / piece.length)));
  assert.ok(performance.now() - begin < 2000);
});

test('emoji by name, but not in code or within words', () => {
  assert.equal(expand('ok :thumbsup: `:fire:` a:fire:b :nope: 12:30:45'), 'ok 👍 `:fire:` a:fire:b :nope: 12:30:45');
  for (const [name, c] of emoji) assert.ok(/^[a-z0-9_+-]+$/.test(name) && [...c].length <= 3, name);
});

test('completion of commands, names, rooms and emoji', () => {
  const words = { commands: [{ name: 'me', args: 'ACTION', help: '' }, { name: 'msg', aliases: ['m'], args: 'NAME TEXT', help: '' }], names: ['alice', 'Albert'], rooms: ['#lobby'] };
  const labels = (text, asked) => complete(text, text.length, words, asked).options.map((o) => o.label);
  assert.deepEqual(labels('/m'), ['/me ACTION', '/msg NAME TEXT']);
  assert.deepEqual(labels('hi @al'), ['alice', 'Albert']);
  assert.deepEqual(labels('al'), []);
  assert.deepEqual(labels('al', true), ['alice', 'Albert']);
  assert.deepEqual(labels('see #lo'), ['#lobby']);
  assert.deepEqual(labels(':thumbsu'), ['👍 :thumbsup:']);
  const found = complete('ali', 3, words, true);
  assert.deepEqual(apply('ali', found, found.options[0]), { text: 'alice: ', cursor: 7 });
});

test('a name has the same colour everywhere', () => {
  assert.equal(colour('Bob'), colour('bob'));
  const seen = new Set();
  for (let i = 0; i < 500; i++) {
    const c = colour(`name${i}`);
    assert.ok(Number.isInteger(c) && c >= 0 && c < COLOURS);
    seen.add(c);
  }
  assert.equal(seen.size, COLOURS);
});

test('both languages have all texts, with the same arguments', () => {
  const args = (text) => [...new Set([...text.matchAll(/\{(\w+)/g)].map((m) => m[1]))].sort();
  assert.deepEqual(Object.keys(de).sort(), Object.keys(en).sort());
  for (const key of Object.keys(en)) assert.deepEqual(args(de[key]), args(en[key]), key);
});

test('the first known language of the browser is chosen', () => {
  assert.equal(choose(['fr', 'de-AT', 'en']).language, 'de');
  assert.equal(choose(['fr']).language, 'en');
  assert.equal(choose(undefined).language, 'en');
});

test('numbers choose a form, and unknown codes keep the words of the server', () => {
  assert.equal(put('{n} {n|line|lines}', { n: 1 }, new Intl.PluralRules('en')), '1 line');
  assert.equal(put('{n} {n|line|lines}', { n: 2 }, new Intl.PluralRules('en')), '2 lines');
  assert.equal(serverText({ code: 'brand-new', text: 'words' }), 'words');
});

test('parts without their arguments are left out', () => {
  const text = '{name} is banned[ in {room}] [for {left:time}|permanently][: {reason}]';
  assert.equal(put(text, { name: 'bob' }), 'bob is banned permanently');
  assert.equal(put(text, { name: 'bob', room: '#tea', left: 5400, reason: '[x|{name}]' }), 'bob is banned in #tea for 1 hour 30 minutes: [x|{name}]');
  assert.equal(put('{names} [{n} {n|one|many}|none]', { names: ['a', 'b'], n: 2 }), 'a, b 2 many');
});

test('durations are rounded up', () => {
  assert.equal(exactDuration(0.4), '1 second');
  assert.equal(exactDuration(59.5), '1 minute');
  assert.equal(exactDuration(3661), '1 hour 2 minutes');
  assert.equal(exactDuration(2 * 86_400), '2 days');
  assert.equal(inTime(61), 'in 2 minutes');
});

test('days are those of the zone of the user', () => {
  const d = new Date(2026, 10, 29, 23, 59);
  assert.equal(dayKey(d.toISOString()), '2026-11-29');
});
