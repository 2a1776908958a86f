// Talks in the page in Firefox, which speaks WebDriver BiDi, with a user on a plain connection,
// while the server is killed. Unlike page.mjs, it does not load the page again: now and then
// puppeteer-core 25.16 misses that navigation, although the page is there and has resumed.
import assert from 'node:assert/strict';
import { executablePath, origin, patience, plain, require, tell } from './lib.mjs';

const puppeteer = require('puppeteer-core');
const browser = await puppeteer.launch({ browser: 'firefox', executablePath, headless: true });
try {
  const errors = [];
  const page = await browser.newPage();
  page.setDefaultTimeout(patience);
  page.on('pageerror', (e) => errors.push(String(e)));
  page.on('dialog', (d) => errors.push(`dialog: ${d.message()}`));
  await page.goto(`${origin}/`);

  /** shown waits until a saved message has a text, and returns how many have. */
  const shown = async (text) => {
    for (const end = Date.now() + patience; ;) { // waitForFunction evaluates a text, which the policy forbids
      const n = await page.evaluate((t) => [...document.querySelectorAll('.log .message:not(.pending)')].filter((m) => m.textContent.includes(t)).length, text);
      if (n > 0) return n;
      assert.ok(Date.now() < end, `no message ${text}`);
      await new Promise((r) => { setTimeout(r, 50); });
    }
  };
  const say = async (text) => {
    await page.type('.composer textarea', text);
    await page.keyboard.press('Enter');
  };

  await page.waitForSelector('input[name=name]');
  await page.type('input[name=name]', 'alice');
  await page.click('.login button[type=submit]');
  await page.waitForSelector('.composer textarea');
  await page.waitForSelector('.banner[hidden]');
  let tom = await plain('tom');
  await say('hello from Firefox');
  await tom.sees('alice: hello from Firefox');
  await tom.saves('hello, **alice**');
  assert.equal(await shown('hello, alice'), 1);
  assert.equal(await page.$$eval('.message.mention strong', (all) => all.length), 1);

  await tell('kill');
  await say('after the crash');
  assert.equal(await shown('after the crash'), 1);
  tom.end();
  tom = await plain('tom2');
  await tom.saves('the server is back');
  assert.equal(await shown('the server is back'), 1);

  for (const text of ['hello from Firefox', 'hello, alice', 'after the crash', 'the server is back']) assert.equal(await shown(text), 1, text);
  tom.end();
  assert.deepEqual(errors, []);
} finally {
  await browser.close();
}
process.exit(0);
