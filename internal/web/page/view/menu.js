// A menu at an element: arrows move, Enter chooses, Escape closes.
import { el } from '../dom.js';

/** openMenu shows entries, each [label, action, className?] or undefined, next to an element. */
export function openMenu(anchor, label, entries) {
  document.querySelector('.menu')?.close();
  const menu = el('div', { class: 'menu', role: 'menu', 'aria-label': label });
  const buttons = entries.filter(Boolean).map(([text, action, className = '']) => el('button', {
    type: 'button', role: 'menuitem', tabindex: '-1', class: className,
    on: {
      click: () => {
        menu.close();
        action();
      },
    },
  }, text));
  menu.append(...buttons);
  const outside = (e) => {
    if (!menu.contains(e.target)) menu.close(false);
  };
  menu.close = (focus = true) => {
    menu.remove();
    document.removeEventListener('pointerdown', outside, true);
    anchor.setAttribute('aria-expanded', 'false');
    if (focus && anchor.isConnected) anchor.focus();
  };
  menu.addEventListener('keydown', (e) => {
    const at = buttons.indexOf(document.activeElement);
    const go = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[e.key];
    if (go !== undefined) buttons.at(go % buttons.length).focus();
    else if (e.key === 'Escape' || e.key === 'Tab') menu.close();
    else return;
    e.preventDefault();
    e.stopPropagation();
  });
  (anchor.closest('dialog') ?? document.querySelector('main')).append(menu);
  const box = anchor.getBoundingClientRect();
  const size = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(8, Math.min(box.left, innerWidth - size.width - 8))}px`;
  menu.style.top = `${box.bottom + size.height + 8 > innerHeight ? Math.max(8, box.top - size.height - 4) : box.bottom + 4}px`;
  anchor.setAttribute('aria-expanded', 'true');
  document.addEventListener('pointerdown', outside, true);
  buttons[0]?.focus();
}
