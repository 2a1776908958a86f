// Takes pictures of the page, with a conversation in it, into the folder of the fourth argument.
import { enter, open, plain, run, saved, say, sees } from './lib.mjs';

const folder = process.argv[5];
const desktop = { viewport: { width: 1280, height: 800 } };
const phone = { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true };

/** The ways in which the page is shown, each to another user and in a room of its own. */
const ways = [
  { way: 'desktop', name: 'dora', room: '#release', locale: 'en-GB', viewport: { width: 1000, height: 640 } },
  { way: 'desktop-dark', name: 'emil', room: '#kitchen', locale: 'en-GB', colorScheme: 'dark', ...desktop },
  { way: 'desktop-german', name: 'frida', room: '#garten', locale: 'de-DE', ...desktop },
  { way: 'phone', name: 'gregor', room: '#studio', locale: 'en-GB', ...phone },
  { way: 'phone-dark-german', name: 'hanna', room: '#werkstatt', locale: 'de-DE', colorScheme: 'dark', ...phone },
];

/** talk makes three others talk with a user of the page. */
async function talk(page, name, room, [anna, ben, carla]) {
  for (const o of [anna, ben, carla]) {
    o.say(`/join ${room}`);
    await o.sees(`in ${room}`);
  }
  await anna.saves(`Good morning, ${name}! The tests pass again.`);
  await ben.saves('It was the clock: one test compared local time with UTC.');
  await ben.saves('Fixed with `time.Now().UTC()`, see https://example.org/issues/42');
  await sees(page, 'issues/42');
  await say(page, 'Thanks! I’ll look at the **review** next.');
  await sees(page, 'review next');
  await carla.saves('/me brings coffee');
  await sees(page, 'brings coffee');
  carla.say('/away lunch');
  await saved(page, 'The tests pass').click();
  await page.locator('.tools button:visible').first().click();
  await say(page, 'Then we can release today.');
  await saved(page, 'release today').locator('.quoted').waitFor();
  anna.say(`/msg ${name} Lunch at one?`);
  await page.locator('.sidebar .entry .count').waitFor({ state: 'attached' });
}

await run(async (browser) => {
  const others = [];
  for (const name of ['anna', 'ben', 'carla']) others.push(await plain(name));
  for (const { way, name, room, ...options } of ways) {
    const page = await open(browser, way, options);
    const picture = (what) => page.screenshot({ path: `${folder}/${way}${what}.png` });
    await page.locator('.login').waitFor();
    await picture('-login');
    await enter(page, name);
    await say(page, `/join ${room}`);
    await page.locator('h1', { hasText: room }).waitFor();
    await say(page, '/topic Release 0.2 on Friday');
    await page.locator('.topic', { hasText: 'Release' }).waitFor();
    await talk(page, name, room, others);
    await page.mouse.move(0, 0);
    await picture('');
    if (options.isMobile) {
      await page.locator('.bar button').first().tap();
      await page.waitForFunction(() => document.querySelector('.sidebar').getBoundingClientRect().left === 0);
      await picture('-rooms');
      await page.keyboard.press('Escape');
    } else {
      await page.locator('.sidebar .entry .count').click();
      await page.keyboard.press('Control+K');
      await picture('-switch');
      await page.keyboard.press('Escape');
      await say(page, '/help');
      await page.keyboard.press('Enter');
      await page.locator('.answer.commands').waitFor();
      await say(page, '/whois ben');
      await say(page, '/nonsense');
      await page.locator('.answer.error').waitFor();
      await picture('-answers');
    }
    await page.context().close();
  }
  for (const o of others) o.end();
});
