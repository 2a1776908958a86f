// Logs in, posts, replies and changes rooms with the keyboard alone.
import assert from 'node:assert/strict';
import { open, run, saved, sees } from './lib.mjs';

await run(async (browser) => {
  const page = await open(browser, 'alice', { viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
  const { keyboard } = page;
  const focused = () => page.evaluate(() => {
    const at = document.activeElement;
    return { tag: at.localName, label: at.getAttribute('aria-label') ?? at.textContent, ring: at.matches(':focus-visible') };
  });
  /** tabTo presses Tab until something has the focus. */
  const tabTo = async (want, keys = 'Tab') => {
    const passed = [];
    for (let i = 0; i < 60; i++) {
      await keyboard.press(keys);
      const at = await focused();
      passed.push(`${at.tag} ${at.label}`);
      if (at.label.startsWith(want)) {
        assert.ok(at.ring, `${want} has the focus, but does not show it`);
        return;
      }
    }
    assert.fail(`Tab does not lead to ${want}: ${passed.join(', ')}`);
  };

  await page.locator('input[name=name]').waitFor();
  await keyboard.type('alice');
  await keyboard.press('Enter');
  await page.locator('.composer textarea:focus').waitFor();
  await keyboard.type('first message');
  await keyboard.press('Enter');
  await sees(page, 'first message');

  // To the message, its buttons, and back to the field.
  await tabTo('Messages', 'Shift+Tab');
  await keyboard.press('ArrowUp');
  assert.match((await focused()).label, /first message/);
  await keyboard.press('Enter');
  assert.equal((await focused()).label, 'Reply');
  await keyboard.press('Enter');
  await page.locator('.composer textarea:focus').waitFor();
  await keyboard.type('second message');
  await keyboard.press('Enter');
  await saved(page, 'second message').locator('.quoted').waitFor();

  // The last message is edited with the arrow.
  await keyboard.press('ArrowUp');
  await page.locator('.context').waitFor();
  await keyboard.type(', edited');
  await keyboard.press('Enter');
  await sees(page, 'second message, edited');

  // Another room, by its name, and back, by the list.
  await keyboard.press('Control+K');
  await page.locator('dialog[open] input:focus').waitFor();
  await keyboard.type('#tea');
  await keyboard.press('Enter');
  await page.locator('h1', { hasText: '#tea' }).waitFor();
  await page.locator('.composer textarea:focus').waitFor();
  await keyboard.type('third message');
  await keyboard.press('Enter');
  await sees(page, 'third message');
  await tabTo('#lobby', 'Shift+Tab');
  await keyboard.press('Enter');
  await page.locator('h1', { hasText: '#lobby' }).waitFor();
  await sees(page, 'first message');
  await keyboard.press('Alt+ArrowDown');
  await page.locator('h1', { hasText: '#tea' }).waitFor();

  // A menu opens and closes, and the focus returns.
  await tabTo('Room menu', 'Shift+Tab');
  await keyboard.press('Enter');
  await page.locator('[role=menuitem]:focus').waitFor();
  await keyboard.press('ArrowUp');
  assert.equal((await focused()).label, 'Leave the room');
  await keyboard.press('Escape');
  assert.equal((await focused()).label, 'Room menu');
  await keyboard.press('Enter');
  await keyboard.press('ArrowUp');
  await keyboard.press('Enter');
  await page.locator('h1', { hasText: '#lobby' }).waitFor();
  await page.locator('.sidebar .entry', { hasText: 'tea' }).waitFor({ state: 'detached' });
});
