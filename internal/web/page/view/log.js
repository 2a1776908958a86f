// The log of the active room. Only a part of its items is in the page; scrolling moves that part.
import { el, button, icon } from '../dom.js';
import { dayKey, fullTime } from '../format.js';
import { t } from '../texts.js';
import { dayRow, itemRow, newRow, pendingRow } from './rows.js';
import { Tools } from './tools.js';

const FIRST = 120; // items shown at first
const STEP = 60; // items added at an end
const MOST_SHOWN = 360; // items shown at once
const NEAR = 400; // pixels from an end at which more are added
const TOGETHER = 5 * 60_000; // messages of one author within this time are shown together

export class LogView {
  constructor(app) {
    this.app = app;
    this.rows = new Map(); // elements by key
    this.views = new Map(); // by room: where it was left
    this.log = el('div', { class: 'log', role: 'log', 'aria-label': t('messages'), 'aria-live': 'polite', tabindex: '0' });
    this.unsent = el('div', { 'aria-live': 'off' }); // screen readers say a message when it is saved, or has failed
    this.toNew = el('button', { type: 'button', class: 'float to-new', hidden: true, on: { click: () => app.goUnread() } });
    this.toEnd = button(t('toNewest'), () => this.goEnd(), { class: 'float to-end', hidden: true });
    this.toEnd.prepend(icon('down'));
    this.root = el('div', { class: 'log-wrap' }, this.log, this.toNew, this.toEnd);
    this.tools = new Tools(this, app);
    this.log.addEventListener('scroll', () => this.scrolled(), { passive: true });
    this.log.addEventListener('keydown', (e) => this.key(e));
    this.log.addEventListener('pointerover', ({ target: at }) => { // screen readers would read it after every message
      if (at.localName === 'time') at.title ||= fullTime(at.dateTime);
    });
    new ResizeObserver(() => { if (this.stuck) this.log.scrollTop = this.log.scrollHeight; }).observe(this.log);
  }

  show(room) {
    if (this.room) this.views.set(this.room.key, { first: this.first, last: this.last, stuck: this.stuck, anchor: this.anchor() });
    const view = this.views.get(room.key) ?? { stuck: true };
    this.room = room;
    this.rows.clear();
    this.unsent.replaceChildren();
    this.log.replaceChildren(this.unsent);
    this.first = view.stuck ? undefined : view.first;
    this.last = view.stuck ? undefined : view.last;
    this.stuck = view.stuck;
    this.tools.hide();
    this.quiet();
    this.draw(view.stuck ? undefined : view.anchor);
    this.scrolled();
  }

  /** quiet keeps screen readers from reading what is drawn now: it was there before. */
  quiet() {
    clearTimeout(this.loud);
    this.log.setAttribute('aria-live', 'off');
    this.loud = setTimeout(() => this.log.setAttribute('aria-live', 'polite'), 300);
  }

  /** forget drops what is known of the rooms. */
  forget() {
    this.room = undefined;
    this.views.clear();
  }

  /** update draws again, soon. */
  update() {
    if (this.drawing) return;
    this.drawing = true;
    const go = () => {
      this.drawing = false;
      if (!this.room) return;
      this.draw(this.stuck ? undefined : this.anchor());
      this.scrolled(); // there may still be too little at an end
    };
    if (document.hidden) setTimeout(go, 50); else requestAnimationFrame(go);
  }

  /** range returns the indexes of the items to show. */
  range() {
    const { items } = this.room;
    let to = this.last ? this.index(this.last) + 1 : items.length;
    let from = this.first ? this.index(this.first) : Math.max(0, to - FIRST);
    if (from > to) from = Math.max(0, to - FIRST);
    if (to - from > MOST_SHOWN) {
      if (this.last) to = from + MOST_SHOWN; else from = to - MOST_SHOWN;
    }
    return [from, to];
  }

  index(at) {
    return Math.min(this.room.find(at.id, at.sub), this.room.items.length - 1);
  }

  draw(anchor) {
    const { room, app } = this;
    const [from, to] = this.range();
    const fresh = new Map();
    const put = (key, version, make) => {
      const old = this.rows.get(key);
      const row = old && old.version === version ? old : { version, node: make() };
      row.node.dataset.key = key;
      fresh.set(key, row);
    };
    let before;
    for (const item of room.items.slice(from, to)) {
      if (!before || dayKey(before.time) !== dayKey(item.time)) put(`day ${dayKey(item.time)}`, dayKey(new Date().toISOString()), () => dayRow(item));
      const isNew = room.newFrom === item.key;
      if (isNew) put('new', 1, newRow);
      const follows = !isNew && together(before, item) && !item.replyTo;
      const quote = item.replyTo ? room.byID(item.replyTo)?.version ?? 0 : 0;
      put(item.key, `${item.version} ${follows} ${item.mention} ${quote}`, () => itemRow(item, follows, room, app));
      before = item;
    }
    if (!room.detached && to === room.items.length) {
      for (const post of app.pending(room)) put(`post ${post.cid}`, post.state, () => this.pending(post));
    }
    this.place(fresh);
    this.rows = fresh;
    if (anchor) this.restore(anchor);
    else if (this.stuck) this.log.scrollTop = this.log.scrollHeight;
    this.floats();
    this.tools.moved();
  }

