// The buttons of a message: they appear beside it when the pointer or the focus is on it.
import { el, iconButton } from '../dom.js';
import { t } from '../texts.js';

export class Tools {
  constructor(log, app) {
    this.log = log;
    this.app = app;
    const act = (f) => () => {
      const item = this.log.item(this.row);
      if (item) f(item);
    };
    this.reply = iconButton('reply', t('reply'), act((i) => app.startReply(i)));
    this.edit = iconButton('edit', t('edit'), act((i) => app.startEdit(i)));
    this.remove = iconButton('trash', t('delete'), act((i) => app.redact(i)));
    this.more = iconButton('more', t('more'), act((i) => app.personMenu(this.more, i.from, i)), { 'aria-haspopup': 'menu' });
    this.root = el('div', { class: 'tools', role: 'toolbar', 'aria-label': t('messageActions'), hidden: true }, this.reply, this.edit, this.remove, this.more);
    log.root.append(this.root);
    log.log.addEventListener('pointerover', (e) => {
      if (e.pointerType !== 'touch') this.at(e.target.closest('.message'));
    });
    log.log.addEventListener('click', (e) => {
      if (!e.target.closest('a, button') && getSelection().isCollapsed) this.at(e.target.closest('.message'));
    });
    log.log.addEventListener('focusin', (e) => this.at(e.target.closest('.message')));
    log.root.addEventListener('pointerleave', (e) => {
      // A finger leaves before its click.
      if (e.pointerType !== 'touch' && !this.root.contains(document.activeElement)) this.hide();
    });
    this.root.addEventListener('keydown', (e) => this.key(e));
  }

  /** at shows the buttons at a row. */
  at(row) {
    const item = this.log.item(row);
    if (!item || item.kind !== 'message' || item.deleted) {
      this.hide();
      return;
    }
    this.row = row;
    const { room } = this.log;
    this.reply.hidden = room.person;
    this.edit.hidden = !item.own || room.person;
    this.remove.hidden = room.person || !(item.own || this.app.chat.mayModerate(room));
    this.more.hidden = item.own;
    this.root.hidden = [this.reply, this.edit, this.remove, this.more].every((b) => b.hidden);
    this.moved();
  }

  moved() {
    if (this.root.hidden) return;
    if (!this.row.isConnected) {
      this.hide();
      return;
    }
    const { log } = this.log;
    const top = this.row.offsetTop - log.scrollTop;
    if (top + this.row.offsetHeight < 0 || top > log.clientHeight) this.hide();
    else this.root.style.top = `${Math.max(2, top - 14)}px`;
  }

  hide() {
    this.root.hidden = true;
    this.row = undefined;
  }

  focus(row) {
    this.at(row);
    this.buttons()[0]?.focus();
  }

  buttons() {
    return [...this.root.children].filter((b) => !b.hidden);
  }

  key(e) {
    const all = this.buttons();
    const at = all.indexOf(document.activeElement);
    if (e.key === 'ArrowRight') all[(at + 1) % all.length].focus();
    else if (e.key === 'ArrowLeft') all.at(at - 1).focus();
    else if (e.key === 'Escape') this.row?.focus();
    else return;
    e.preventDefault();
    e.stopPropagation();
  }
}
