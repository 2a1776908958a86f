// Where messages are written.
import { el, fill, iconButton, icon } from '../dom.js';
import { t } from '../texts.js';
import { complete, apply } from '../complete.js';
import { expand } from '../emoji.js';
import { confirm } from './dialog.js';

const MANY = 6; // lines that are pasted only after a question
const bytes = (text) => new TextEncoder().encode(text).length;

export class Composer {
  constructor(app) {
    this.app = app;
    this.text = el('textarea', {
      rows: '1', id: 'message', 'aria-label': t('message'), 'aria-autocomplete': 'list', 'aria-controls': 'completions', enterkeyhint: 'send',
      on: { input: () => this.changed(), keydown: (e) => this.key(e), paste: (e) => this.paste(e), blur: () => this.closeList() },
    });
    this.list = el('ul', { class: 'completions', id: 'completions', role: 'listbox', 'aria-label': t('completions'), hidden: true });
    this.note = el('div', { class: 'context', hidden: true });
    this.error = el('p', { class: 'error', role: 'status' });
    this.sendButton = iconButton('send', t('send'), () => this.send(), { class: 'icon-button send' });
    this.root = el('form', { class: 'composer', on: { submit: (e) => { e.preventDefault(); this.send(); } } },
      this.list, this.note, this.error, el('div', { class: 'box' }, this.text, this.sendButton));
  }

  focus() {
    this.text.focus();
  }

  show(room) {
    this.room = room;
    this.setContext();
    this.set(this.app.draft(room));
    this.text.placeholder = room.person ? t('writeTo', { name: room.name }) : t('writeIn', { room: room.name });
  }

  set(text) {
    this.text.value = text;
    this.size();
    this.closeList();
    fill(this.error);
  }

  /** setContext shows what is replied to or edited. */
  setContext(context) {
    this.context = context;
    this.note.hidden = !context;
    if (!context) return;
    fill(this.note, icon(context.edit ? 'edit' : 'reply'), el('span', {}, context.edit ? t('editing') : t('replyingTo', { name: context.item.from }), ' ', el('q', {}, context.item.text.slice(0, 120))),
      iconButton('close', t('cancel'), () => this.cancel()));
    if (context.edit) {
      this.saved = this.text.value;
      this.set(context.item.text);
    }
    this.focus();
  }

  cancel() {
    const was = this.context;
    this.setContext();
    if (was?.edit) this.set(this.saved ?? '');
    this.focus();
  }

  size() {
    this.text.style.height = 'auto';
    this.text.style.height = `${this.text.scrollHeight}px`;
  }

  changed() {
    this.size();
    fill(this.error);
    if (!this.context?.edit) this.app.setDraft(this.room, this.text.value);
    this.suggest(false);
  }

  send() {
    let text = this.text.value.replace(/\s+$/, '');
    if (!text.trim()) return;
    const { text: most, lines } = this.app.chat.limits;
    const command = text[0] === '/' && text[1] !== '/';
    if (!command) text = expand(text);
    if (bytes(text) > most) this.say(t('tooLong', { n: bytes(text) - most }));
    else if (text.split('\n').length > lines) this.say(t('tooManyLines', { n: lines }));
    else if (command && text.includes('\n')) this.say(t('commandOneLine'));
    else this.submit(text);
  }

  submit(text) {
    const { room, context } = this;
    const written = this.text.value;
    this.setContext();
    this.set('');
    this.app.setDraft(room, '');
    if (this.app.submit(text, context)) return;
    const why = this.error.textContent;
    if (context) this.setContext(context);
    this.set(written);
    this.app.setDraft(room, written);
    this.say(why);
  }

  say(text) {
    fill(this.error, text);
  }

  async paste(e) {
    const text = e.clipboardData?.getData('text/plain').replace(/\r\n?/g, '\n') ?? '';
    const lines = text.replace(/\n+$/, '').split('\n').length;
    if (lines < MANY) return;
    e.preventDefault();
    const { text: most, lines: limit } = this.app.chat.limits;
    if (bytes(text) > most || lines > limit) {
      this.say(t('pasteTooLong', { n: lines }));
      return;
    }
    if (!await confirm(t('pasteTitle'), `${t('pasteText', { n: lines })}\n\n${text.slice(0, 400)}${text.length > 400 ? ' …' : ''}`, t('pasteYes'))) return;
    this.focus();
    this.text.setRangeText(text.replace(/\n+$/, ''), this.text.selectionStart, this.text.selectionEnd, 'end');
    this.changed();
  }

  key(e) {
    if (e.isComposing) return;
    if (!this.list.hidden && this.listKey(e)) {
      e.preventDefault();
      return;
    }
    if (e.key === 'Enter' && !e.shiftKey && !e.altKey) this.send();
    else if (e.key === 'Tab' && !e.shiftKey && this.text.value && this.suggest(true)) { /* shown or inserted */ }
    else if (e.key === 'ArrowUp' && !this.text.value && !this.context) this.app.editLast();
    else if (e.key === 'Escape' && this.context) this.cancel();
    else return;
    e.preventDefault();
  }

  /** suggest shows what completes the word, and reports whether there is anything. */
  suggest(asked) {
    const found = complete(this.text.value, this.text.selectionStart, this.app.words(), asked);
    if (!found.options.length) {
      this.closeList();
      return false;
    }
    this.found = found;
    if (asked && found.options.length === 1) {
      this.choose(0);
      return true;
    }
    this.at = 0;
    fill(this.list, found.options.map((o, i) => el('li', {
      role: 'option', id: `option-${i}`, on: {
        pointerdown: (e) => {
          e.preventDefault();
          this.choose(i);
        },
      },
    }, el('span', {}, o.label), o.help && el('small', {}, o.help))));
    this.list.hidden = false;
    this.mark();
    this.app.announce(t('completionsFound', { n: found.options.length, first: found.options[0].label }));
    return true;
  }

  mark() {
    [...this.list.children].forEach((li, i) => li.setAttribute('aria-selected', String(i === this.at)));
    this.text.setAttribute('aria-activedescendant', `option-${this.at}`);
  }

  listKey(e) {
    const n = this.found.options.length;
    // A whole command is sent, not completed.
    const whole = this.found.options[this.at].insert.trim() === this.text.value.trim();
    if (e.key === 'ArrowDown') this.at = (this.at + 1) % n;
    else if (e.key === 'ArrowUp') this.at = (this.at + n - 1) % n;
    else if (e.key === 'Tab' || (e.key === 'Enter' && !e.shiftKey && !whole)) {
      this.choose(this.at);
      return true;
    } else if (e.key === 'Escape') {
      this.closeList();
      return true;
    } else {
      return false;
    }
    this.mark();
    return true;
  }

  choose(i) {
    const { text, cursor } = apply(this.text.value, this.found, this.found.options[i]);
    this.text.value = text;
    this.text.setSelectionRange(cursor, cursor);
    this.closeList();
    this.size();
    this.app.setDraft(this.room, text);
  }

  closeList() {
    this.list.hidden = true;
    this.text.removeAttribute('aria-activedescendant');
  }
}
