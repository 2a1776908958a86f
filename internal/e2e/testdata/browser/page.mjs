// Talks in the page as two users, with a third on a plain connection, while the server is killed.
import assert from 'node:assert/strict';
import { accessible, enter, open, plain, run, saved, say, sees, tell, valid } from './lib.mjs';

await run(async (browser) => {
  const alice = await open(browser, 'alice', { viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
  await accessible(alice, 'login');
  await valid(alice, 'login');
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
    await valid(page, name);
  }
  for (const command of ['/help', '/rooms', '/list', '/set', '/room', '/whois bob', '/nonsense']) {
    await say(alice, command);
    await alice.keyboard.press('Enter'); // where the first one has completed the word
  }
  await alice.locator('.row.answer.error', { hasText: '/nonsense' }).waitFor();
  await alice.locator('.me').click();
  await valid(alice, 'answers and a menu');
  await accessible(alice, 'answers and a menu');
  await alice.keyboard.press('Escape');
  for (const keys of ['Control+K', 'Control+,', 'Control+Shift+F']) {
    await alice.keyboard.press(keys);
    await alice.locator('dialog[open]').waitFor();
    await valid(alice, keys);
    await accessible(alice, keys);
    await alice.keyboard.press('Escape');
  }
});
