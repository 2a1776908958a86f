// Dialogs: one that asks, one that shows, and the frame of both.
import { el, fill, button, iconButton, field } from '../dom.js';
import { t } from '../texts.js';

/** openDialog shows a modal dialog and returns it. It is removed when it is closed. */
export function openDialog(title, content, { className = '' } = {}) {
  const name = title.replace(/ …$/, ''); // as menus have it
  const dialog = el('dialog', { class: `dialog ${className}`, 'aria-label': name }); // no ID: the one before may still be closing
  const back = document.activeElement;
  fill(dialog, el('header', {}, el('h2', {}, name), iconButton('close', t('close'), () => dialog.close())), content);
  dialog.addEventListener('close', () => {
    dialog.remove();
    if (!back?.isConnected) return;
    // Chromium has moved the focus while the page was still inert, and sometimes drops what is
    // typed until the focus moves again.
    back.blur();
    back.focus();
  });
  dialog.addEventListener('click', (e) => {
    if (e.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** confirm asks; the promise is true if the answer is yes. */
export function confirm(title, text, yes) {
  return new Promise((resolve) => {
    let answer = false;
    const ok = button(yes, () => {
      answer = true;
      dialog.close();
    }, { class: 'primary' });
    const dialog = openDialog(title, el('div', {}, el('p', { class: 'prewrap' }, text),
      el('footer', {}, button(t('cancel'), () => dialog.close()), ok)));
    dialog.addEventListener('close', () => resolve(answer));
    ok.focus();
  });
}

/**
 * form shows a dialog with fields, each { name, label, value, type, hint, options, required }.
 * The promise is an object of the values, or undefined if it was cancelled.
 */
export function form(title, fields, { yes = t('ok'), text } = {}) {
  return new Promise((resolve) => {
    let result;
    const inputs = fields.map((f) => {
      const common = { name: f.name, required: f.required, maxlength: f.max ?? 400, autocomplete: f.autocomplete ?? 'off' };
      if (f.options) return el('select', { name: f.name }, f.options.map(([v, label]) => el('option', { value: v, selected: v === f.value }, label)));
      return el('input', { type: f.type ?? 'text', ...common, value: f.value ?? '', spellcheck: 'false' });
    });
    const dialog = openDialog(title, el('form', {
      method: 'dialog',
      on: {
        submit: (e) => {
          e.preventDefault();
          result = Object.fromEntries(inputs.map((i) => [i.name, i.value]));
          dialog.close();
        },
      },
    }, text && el('p', { class: 'prewrap' }, text), inputs.map((input, i) => field(fields[i].label, input, fields[i].hint)),
    el('footer', {}, button(t('cancel'), () => dialog.close()), el('button', { type: 'submit', class: 'primary' }, yes))));
    dialog.addEventListener('close', () => resolve(result));
    inputs[0]?.focus();
  });
}
