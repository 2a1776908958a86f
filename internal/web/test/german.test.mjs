// The texts of the server in German, compared with the tables in the documents, which tests of
// the server keep up to date.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

Object.defineProperty(globalThis, 'navigator', { value: { languages: ['de-DE'] }, configurable: true });
const { serverText, commandHelp, silent, t } = await import('../page/texts.js');
const { codes, commands } = await import('../page/messages.de.js');

const document = (name) => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');

/** english has the texts of the server by their code. */
const english = new Map([...document('messages.md').matchAll(/^\| `([\w-]+)` \| (.*) \|$/gm)].map(([, code, text]) => [code, text.replaceAll('\\|', '|')]));

/** Codes that need no German text. */
const exceptions = {
  'only an argument': 'announcement failed quit',
  'answers, which a page gets as fields': 'connection connections flag found found-end help-command help-editing help-line help-operator help-slash help-topics history history-end ignored is-called joined left member members'
    + ' more-lines more-older no-flags no-sanctions recent recent-end recent-one room room-group room-invited room-nobody room-operators room-owner room-voiced sanction sanction-ban sanction-mute sanction-shadowmute'
    + ' stats-chat stats-connections stats-events stats-held stats-up topic welcome whoami whois whois-connection whois-gone',
  'questions, which the page words itself': 'ask-again ask-new-password ask-old-password ask-password',
  'on lines for people only': 'ask-name completions editing-offered editing-refused interrupted line-too-long line-too-long-again no-name-in-time shows-typing typed-ahead-dropped',
  'on the console of an operator only': 'chat-only needs-room no-answer-yet no-password nobody-to-ask not-in-chat',
  'mistakes that the page does not make': 'cid-too-long json-bad-value json-duplicate json-hello-first json-kind json-missing json-no-object json-no-question json-no-type json-spaces json-syntax json-too-deep json-unknown-type json-version'
    + ' limit-range object-too-long one-bound room-and-person',
  'HTTP, and other protocols': 'http-chat http-chat-tls http-incomplete http-too-slow not-chat tls-failed',
  'in logs only': 'log-quit shutdown-act shutdown-act-cancelled value',
};
const exempt = new Set([...Object.values(exceptions).flatMap((list) => list.split(' ')), ...silent]);

/** camel writes the name of an argument as JSON has it. */
const camel = (name) => name.replace(/-(\w)/g, (_, c) => c.toUpperCase());
const fields = (text) => [...text.matchAll(/\{\??([\w-]+)/g)].map((m) => camel(m[1]));
const outside = (text) => text.replaceAll('[[', '').replace(/\[[^\]]*\]/g, '');

test('every message of the server that a page can show has a German text', () => {
  assert.ok(english.size > 400);
  assert.deepEqual([...english.keys()].filter((c) => !(c in codes) && !exempt.has(c)), []);
  assert.deepEqual(Object.keys(codes).filter((c) => !english.has(c)), [], 'the server has no such codes');
  assert.deepEqual([...exempt].filter((c) => !english.has(c)), [], 'the server has no such codes');
});

test('German texts use only arguments that their message has', () => {
  for (const [code, text] of Object.entries(codes)) {
    const known = new Set(fields(english.get(code)));
    assert.deepEqual(fields(text).filter((f) => !known.has(f)), [], code);
    // What may be missing stands in brackets.
    const always = new Set(fields(outside(english.get(code))));
    assert.deepEqual(fields(outside(text)).filter((f) => !always.has(f)), [], code);
  }
});

test('every command has a German description', () => {
  const list = document('protocol.md').split('<!-- commands')[1].split('<!-- end of commands -->')[0];
  const names = [...list.matchAll(/^\| `\/(\w+)/gm)].map((m) => m[1]);
  assert.ok(names.length > 40);
  assert.deepEqual(Object.keys(commands).sort(), names.sort());
  assert.equal(commandHelp({ name: 'brand-new', help: 'words' }), 'words');
});

test('messages with their arguments', () => {
  const says = (code, args, text = 'English') => serverText({ code, args, text });
  assert.equal(says('too-fast', { wait: 2.5 }), 'Du sendest zu schnell; warte 3 Sekunden.');
  assert.equal(says('too-fast'), 'Du sendest zu schnell.');
  assert.equal(says('kicked-lately', { room: '#tea', wait: 7200 }), 'Du wurdest hinausgeworfen aus #tea: Zurück darfst du in 2 Stunden.');
  assert.equal(says('has-set', { by: 'bob', setting: 'keep-size', value: 10 * 2 ** 20 }), 'bob hat eingestellt: keep-size ist jetzt 10 MiB');
  assert.equal(says('has-set', { by: 'bob', setting: 'moderated' }), 'bob hat eingestellt: moderated ist jetzt aus');
  assert.equal(says('your-role', { role: 'moderator' }), `Deine Rolle ist jetzt: ${t('role.moderator')}`);
  assert.equal(says('mute', { name: 'bob', lasts: { code: 'lasts', args: { reason: 'spam' } } }), 'bob ist stummgeschaltet, dauerhaft: spam');
  assert.equal(says('has-set-topic', { by: 'bob', topic: '{name} [x]' }), 'bob hat das Thema gesetzt: {name} [x]');
  assert.equal(says('not-here'), 'English', 'an argument is missing');
  assert.equal(says('brand-new'), 'English');
});
