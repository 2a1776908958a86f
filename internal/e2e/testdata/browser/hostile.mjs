// Writes payloads of cross-site scripting wherever a user can write, and takes the page to a server
// that has them in every field. The page must show them as text.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { enter, open, origin, plain, run, say, sees } from './lib.mjs';

const payloads = readFileSync(new URL('payloads.txt', import.meta.url), 'utf8').trimEnd().split('\n');
assert.ok(payloads.length >= 100);

/** Elements of the page; icons are svg and path. */
const elements = 'html head meta title link script body div main form h1 h2 span p a aside header footer nav ul li button small svg path section article time textarea input label dialog q strong em code pre blockquote dl dt dd table thead tbody tr th td';

/** harmless fails if the page has an element, an attribute or a link that it must not have. */
async function harmless(page, where) {
  const found = await page.evaluate((known) => {
    const allowed = new Set(known.split(' '));
    const bad = [];
    for (const e of document.querySelectorAll('*')) {
      if (!allowed.has(e.localName)) bad.push(`<${e.localName}>`);
      for (const { name, value } of e.attributes) {
        if (name.startsWith('on') || /^(srcdoc|formaction|action|ping|xlink:href|background|poster)$/.test(name)) bad.push(`${e.localName} ${name}=${value}`);
        if (name === 'style' && /url|expression/i.test(value)) bad.push(`${e.localName} ${name}=${value}`);
        if ((name === 'href' || name === 'src') && !['http:', 'https:'].includes(new URL(value, location.href).protocol)) bad.push(`${e.localName} ${name}=${value}`);
      }
      if (e.localName === 'script' && !/^\/[\w-]+\/\w+\.js$/.test(e.getAttribute('src'))) bad.push(e.outerHTML);
      if (e.localName === 'a' && e.target && !/noopener/.test(e.rel)) bad.push(e.outerHTML);
    }
    if (document.querySelectorAll('#message').length !== 1) bad.push('another #message');
    return bad;
  }, elements);
  assert.deepEqual(found, [], where);
}

