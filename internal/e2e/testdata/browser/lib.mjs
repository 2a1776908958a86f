// What the scripts of this folder share. They are run by browser_test.go, which acts on the lines
// that a script writes, and answers with a line: "kill" kills the server and starts it again,
// "stop" and "start" do one of both. The arguments are the port, the folder with the packages, and
// the browser.
import assert from 'node:assert/strict';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';

export const [port, folder, executablePath] = process.argv.slice(2);
export const require = createRequire(`${folder}/`);
const { chromium } = require('playwright-core');
const axe = require('axe-core');
const { HtmlValidate } = require('html-validate');
const validator = new HtmlValidate({ root: true, extends: ['html-validate:standard'] });
export const patience = 60_000;
export const origin = `http://127.0.0.1:${port}`;
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** What must not happen: requests elsewhere, errors, dialogs, violations of the policy. */
export const violations = [];

/** tell asks the test to do something, and waits until it is done. */
export async function tell(line) {
  process.stdout.write(`${line}\n`);
  await answers.next();
}

/** open opens the page as somebody who is not there yet. */
export async function open(browser, name, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  context.on('request', (r) => {
    if (new URL(r.url()).host !== `127.0.0.1:${port}` && !r.url().startsWith('data:')) violations.push(`${name}: request for ${r.url()}`);
  });
  page.on('dialog', async (d) => {
    violations.push(`${name}: dialog: ${d.message()}`);
    await d.dismiss();
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

export async function enter(page, name) {
  await page.locator('input[name=name]').fill(name);
  await page.locator('.login button[type=submit]').click();
  await page.locator('.composer textarea').waitFor();
  await page.locator('.banner').waitFor({ state: 'hidden' });
}

export async function say(page, text) {
  await page.locator('.composer textarea').fill(text);
  await page.locator('.composer textarea').press('Enter');
}

/** saved returns the rows of saved messages with a text. */
export const saved = (page, text) => page.locator('.log .message:not(.pending)', { hasText: text });

export async function sees(page, text) {
  await saved(page, text).first().waitFor();
}

/** plain makes a user of a plain connection, which has all that it was sent in got. */
export async function plain(name) {
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
  /** saved waits until another plain connection would see a message. */
  user.saved = async (text) => {
    user.got = '';
    user.say('/history 1');
    await user.sees(text);
  };
  user.say(name);
  await user.sees(`as ${name}`);
  user.say('/set receipts on');
  return user;
}

/** accessible fails if axe finds anything. */
export async function accessible(page, where) {
  await page.evaluate(axe.source);
  const { violations: found } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  assert.deepEqual(found.map((v) => `${where}: ${v.id}: ${v.help}: ${v.nodes.map((n) => n.html.slice(0, 200)).join(' | ')}`), []);
}

/** valid fails if the page is not valid HTML. */
export async function valid(page, where) {
  const html = await page.content();
  const { results } = await validator.validateString(html);
  assert.deepEqual(results.flatMap((r) => r.messages.map((m) => `${where}: ${m.message}: ${html.split('\n')[m.line - 1].slice(m.column - 1, m.column + 100)}`)), []);
}

/** run gives a script a browser, and fails if anything happened that must not. */
export async function run(script) {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    await script(browser);
    assert.deepEqual(violations, []);
  } finally {
    await browser.close();
  }
  process.exit(0);
}