  pending(post) {
    const row = pendingRow(post, this.room, this.app);
    if (row.matches('.failed')) this.app.announce(row.querySelector('.state').firstChild.textContent);
    return row;
  }

  /** place puts the rows into the log, those not sent at its end, moving as few as possible. */
  place(fresh) {
    for (const [key, row] of this.rows) if (fresh.get(key)?.node !== row.node) row.node.remove();
    let to = this.log;
    let at = to.firstChild;
    for (const { node } of fresh.values()) {
      if (to === this.log && node.matches('.pending')) {
        to = this.unsent;
        at = to.firstChild;
      }
      if (node === at) at = at.nextSibling;
      else to.insertBefore(node, at);
    }
  }

  /** anchor returns the first visible row and where its end is: its author may be left out above. */
  anchor() {
    const top = this.log.scrollTop;
    for (const [key, { node }] of this.rows) {
      if (node.offsetTop + node.offsetHeight > top && !key.startsWith('day ') && key !== 'new') return { key, offset: node.getBoundingClientRect().bottom };
    }
    return undefined;
  }

  restore(anchor) {
    const row = this.rows.get(anchor.key);
    if (row) this.log.scrollTop += row.node.getBoundingClientRect().bottom - anchor.offset;
  }

  atEnd() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 48;
  }

  scrolled() {
    const { room } = this;
    if (!room) return;
    const [from, to] = this.range();
    const { items } = room;
    this.stuck = this.atEnd() && to === items.length && !room.detached;
    if (this.stuck) this.last = undefined;
    const below = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight;
    if (this.log.scrollTop < NEAR) {
      if (from > 0) this.move(Math.max(0, from - STEP), Math.min(to, from - STEP + MOST_SHOWN));
      else if (room.older && items.length > 0) this.app.loadOlder(room);
    } else if (below < NEAR) {
      if (to < items.length) this.move(Math.max(from, to + STEP - MOST_SHOWN), Math.min(items.length, to + STEP));
      else if (room.detached) this.app.loadNewer(room);
    } else if (!this.stuck && !this.first) {
      this.move(from, to);
    }
    this.floats();
    this.tools.moved();
    if (this.stuck) this.app.seen();
  }

  /** move shows another range of items. */
  move(from, to) {
    const { items } = this.room;
    this.first = mark(items[from]);
    this.last = to < items.length || this.room.detached ? mark(items[to - 1]) : undefined;
    if (!this.first) return;
    this.quiet();
    this.update();
  }

  floats() {
    const line = this.rows.get('new')?.node;
    const above = line ? line.offsetTop + line.offsetHeight < this.log.scrollTop : Boolean(this.room.newFrom);
    this.toNew.hidden = !above;
    if (above) this.toNew.replaceChildren(icon('up'), t('toUnread'));
    this.toEnd.hidden = this.stuck || (this.atEnd() && !this.room.detached);
  }

  goEnd() {
    const { room } = this;
    const go = () => {
      if (room !== this.room) return;
      this.first = this.last = undefined;
      this.stuck = true;
      this.draw();
      this.app.seen();
    };
    if (room.detached) this.app.loadLatest(room, go);
    else go();
  }

  /** reveal scrolls to an item and marks it for a moment. It returns false if it is not there. */
  reveal(key, { focus = true } = {}) {
    const at = this.room.items.findIndex((i) => i.key === key);
    if (at < 0) return false;
    this.stuck = false;
    this.first = mark(this.room.items[Math.max(0, at - 60)]);
    const end = Math.min(this.room.items.length, at + 60);
    this.last = end < this.room.items.length ? mark(this.room.items[end - 1]) : undefined;
    this.draw();
    const { node } = this.rows.get(key);
    this.log.scrollTop = node.offsetTop - this.log.clientHeight / 3;
    if (focus) node.focus({ preventScroll: true });
    node.classList.add('found');
    setTimeout(() => node.classList.remove('found'), 2500);
    this.scrolled();
    return true;
  }

  /** key moves between rows. */
  key(e) {
    const row = e.target.closest('.row');
    if (e.key === 'Escape') {
      this.app.composer.focus();
    } else if (e.key === 'ArrowUp' || e.key === 'ArrowDown') {
      const all = [...this.log.querySelectorAll('.row[tabindex]')];
      const at = row ? all.indexOf(row) + (e.key === 'ArrowUp' ? -1 : 1) : all.length - 1;
      if (e.target !== row && e.target !== this.log) return;
      const next = all[Math.max(0, Math.min(at, all.length - 1))];
      next?.focus({ preventScroll: true });
      next?.scrollIntoView({ block: 'nearest' });
    } else if (row && e.target === row && e.key === 'Enter') {
      this.tools.focus(row);
    } else {
      return;
    }
    e.preventDefault();
  }

  item(row) {
    return row && this.room.items.find((i) => i.key === row.dataset.key);
  }
}

function mark(item) {
  return item && { id: item.id, sub: item.sub };
}

function together(a, b) {
  return a?.kind === 'message' && b.kind === 'message' && a.from === b.from && !a.action && !b.action && a.private === b.private
    && dayKey(a.time) === dayKey(b.time) && Math.abs(new Date(b.time) - new Date(a.time)) < TOGETHER;
}
