// Talks in the browser client as two users, with a third on a plain connection, while the server
// is killed. Run by browser_test.go, which acts on the lines that this writes: "kill" kills the
// server and starts it again. Its answer is a line. The arguments are the port, the folder with
// the packages, and the browser.
import assert from 'node:assert/strict';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';

const [port, folder, executablePath] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const { chromium } = require('playwright-core');
const axe = require('axe-core');
const patience = 60_000;
const origin = `http://127.0.0.1:${port}`;
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const violations = [];

/** tell asks the test to do something, and waits until it is done. */
async function tell(line) {
  process.stdout.write(`${line}\n`);
  await answers.next();
}

/** open opens the page as somebody who is not there yet. */
async function open(browser, name, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  context.on('request', (r) => {
    if (new URL(r.url()).host !== `127.0.0.1:${port}` && !r.url().startsWith('data:')) violations.push(`${name}: request for ${r.url()}`);
  });
  page.on('pageerror', (e) => violations.push(`${name}: ${e.stack}`));
  page.on('console', (m) => {
    // While the server is down, connections fail.
    if (m.type() === 'error' && !/ERR_|WebSocket connection/.test(m.text())) violations.push(`${name}: ${m.text()}`);
  });
  await context.addInitScript(() => {
    addEventListener('securitypolicyviolation', (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`));
  });
  await page.goto(`${origin}/`);
  return page;
}

async function enter(page, name) {
  await page.locator('input[name=name]').fill(name);
  await page.locator('.login button[type=submit]').click();
  await page.locator('.composer textarea').waitFor();
  await page.locator('.banner').waitFor({ state: 'hidden' });
}

async function say(page, text) {
  await page.locator('.composer textarea').fill(text);
  await page.locator('.composer textarea').press('Enter');
}

/** saved returns the rows of saved messages with a text. */
const saved = (page, text) => page.locator('.log .message:not(.pending)', { hasText: text });

async function sees(page, text) {
  await saved(page, text).first().waitFor();
}

/** plain makes a user of a plain connection, which has all that it was sent in got. */
async function plain(name) {
  const socket = net.connect(Number(port), '127.0.0.1');
  const user = { got: '', say: (text) => socket.write(`${text}\r\n`), end: () => socket.destroy() };
  socket.on('error', () => {});
  socket.on('data', (d) => { user.got += d; });
  user.sees = async (text) => {
    for (const end = Date.now() + patience; !user.got.includes(text);) {
      assert.ok(Date.now() < end, `${name} does not see ${text}: ${user.got}`);
      await new Promise((r) => { setTimeout(r, 20); });
    }
  };
  /** saves says something, and waits for its receipt: this connection does not send it again. */
  user.saves = async (text) => {
    user.got = '';
    user.say(text);
    await user.sees('*** saved #');
  };
  user.say(name);
  await user.sees(`as ${name}`);
  user.say('/set receipts on');
  return user;
}

/** accessible fails if axe finds anything. */
async function accessible(page, where) {
  await page.evaluate(axe.source);
  const { violations: found } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  assert.deepEqual(found.map((v) => `${where}: ${v.id}: ${v.help}: ${v.nodes.map((n) => n.html.slice(0, 200)).join(' | ')}`), []);
}

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  const alice = await open(browser, 'alice', { viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
  await accessible(alice, 'login');
  const bob = await open(browser, 'bob', { viewport: { width: 360, height: 740 }, locale: 'de-DE', colorScheme: 'dark', hasTouch: true });
  await enter(alice, 'alice');
  await enter(bob, 'bob');
  assert.equal(await bob.locator('html').getAttribute('lang'), 'de');
  let tom = await plain('tom');

  await say(alice, 'message one');
  await sees(bob, 'message one');
  await say(bob, 'alice: message **two**');
  await sees(alice, 'message two');
  assert.equal(await alice.locator('.message.mention', { hasText: 'message two' }).count(), 1);
  await tom.sees('bob: alice: message **two**');
  await tom.saves('message three <b>&amp;</b>');
  await sees(alice, 'message three <b>&amp;</b>');

  tom.say('/away lunch');
  await alice.locator('.member.away', { hasText: 'tom' }).locator('.why', { hasText: 'lunch' }).waitFor();
  tom.say('/back');
  await alice.locator('.member.away').waitFor({ state: 'detached' });
  await say(alice, '/msg tom one moment');
  await say(alice, '/me waves');
  await tom.sees('[alice -> you] * alice waves');
  await alice.locator('.message.action.private', { hasText: 'waves' }).waitFor();
  await alice.locator('.sidebar button[data-key="#lobby"]').click();
  await say(alice, 'a heldword');
  await alice.locator('.row.answer.held', { hasText: 'a heldword' }).waitFor();
  assert.equal(await alice.locator('.message.pending').count(), 0);

  await saved(bob, 'message three').tap();
  await bob.locator('.tools button:visible').first().tap();
  await bob.locator('.context').waitFor();
  await say(bob, 'a reply');
  await alice.locator('.message', { hasText: 'a reply' }).locator('.quoted', { hasText: 'tom' }).waitFor();

  await tell('kill');
  // The browsers may not know it yet; either way the message arrives once.
  await say(alice, 'message four');
  await sees(bob, 'message four');
  await alice.locator('.pending').first().waitFor({ state: 'detached' });
  tom.end();
  tom = await plain('tom2');
  await tom.saves('message five');
  await sees(alice, 'message five');
  await sees(bob, 'message five');

  await alice.evaluate(() => navigator.serviceWorker.ready.then(() => {})); // it has stored the page
  await tell('stop');
  await alice.locator('.banner').waitFor();
  await say(alice, 'message six');
  await alice.locator('.pending', { hasText: 'message six' }).waitFor();
  await alice.reload();
  await tell('start');
  await alice.locator('.composer textarea').waitFor();
  await sees(alice, 'message six');
  await sees(bob, 'message six');

  await say(alice, '/msg bob a secret');
  await alice.locator('.message.private.own', { hasText: 'a secret' }).waitFor();
  await say(alice, '/whoami');
  await alice.locator('.row.answer', { hasText: 'alice' }).waitFor();
  for (const [page, name] of [[alice, 'alice'], [bob, 'bob']]) {
    await page.keyboard.press('Control+K');
    await page.locator('dialog[open] input').fill('#lobby');
    await page.keyboard.press('Enter');
    await sees(page, 'message six');
    for (const text of ['message one', 'message two', 'message three', 'message four', 'message five', 'message six']) {
      assert.equal(await page.locator('.log .message:not(:has(.quoted))', { hasText: text }).count(), 1, `${name} sees ${text}`);
    }
    await accessible(page, name);
  }
  assert.deepEqual(violations, []);
} finally {
  await browser.close();
}
process.exit(0);
