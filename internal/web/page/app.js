// The page: it connects the views, the state and the connection. Everything that a user can
// do is a method here or in actions.js.
import { Connection } from './connection.js';
import { Chat } from './state.js';
import { el, fill, iconButton, icon } from './dom.js';
import { tab } from './storage.js';
import { noticeRoom, serverText, t } from './texts.js';
import { Notifier } from './notify.js';
import { actions } from './actions.js';
import { people } from './people.js';
import { Pace } from './pace.js';
import { rooms } from './rooms.js';
import { kept } from './kept.js';
import { LoginView } from './view/login.js';
import { Sidebar } from './view/sidebar.js';
import { Members } from './view/members.js';
import { LogView } from './view/log.js';
import { Composer } from './view/composer.js';
import { OfflineBanner } from './view/banner.js';
import { shortcuts } from './keys.js';

export class App {
  constructor() {
    this.chat = new Chat();
    this.reads = tab.get('reads', {}); // of a guest, which the server does not keep
    this.drafts = tab.get('drafts', {});
    this.connection = new Connection({
      url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`,
      storage: tab,
      events: {
        status: (s) => this.status(s), received: (o) => this.received(o), refused: (e) => this.refused(e),
        ended: (b) => this.ended(b), said: (b) => this.announce(serverText(b)), outbox: () => this.log.update(),
      },
    });
    this.pace = new Pace();
    this.notifier = new Notifier(this);
    this.sidebar = new Sidebar(this);
    this.members = new Members(this);
    this.log = new LogView(this);
    this.composer = new Composer(this);
    this.banner = new OfflineBanner(this);
    this.login = new LoginView((c) => this.logIn(c));
    this.live = el('div', { class: 'sr', role: 'status' });
    this.title = el('h1', {});
    this.topic = el('p', { class: 'topic' });
    this.roomButton = iconButton('settings', t('roomMenu'), () => this.roomMenu(this.roomButton), { 'aria-haspopup': 'menu' });
    this.membersButton = iconButton('people', t('members'), () => this.togglePanel('members'), { 'aria-controls': 'members' });
    this.main = el('main', { class: 'room' },
      el('header', { class: 'bar' },
        iconButton('menu', t('conversations'), () => this.togglePanel('sidebar'), { class: 'icon-button only-narrow', 'aria-controls': 'sidebar' }),
        el('div', { class: 'titles' }, this.title, this.topic),
        iconButton('search', t('search'), () => this.search()), this.roomButton, this.membersButton),
      this.banner.root, this.log.root, this.composer.root);
    this.shade = el('div', { class: 'shade', on: { click: () => this.togglePanel('') } });
    this.chatView = el('div', { class: 'chat' }, el('a', { class: 'skip', href: '#message', on: { click: (e) => { e.preventDefault(); this.composer.focus(); } } }, t('skip')),
      this.sidebar.root, this.main, this.members.root, this.shade, this.live);
    this.root = el('div', { class: 'app' }, this.login.root);
  }

  start() {
    document.addEventListener('keydown', (e) => shortcuts(e, this));
    document.addEventListener('visibilitychange', () => this.returned());
    addEventListener('focus', () => this.returned());
    addEventListener('online', () => this.connection.check());
    this.restorePrivates();
    if (this.connection.canResume()) {
      this.chat.me.name = tab.get('me', { name: '' }).name;
      this.enter();
      const last = tab.get('active', '#lobby');
      this.show(last.startsWith('@') ? this.chat.person(last.slice(1)) : this.chat.room(last));
      this.connection.resume();
    } else {
      this.login.show();
    }
  }

  /** logIn begins a new session. What another user has left is dropped. */
  logIn(credentials) {
    if (this.chat.isMe(credentials.name)) {
      for (const [key, room] of this.chat.rooms) if (!room.person) this.chat.rooms.delete(key);
    } else {
      this.forget();
    }
    this.log.forget();
    this.connection.logIn(credentials);
  }

  /** enter shows the chat instead of the login. */
  enter() {
    if (this.chatView.isConnected) return;
    fill(this.root, this.chatView);
    this.shown = undefined;
  }

  leave(text) {
    fill(this.root, this.login.root);
    this.login.show();
    if (text) this.login.say(text);
    this.active = undefined;
  }

  status(state) {
    if (state === 'waiting' && !this.chatView.isConnected) { // a login: the user decides whether to try again
      this.connection.stop();
      this.login.refused({ code: 'unreachable', text: t('unreachable') });
      return;
    }
    if (state === 'online') {
      this.enter();
      this.caughtUp();
    }
    this.banner.update();
    this.log.update();
  }

  /** caughtUp is called after a login or a resume. */
  caughtUp() {
    const { connection, chat } = this;
    if (!connection.resuming && !chat.me.registered) { // a new session of a guest: in the lobby only
      for (const r of chat.rooms.values()) if (!r.person && !connection.places.has(r.name)) this.join(r.name);
    }
    connection.request({ type: 'whoami' }, (o) => {
      this.update(chat.apply(o));
      tab.set('me', chat.me);
      for (const r of chat.rooms.values()) if (!r.person && o.rooms && !o.rooms.includes(r.name)) chat.rooms.delete(r.name);
      this.update({});
    });
    for (const r of chat.rooms.values()) r.listed = r.loading = false;
    if (!this.active) {
      const last = tab.get('active', '');
      this.show(chat.rooms.get(last) ?? chat.rooms.get('#lobby') ?? chat.sorted()[0]);
      this.composer.focus();
    } else {
      this.list(this.active);
    }
  }

  refused(error) {
    this.leave();
    if (error.code !== 'resume-unknown') this.login.refused(error);
    else if (this.chat.me.name) this.login.say(t('sessionOver'));
  }

  ended(bye) {
    if (bye.code === 'goodbye') this.forget();
    this.leave(bye.code === 'goodbye' ? '' : bye.code === 'resumed-elsewhere' ? t('elsewhere') : serverText(bye));
  }

  /** forget drops everything that this tab has stored. */
  forget() {
    tab.clear();
    this.reads = {};
    this.drafts = {};
    this.chat = new Chat();
    this.connection.outbox.posts = [];
  }

  received(o) {
    if (o.type === 'question') {
      this.ask(o);
      return;
    }
    if (o.type === 'gap') {
      const room = this.chat.room(o.room);
      this.loadLatest(room, () => {});
      room.listed = false; // who came, went and changed is missing, too
      this.list(this.active);
      return;
    }
    if (o.type === 'joined' && !o.read && this.reads[o.room]) this.chat.room(o.room).read = this.reads[o.room];
    if (o.type === 'message' && this.isOwn(o)) this.connection.outbox.arrived(o);
    const change = this.chat.apply(o);
    if (change.left) this.left(change.left);
    if (change.renamed) this.renamed(change.renamed);
    if (o.type === 'message' && o.private) this.storePrivates();
    if (o.type === 'joined' && o.cid && o.cid === this.joining) this.show(change.room);
    if (change.joined && change.room === this.active && !change.room.newFrom && change.room.unread) change.room.newFrom = change.room.firstUnread(this.chat.mine);
    if (change.item && !change.item.own) this.arrived(change.room, change.item);
    if (change.announcement) this.local({ ...o, type: 'notice', code: o.code ?? 'announcement' });
    if (['notice', 'error'].includes(o.type)) this.local(o);
    if (o.type === 'held') this.local(o, this.chat.rooms.get(o.room));
    this.update(change);
    if (change.roles) this.list(change.room, true);
  }

  isOwn(o) {
    return o.private ? !o.from : this.chat.isMe(o.from);
  }

  arrived(room, item) {
    if (room === this.active && this.watching() && this.log.stuck) {
      this.seen();
      return;
    }
    if (!room.newFrom && room === this.active) room.newFrom = item.key;
    if (room.person || item.mention) this.notifier.notify(room, item);
  }

  watching() {
    return !document.hidden && document.hasFocus();
  }

  /** update draws what a change concerns, soon: a crowd may talk. */
  update({ room } = {}) {
    this.changed ||= !room || room === this.active;
    if (this.changed) this.log.update();
    if (this.drawing) return;
    this.drawing = true;
    if (document.hidden) setTimeout(() => this.draw(), 100); else requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.drawing = false;
    this.sidebar.render();
    if (this.changed) {
      this.changed = false;
      this.members.render();
      this.head();
    }
    const unread = [...this.chat.rooms.values()].reduce((n, r) => n + r.mentions, 0);
    document.title = (unread ? `(${unread}) ` : '') + (this.active ? `${this.active.name} – ` : '') + (this.chat.server || t('title'));
  }

  head() {
    const room = this.active;
    if (!room) return;
    fill(this.title, room.person ? [icon('lock'), room.name] : room.name);
    fill(this.topic, room.person ? t('privateConversation') : room.topic);
    this.topic.title = room.topic;
    this.membersButton.hidden = room.person;
    this.chatView.classList.toggle('no-members', room.person);
  }

  /** show makes a room the active one. */
  show(room) {
    if (!room) return;
    if (this.active && this.active !== room) this.active.newFrom = undefined;
    this.active = room;
    tab.set('active', room.key);
    if (room.unread) room.newFrom = room.firstUnread(this.chat.mine);
    this.togglePanel('');
    this.composer.show(room);
    this.log.show(room);
    this.list(room);
    this.update({ room });
    this.seen();
    if (matchMedia('(pointer: fine)').matches) this.composer.focus();
  }

  /** seen records that the active room is read to its end, if the user sees it. */
  seen() {
    const room = this.active;
    if (!room || !this.watching() || !this.log.stuck || room.detached) return;
    const changed = room.unread > 0;
    const place = this.chat.markRead(room);
    if (place && this.chat.me.registered) {
      clearTimeout(this.reading);
      this.reading = setTimeout(() => this.connection.request({ type: 'read', room: room.name, ...room.read }, () => {}), 1000);
    } else if (place) {
      this.reads[room.name] = place;
      tab.set('reads', this.reads);
    }
    if (changed && room.person) this.storePrivates();
    if (changed) this.update({ room });
  }

  returned() {
    if (!this.watching()) return;
    if (this.connection.state === 'waiting') this.connection.check();
    this.seen();
  }

  /** left is called when the user is no longer in a room. */
  left(room) {
    this.connection.forget(room.name);
    delete this.drafts[room.key];
    if (this.active === room) this.show(this.chat.rooms.get('#lobby') ?? this.chat.sorted()[0]);
  }

  /** local shows something in a room, usually the active one, that only this user sees. */
  local(object, room = this.active) {
    const quiet = noticeRoom(object) === 'nowhere';
    if (quiet || !room) return;
    room.addLocal({ kind: 'answer', object, time: new Date().toISOString() });
    this.log.update();
  }

  /** announce tells screen readers. */
  announce(text) {
    this.live.textContent = text;
  }

  togglePanel(name) {
    const open = this.panel === name ? '' : name;
    this.panel = open;
    this.chatView.dataset.panel = open;
    if (open === 'members') this.list(this.active, true);
    if (name === 'members' && !matchMedia('(max-width: 68rem)').matches) this.chatView.classList.toggle('hide-members');
    const panel = { sidebar: this.sidebar, members: this.members }[open];
    if (panel && matchMedia('(max-width: 68rem)').matches) panel.root.querySelector('.current, button')?.focus();
  }
}

Object.assign(App.prototype, actions, rooms, people, kept);
