// The keys that work everywhere, their list, and the switcher of rooms.
import { el, fill } from './dom.js';
import { t } from './texts.js';
import { openDialog } from './view/dialog.js';

const allKeys = [
  ['Ctrl K', 'key.switch'], ['Alt A', 'key.unread'], ['Alt ↑ / Alt ↓', 'key.rooms'], ['Ctrl Shift F', 'key.search'], ['Enter', 'key.send'], ['Shift Enter', 'key.newline'],
  ['↑', 'key.editLast'], ['Tab', 'key.complete'], ['Shift Tab', 'key.log'], ['↑ / ↓ / Enter', 'key.rows'], ['Escape', 'key.escape'], ['? / Ctrl ,', 'key.help'],
];

/** shortcuts acts on a key that was pressed anywhere. */
export function shortcuts(e, app) {
  if (!app.chatView.isConnected || document.querySelector('dialog[open]')) return;
  const typing = e.target.closest?.('input, textarea, select');
  const ctrl = e.ctrlKey || e.metaKey;
  if (ctrl && !e.shiftKey && e.key.toLowerCase() === 'k') switchRoom(app);
  else if (ctrl && e.shiftKey && e.key.toLowerCase() === 'f') app.search();
  else if (e.altKey && !ctrl && e.code === 'KeyA') app.goUnread();
  else if (e.altKey && !ctrl && (e.key === 'ArrowUp' || e.key === 'ArrowDown')) step(app, e.key === 'ArrowUp' ? -1 : 1);
  else if (e.key === 'Escape' && app.panel) app.togglePanel('');
  else if ((e.key === '?' && !typing) || (ctrl && e.key === ',')) showKeys();
  else return;
  e.preventDefault();
}

function step(app, by) {
  const rooms = app.chat.sorted();
  app.show(rooms[(rooms.indexOf(app.active) + by + rooms.length) % rooms.length]);
}

export function showKeys() {
  openDialog(t('keys'), el('dl', { class: 'keys' }, allKeys.map(([keys, what]) => [el('dt', {}, keys.split(' / ').flatMap((k, i) => [i ? ' / ' : '', el('kbd', {}, k)])), el('dd', {}, t(what))])));
}

/** switchRoom asks for a room or person, and shows it. */
function switchRoom(app) {
  const rooms = app.chat.sorted();
  let options = [];
  let at = 0;
  const input = el('input', { role: 'combobox', 'aria-label': t('switchTo'), 'aria-expanded': 'true', 'aria-controls': 'switch-list', 'aria-autocomplete': 'list', spellcheck: 'false' });
  const results = el('ul', { id: 'switch-list', role: 'listbox', 'aria-label': t('conversations') });
  const choose = (i) => {
    const room = options[i];
    dialog.close();
    if (room) app.show(room);
    else if (/^@./.test(input.value.trim())) app.show(app.chat.person(input.value.trim().slice(1)));
    else if (input.value.trim()) app.join(input.value.trim());
  };
  const draw = () => {
    const word = input.value.trim().toLowerCase();
    options = rooms.filter((r) => r.name.toLowerCase().includes(word)).sort((a, b) => b.mentions - a.mentions || b.unread - a.unread).slice(0, 12);
    at = Math.min(at, Math.max(0, options.length - 1));
    fill(results, options.map((r, i) => el('li', { role: 'option', id: `switch-${i}`, 'aria-selected': String(i === at), on: { click: () => choose(i) } },
      r.person ? `${r.name} (${t('privateLabel')})` : r.name, r.unread > 0 && el('span', { class: 'count' }, String(r.unread)))),
    options.length === 0 && el('li', { role: 'option', 'aria-selected': 'true', id: 'switch-0', on: { click: () => choose(-1) } }, t('joinNew', { room: input.value.trim() })));
    input.setAttribute('aria-activedescendant', `switch-${at}`);
  };
  input.addEventListener('input', () => {
    at = 0;
    draw();
  });
  input.addEventListener('keydown', (e) => {
    if (e.key === 'ArrowDown') at = (at + 1) % Math.max(1, options.length);
    else if (e.key === 'ArrowUp') at = (at + options.length - 1) % Math.max(1, options.length);
    else if (e.key === 'Enter') {
      choose(options.length ? at : -1);
      e.preventDefault();
      return;
    } else return;
    e.preventDefault();
    draw();
  });
  const dialog = openDialog(t('switchTo'), el('div', { class: 'switcher' }, input, results));
  draw();
  input.focus();
}