/** bare leaves out what Markdown takes away. */
const bare = (text) => text.replace(/[*_`>\s]|^>/g, '');

await run(async (browser) => {
  const options = { viewport: { width: 1280, height: 800 }, locale: 'en-GB' };
  const alice = await open(browser, 'alice', options);

  // As names, which the server refuses.
  const some = payloads.filter((_, i) => i % 6 === 0);
  for (const p of some) {
    await alice.locator('input[name=name]').fill(p.slice(0, 64));
    if (/^\w+$/.test(p) && p.length < 30) continue; // a name
    await alice.locator('.login .error').evaluate((e) => { e.textContent = ''; });
    await alice.locator('.login button[type=submit]').click();
    await alice.locator('.login .error:not(:empty)').waitFor();
  }
  await enter(alice, 'alice');

  // As messages and actions, in and around Markdown.
  const tom = await plain('tom');
  tom.say('/set receipts off');
  const wrapped = (p) => [p, `**${p}**`, `> ${p}`, `/me ${p}`, `see https://example.org/${p} and "${p}"`];
  for (const p of payloads) {
    for (const text of wrapped(p)) tom.say(text.startsWith('/') && !text.startsWith('/me') ? `/${text}` : text);
    tom.say(`end of ${payloads.indexOf(p)}!`);
    await sees(alice, `end of ${payloads.indexOf(p)}!`);
    const shown = await alice.locator('.log .message .body').evaluateAll((all) => all.slice(-6).map((e) => e.textContent));
    assert.ok(bare(shown[0]).includes(bare(p)), `${p} is shown as ${shown[0]}`);
  }
  await harmless(alice, 'messages');

  // As topics, searches, reasons, rooms and people.
  await say(alice, '/join #tea');
  await alice.locator('h1', { hasText: '#tea' }).waitFor();
  for (const p of some) {
    await say(alice, `/topic ${p}`);
    await alice.waitForFunction((t) => document.querySelector('.topic').textContent.replace(/\s/g, '') === t.replace(/\s/g, ''), p);
    for (const command of ['away', 'join', 'msg', 'whois', 'search', 'nick', 'invite', 'ignore', 'help']) {
      await say(alice, `/${command} ${p}`);
      await alice.keyboard.press('Escape');
    }
    await alice.locator('.sidebar .entry', { hasText: 'tea' }).click();
  }
  await harmless(alice, 'commands');
  await alice.keyboard.press('Control+Shift+F');
  for (const p of payloads) {
    await alice.locator('dialog[open] input').fill(p);
    await alice.locator('dialog[open] input').press('Enter');
  }
  await alice.locator('dialog[open] .results > *').first().waitFor();
  await harmless(alice, 'search');
  await alice.keyboard.press('Escape');

  // In the address.
  for (const p of some) await alice.goto(`${origin}/?${p}#${p}`);
  await alice.locator('.composer textarea').waitFor();
  await harmless(alice, 'address');
  tom.end();

  // From a server that is not what it says.
  const mallory = await open(browser, 'mallory', options);
  await mallory.routeWebSocket('**/ws', (socket) => {
    const send = (o) => socket.send(JSON.stringify(o));
    const time = new Date().toISOString();
    let id = 0;
    const lie = (p) => {
      const place = () => ({ room: `#${p}`, epoch: 1, seq: ++id, id: String(id) });
      const note = { code: 'kicked', text: p, args: { by: p, reason: p } };
      send({ type: 'joined', room: `#${p}`, name: 'mallory', others: 1, epoch: 1, seq: id, history: [{ type: 'message', ...place(), from: p, text: p, time }] });
      send({ type: 'topic', room: `#${p}`, text: p });
      send({ type: 'message', private: true, from: p, text: p, time });
      for (const room of ['#lobby', `#${p}`]) {
        send({ type: 'members', room, people: 2, list: [{ name: p, away: true, why: p }] });
        send({ type: 'roomMembers', room, owner: [p], operators: [p], voiced: [p], members: [p] });
        send({ type: 'message', ...place(), room, from: p, text: p, time, edited: time, replyTo: '1', kind: 'action' });
        send({ type: 'event', ...place(), room, what: p, name: p, time, ...note });
        for (const what of ['join', 'leave', 'nick', 'notice', 'announcement']) send({ type: 'event', ...place(), room, what, name: p, newName: p, time, ...note });
      }
      send({ type: 'notice', ...note });
      send({ type: 'error', ...note, code: p });
    };
    const answers = {
      hello: (o) => send({ type: 'welcome', v: 1, server: payloads[0], session: '1', limits: { text: 4096, lines: 64 }, commands: payloads.map((p) => ({ name: p, args: p, help: p, aliases: [p] })), cid: o.cid }),
      login: (o) => {
        send({ type: 'joined', cid: o.cid, room: '#lobby', name: 'mallory', others: 1, epoch: 1, seq: 0, history: [] });
        send({ type: 'session', token: payloads[0], for: 900 });
        payloads.forEach(lie);
        send({ type: 'message', room: '#lobby', epoch: 1, seq: ++id, id: String(id), from: 'mallory', text: 'the end', time });
      },
      command: (o) => {
        if (o.line === '/answers') for (const p of payloads) answer(o, p);
      },
    };
    const answer = (o, p) => {
      const event = { type: 'message', room: p, epoch: 1, seq: 1, id: '1', from: p, text: p, time };
      for (const a of [
        { type: 'usage', name: p, args: p, help: p, aliases: [p] }, { type: 'commands', list: [{ name: p, args: p, help: p }], topics: [p] },
        { type: 'rooms', list: [{ name: p, topic: p, people: 1 }] }, { type: 'topic', room: '#lobby', text: p }, { type: 'connections', list: [{ id: p, name: p, role: p, from: p }] },
        { type: 'whois', name: p, role: p, why: p, away: true, connections: [{ id: p, name: p, role: p, from: p }] }, { type: 'ignored', names: [p] },
        { type: 'settings', list: [{ name: p, value: p, values: { code: p, text: p } }] }, { type: 'roomSettings', room: p, list: [{ name: p, value: p, values: { code: p, text: p } }] },
        { type: 'roomMembers', room: p, owner: [p], operators: [p], members: [p], voiced: [p] }, { type: 'sanctions', list: [{ kind: p, target: p, net: p, room: p, by: p, reason: p }] },
        { type: 'flags', list: [{ id: '1', why: p, event }] }, { type: 'history', room: '#lobby', events: [event] }, { type: 'results', query: p, events: [event] },
        { type: 'completions', prefix: p, words: [p] }, { type: p, [p]: p },
      ]) send({ ...a, cid: o.cid });
    };
    socket.onMessage((m) => {
      const o = JSON.parse(m);
      (answers[o.type] ?? (() => {}))(o);
    });
  });
  await enter(mallory, 'mallory');
  await sees(mallory, 'the end');
  await harmless(mallory, 'events');
  await say(mallory, '/answers');
  await mallory.locator('.row.answer').nth(50).waitFor();
  await harmless(mallory, 'answers');
  await mallory.locator('.sidebar .entry').last().click();
  await mallory.locator('.message.private').waitFor();
  await harmless(mallory, 'a conversation');
});
