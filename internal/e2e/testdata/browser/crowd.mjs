// Scrolls up 5,000 messages, and shows a room of 300 people.
import assert from 'node:assert/strict';
import { enter, open, patience, plain, run, say, sees } from './lib.mjs';

const MESSAGES = 5000;
const PEOPLE = 300;

/**
 * climb scrolls to the first message in steps, with the time that loading takes between them. It
 * returns the numbers of the messages that were seen and how far, in pixels, a message has moved
 * that should have stayed.
 */
const climb = (page) => page.evaluate(async (limit) => {
  const log = document.querySelector('.log');
  const frame = () => new Promise((r) => { requestAnimationFrame(r); });
  const top = (row) => row.getBoundingClientRect().top;
  const seen = new Set();
  let worst = 0;
  for (const end = Date.now() + limit; !seen.has(1);) {
    if (Date.now() > end) throw new Error(`still at ${Math.min(...seen)}, scrolled to ${log.scrollTop} of ${log.scrollHeight}`);
    const middle = log.getBoundingClientRect().top + log.clientHeight / 2;
    const row = [...log.querySelectorAll('.message')].find((m) => top(m) > middle);
    for (const m of log.querySelectorAll('.message')) seen.add(Number(/number (\d+)/.exec(m.querySelector('.body').textContent)?.[1]));
    const before = top(row);
    const from = log.scrollTop;
    log.scrollTop -= 600;
    const by = from - log.scrollTop;
    for (let i = 0; i < 3; i++) {
      await frame();
      const now = log.querySelector(`[data-key="${row.dataset.key}"]`);
      worst = Math.max(worst, now ? Math.abs(top(now) - before - by) : Infinity);
    }
  }
  return { seen: [...seen].filter((n) => n > 0), worst };
}, patience);

await run(async (browser) => {
  const tom = await plain('tom');
  tom.say('/set receipts off');
  for (let i = 1; i <= MESSAGES; i++) tom.say(`number ${i}${i % 7 ? '' : ', which is longer than the others, so that rows differ in height '.repeat(3)}`);
  await tom.saved('number 5000');
  const alice = await open(browser, 'alice', { viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
  await enter(alice, 'alice');
  await sees(alice, 'number 5000');
  const { seen, worst } = await climb(alice);
  assert.equal(seen.length, MESSAGES);
  assert.ok(worst < 2, `a message has jumped by ${worst} pixels`);
  assert.ok(await alice.locator('.log > *').count() < 500, 'all rows are in the page');
  await alice.locator('.to-end').click();
  await sees(alice, 'number 5000');

  const people = await Promise.all(Array.from({ length: PEOPLE - 2 }, (_, i) => plain(`person${i}`)));
  await alice.reload();
  await alice.locator('.members h2', { hasText: `${PEOPLE} members` }).waitFor();
  await alice.locator('.member').nth(99).waitFor();
  const listed = await alice.locator('.member').count(); // the server lists some
  await alice.locator('.members li', { hasText: `and ${PEOPLE - listed} more` }).waitFor();
  await Promise.all(people.map((p, i) => p.say(`hello from ${i}`)));
  await say(alice, 'hello, everyone');
  await sees(alice, 'hello, everyone');
  await people[0].sees('alice: hello, everyone');
  await alice.waitForFunction((n) => [...document.querySelectorAll('.log .message')].filter((m) => m.textContent.includes('hello from')).length > n, 100);
  for (const p of people) p.end();
  await alice.locator('.system', { hasText: ' left' }).first().waitFor();
  tom.end();
});
