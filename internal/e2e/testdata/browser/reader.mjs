// Listens to a conversation with a screen reader, which a library simulates in the page.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { enter, folder, open, patience, plain, run, saved, say, sees } from './lib.mjs';

const library = readFileSync(`${folder}/node_modules/@guidepup/virtual-screen-reader/lib/esm/index.browser.js`);

/** enters opens the page as a user. */
async function enters(browser, name) {
  const page = await open(browser, name, { viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
  await page.route('**/screen-reader.js', (r) => r.fulfill({ contentType: 'text/javascript', body: library }));
  await enter(page, name);
  return page;
}

/** listen starts the screen reader, which from now on says what changes. */
async function listen(page) {
  await page.evaluate(async () => {
    const { virtual } = await import('/screen-reader.js');
    globalThis.reader = virtual;
    await virtual.start({ container: document.body });
  });
}

/** announced returns what the screen reader has said of changes since the last call. */
const announced = (page) => page.evaluate(async () => {
  const said = await globalThis.reader.spokenPhraseLog();
  await globalThis.reader.clearSpokenPhraseLog();
  return said.filter((s) => /^(polite|assertive): /.test(s));
});

/** until returns what the screen reader says of changes, up to one with a text. */
async function until(page, text) {
  const said = [];
  for (const end = Date.now() + patience; !said.some((s) => s.includes(text)); said.push(...await announced(page))) assert.ok(Date.now() < end, `no ${text} in: ${said.join('\n')}`);
  return said;
}

/** read returns what is said of an element from its beginning to its end, without names of elements. */
async function read(page, selector) {
  return page.evaluate(async (at) => {
    const { virtual } = await import('/screen-reader.js');
    await virtual.stop();
    await virtual.start({ container: document.querySelector(at) });
    const said = [await virtual.lastSpokenPhrase()];
    for (;;) {
      await virtual.next();
      const phrase = await virtual.lastSpokenPhrase();
      if (phrase === said[0] || phrase === `end of ${said[0]}`) break; // it begins again after its end
      said.push(phrase);
      if (said.length > 50) throw new Error(said.join('\n'));
    }
    await virtual.stop();
    return said;
  }, selector);
}

/** rows returns what is said of each row of the log. */
async function rows(page) {
  const all = await page.locator('.log > .row').count();
  const said = [];
  for (let i = 1; i <= all; i++) {
    const phrases = await read(page, `.log > .row:nth-child(${i})`);
    said.push(phrases.filter((p) => !/^(article|generic|paragraph|time|toolbar|end of .*)$/.test(p)).join('; '));
  }
  return said;
}

await run(async (browser) => {
  const alice = await enters(browser, 'alice');
  const bob = await enters(browser, 'bob');
  await alice.locator('.system', { hasText: 'bob joined' }).waitFor();
  await listen(alice);

  // What changes is said once, and soon.
  await say(alice, 'my own words');
  await saved(alice, 'my own words').waitFor();
  await say(bob, 'words of bob');
  const changes = await until(alice, 'words of bob');
  assert.equal(changes.filter((c) => c.includes('my own words')).length, 1, changes.join('\n'));
  assert.equal(changes.filter((c) => c.includes('words of bob')).length, 1, changes.join('\n'));
  assert.match(changes.find((c) => c.includes('words of bob')), /bob.*words of bob.*\d\d:\d\d/s);

  // Each kind of line differs in words.
  await say(bob, 'alice: look at this');
  await say(bob, '/me waves');
  const tom = await plain('tom');
  await tom.saves('plain words');
  await sees(alice, 'plain words');
  const clock = /^\d\d:\d\d$/;
  const said = await rows(alice);
  const row = (text) => {
    const found = said.filter((s) => s.includes(text));
    assert.equal(found.length, 1, `${text} in:\n${said.join('\n')}`);
    return found[0].split('; ');
  };
  const check = (text, ...want) => {
    const phrases = row(text);
    assert.match(phrases.at(-1), clock, text);
    assert.deepEqual(phrases.slice(0, -1), want);
  };
  check('my own words', 'alice', 'you', 'my own words');
  check('words of bob', 'bob', 'words of bob');
  check('look at this', 'bob', 'mentions you', 'alice: look at this');
  check('waves', 'Action:', 'bob', 'waves');
  check('plain words', 'tom', 'plain words');
  check('tom joined', 'tom joined');

  await say(alice, '/msg bob a secret');
  await bob.locator('.sidebar .entry.unread').waitFor();
  await bob.keyboard.press('Alt+A');
  await bob.locator('.message.private', { hasText: 'a secret' }).waitFor();
  const secret = (await rows(bob)).find((s) => s.includes('a secret')).split('; ');
  assert.deepEqual(secret.slice(0, -1), ['alice', 'private', 'a secret']);

  // What was there before is no news when its room is shown.
  await listen(alice);
  await alice.keyboard.press('Control+K');
  await alice.keyboard.type('#lobby');
  await alice.keyboard.press('Enter');
  await sees(alice, 'plain words');
  await alice.locator('.log[aria-live=polite]').waitFor();
  await say(alice, 'and more');
  assert.deepEqual((await until(alice, 'and more')).filter((c) => c.includes('plain words')), []);

  // There is one log, and everything that can be pressed has a name.
  assert.equal(await alice.getByRole('log').count(), 1);
  for (const page of [alice, bob]) {
    await page.keyboard.press('Escape');
    const whole = await page.evaluate(async () => {
      const { virtual } = await import('/screen-reader.js');
      await virtual.stop();
      await virtual.start({ container: document.body });
      while (await virtual.lastSpokenPhrase() !== 'end of document') await virtual.next();
      return virtual.spokenPhraseLog();
    });
    assert.deepEqual(whole.filter((p) => /^(button|link|textbox|combobox|radio|log|navigation|complementary)$/.test(p)), [], 'without a name');
    assert.ok(whole.filter((p) => p.startsWith('button, ')).length > 5, whole.join('\n'));
    const landmarks = whole.filter((p) => /^(main|navigation|complementary)(,|$)/.test(p));
    assert.equal(new Set(landmarks).size, landmarks.length, landmarks.join('\n'));
  }
  tom.end();
});
