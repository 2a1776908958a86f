// Talks in the page, on two terminals and on a plain connection, while the server is killed twice.
import assert from 'node:assert/strict';
import { enter, open, plain, run, say, sees, tell } from './lib.mjs';

await run(async (browser) => {
  const bob = await open(browser, 'bob', { viewport: { width: 1280, height: 1600 }, locale: 'en-GB' });
  await enter(bob, 'bob');
  await tell('alice');
  await tell('carol');
  let tom = await plain('tom');
  let n = 0;
  const next = () => `said-${++n}.`;
  /** round lets everybody say something; afterwards all of it is saved. */
  const round = async () => {
    const all = [next(), next(), next(), next()];
    await say(bob, all[0]);
    await tell(`alice ${all[1]}`);
    await tell(`carol ${all[2]}`);
    await tom.saves(all[3]);
    for (const text of all) await sees(bob, text);
  };
  await round();
  for (let kill = 1; kill <= 2; kill++) {
    const waiting = [next(), next(), next()];
    await tell('stop');
    await say(bob, waiting[0]);
    await tell(`alice ${waiting[1]}`);
    await tell(`carol ${waiting[2]}`);
    await tell('start');
    for (const text of waiting) await sees(bob, text);
    tom.end();
    tom = await plain(`tom${kill}`);
    await round();
  }
  const order = await bob.locator('.log .message:not(.pending)').evaluateAll((rows) => rows.map((r) => /said-\d+\./.exec(r.textContent)?.[0]).filter(Boolean));
  assert.equal(order.length, n);
  assert.equal(new Set(order).size, n);
  await tell(`order ${order.join(' ')}`);
});
