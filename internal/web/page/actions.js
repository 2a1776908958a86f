// What the user does with messages and rooms. These are methods of App.
import { el, fill, button } from './dom.js';
import { t } from './texts.js';
import { openDialog, confirm, form } from './view/dialog.js';
import { openMenu } from './view/menu.js';
import { found } from './view/answers.js';
import { device } from './storage.js';
import { showKeys } from './keys.js';

/** Commands that the page carries out itself. */
const own = { me: 'action', msg: 'private', m: 'private', tell: 'private', search: 'search', join: 'join', j: 'join' };

export const actions = {
  /** submit sends what was written; it returns false if that can't be queued. */
  submit(text, context) {
    if (context?.edit) {
      this.request({ type: 'edit', room: this.active.name, id: context.item.id, text });
      return true;
    }
    if (text[0] === '/' && text[1] !== '/') return this.command(text);
    return this.post({ text: text.startsWith('//') ? text.slice(1) : text, replyTo: context?.item.id });
  },

  post(request) {
    const to = this.active.person ? { to: this.active.name } : { room: this.active.name };
    const post = this.connection.post({ ...to, ...request });
    if (!post) {
      this.composer.say(t('queueFull'));
      return false;
    }
    this.active.newFrom = undefined;
    this.log.goEnd();
    this.log.update();
    return true;
  },

  retryPost(post) {
    this.connection.outbox.retry(post.cid);
    this.connection.flush();
    this.log.update();
  },

  discardPost(post) {
    this.connection.outbox.drop(post.cid);
    this.log.update();
  },

  /** command carries out a line that begins with a slash. */
  command(line) {
    const [, name, rest] = /^\/(\S*)\s*([\s\S]*)$/.exec(line);
    const kind = own[name.toLowerCase()];
    if (kind === 'action' && rest) return this.post({ text: rest, kind: 'action' });
    if (kind === 'private' && /^\S+\s+\S/.test(rest)) {
      const [, to, text] = /^(\S+)\s+([\s\S]+)$/.exec(rest);
      this.show(this.chat.person(to));
      return this.post({ text });
    }
    if (kind === 'search' && rest) {
      this.search(rest);
      return true;
    }
    if (kind === 'join' && rest) {
      const [room, key] = rest.split(/\s+/);
      this.join(room, key);
      return true;
    }
    if (['quit', 'exit', 'q'].includes(name.toLowerCase())) {
      this.quit();
      return true;
    }
    const current = this.active.person ? undefined : this.active.name;
    return this.request({ type: 'command', line, room: current }, (o) => {
      this.answered(o);
      return 'more';
    });
  },

  /** answered shows the answer to a command, and lets the state have it. */
  answered(o) {
    if (o.type === 'question') {
      this.ask(o);
      return;
    }
    if (o.type === 'joined' || o.type === 'message' || o.type === 'event') {
      this.received(o);
      if (o.type === 'joined') this.show(this.chat.room(o.room));
      return;
    }
    const change = this.chat.apply(o);
    if (change.left) this.left(change.left);
    if (o.type !== 'ack') this.local(o);
    this.update(change);
  },

  /** request sends a request, and says so if there is no connection. */
  request(object, handler = (o) => this.answered(o)) {
    if (this.connection.request(object, handler)) return true;
    this.composer.say(t('offlineNoCommands'));
    return false;
  },

  /** ask shows a question of the server, such as one for a password. */
  async ask(question) {
    const [value] = Object.values(await form(t('question'), [{
      name: 'answer', label: t(`q.${question.code}`, question.args ?? {}, question.text), type: question.hidden ? 'password' : 'text', max: 1000,
    }]) ?? { answer: '' });
    if (question.code === 'ask-new-password') this.newPassword = value;
    this.request({ type: 'answer', text: value }, (o) => {
      if (o.code === 'own-password-changed') this.connection.changePassword(this.newPassword);
      this.answered(o);
      return 'more';
    });
  },

  startReply(item) {
    this.composer.setContext({ item });
  },

  startEdit(item) {
    this.composer.setContext({ item, edit: true });
  },

  editLast() {
    if (this.active.person) return;
    const item = this.active.items.findLast((i) => i.kind === 'message' && i.own && !i.deleted && !i.action);
    if (item) this.startEdit(item);
  },

  async redact(item) {
    if (await confirm(t('deleteTitle'), item.text.slice(0, 300), t('delete'))) this.request({ type: 'redact', room: this.active.name, id: item.id });
  },

  loadOlder(room) {
    const { first } = room;
    if (first) this.load(room, { before: first.id, limit: 100 }, 'before');
  },

  loadNewer(room) {
    const { last } = room;
    if (last) this.load(room, { after: last.id, limit: 100 }, 'after');
  },

  loadLatest(room, then) {
    this.load(room, { limit: 100 }, 'latest', then);
  },

  /** load asks for a page of history; one at a time for each room. */
  load(room, bounds, how, then) {
    if (room.person || (room.loading && !then)) return;
    const sent = this.connection.request({ type: 'history', room: room.name, ...bounds }, (o) => {
      room.loading = false;
      this.log.log.setAttribute('aria-busy', 'false');
      if (o.type !== 'history') {
        if (how === 'before') room.older = false; // do not ask again at once
        this.local(o);
        return;
      }
      room.page(o.events.map((m) => this.chat.item(m)), o, how);
      this.update({ room });
      then?.(o);
    });
    room.loading = Boolean(sent);
    if (sent) this.log.log.setAttribute('aria-busy', 'true');
  },

  /** jump shows a message in its place. */
  jump(room, id) {
    document.querySelector('dialog[open]')?.close();
    if (room !== this.active) this.show(room);
    if (room.byID(id) && this.log.reveal(id)) return;
    this.load(room, { around: id, limit: 100 }, 'around', () => {
      if (!this.log.reveal(id)) this.announce(t('notThere'));
    });
  },

  /** goUnread goes to the first unread message, here or in another room. */
  goUnread() {
    const room = this.active;
    if (room?.newFrom) {
      if (!this.log.reveal(room.newFrom)) this.loadOlder(room);
      room.newFrom = undefined;
      return;
    }
    const next = this.chat.sorted().filter((r) => r.unread && r !== room).sort((a, b) => b.mentions - a.mentions)[0];
    if (!next) {
      this.announce(t('nothingUnread'));
      return;
    }
    const first = next.firstUnread(this.chat.mine);
    this.show(next);
    if (first) this.log.reveal(first, { focus: false });
  },

  join(room, key) {
    const name = room.startsWith('#') ? room : `#${room}`;
    if (this.chat.rooms.has(name) && !key) {
      this.show(this.chat.rooms.get(name));
      if (this.connection.places.has(name)) return;
    }
    this.request({ type: 'join', room: name, key }, async (o) => {
      if (o.type === 'joined') {
        this.received(o);
        this.show(this.chat.room(o.room));
      } else if (o.code === 'needs-key' || o.code === 'wrong-key') {
        const answer = await form(name, [{ name: 'key', label: t('key'), required: true }], { yes: t('join'), text: t('roomNeedsKey') });
        if (answer) this.join(name, answer.key);
      } else {
        this.answered(o);
      }
      return undefined;
    });
  },

  /** browseRooms lists the rooms, and makes new ones. */
  browseRooms() {
    const list = el('ul', { class: 'room-list' });
    const input = el('input', { 'aria-label': t('roomName'), placeholder: t('roomName'), maxlength: '64', spellcheck: 'false' });
    const dialog = openDialog(t('addRoom'), el('div', {},
      el('form', { class: 'inline', on: { submit: (e) => { e.preventDefault(); if (input.value.trim()) { dialog.close(); this.join(input.value.trim()); } } } },
        input, el('button', { type: 'submit', class: 'primary' }, t('joinOrCreate'))), list));
    const sent = this.connection.request({ type: 'rooms' }, (o) => fill(list, (o.list ?? []).map((r) => el('li', {}, button(r.name, () => {
      dialog.close();
      this.join(r.name);
    }, { class: 'entry' }), el('small', {}, [t('peopleCount', { n: r.people ?? 0 }), r.keyed && t('needsKey'), r.membersOnly && t('membersOnly'), r.topic].filter(Boolean).join(' · '))))));
    if (!sent) fill(list, el('li', {}, t('offlineNoCommands')));
    input.focus();
  },

  /** search finds messages of the user's rooms. */
  search(query = '') {
    const results = el('div', { class: 'results', 'aria-live': 'polite' });
    const input = el('input', { type: 'search', 'aria-label': t('searchFor'), value: query, maxlength: '300', spellcheck: 'false' });
    const find = (before) => {
      if (!input.value.trim()) return;
      const sent = this.connection.request({ type: 'search', query: input.value.trim(), before }, (o) => {
        if (o.type !== 'results') {
          fill(results, el('p', { class: 'error' }, o.text));
          return;
        }
        if (!before) fill(results);
        results.querySelector('.older')?.remove();
        results.append(...(o.events.length ? o.events.map((m) => found(m, this)) : before ? [] : [el('p', {}, t('nothingFound'))]));
        if (o.older) results.append(button(t('olderResults'), () => find(o.events.at(-1).id), { class: 'older' }));
      });
      if (!sent) fill(results, el('p', {}, t('offlineNoCommands')));
    };
    openDialog(t('search'), el('div', {}, el('form', { class: 'inline', on: { submit: (e) => { e.preventDefault(); find(); } } },
      input, el('button', { type: 'submit', class: 'primary' }, t('search'))), el('p', { class: 'hint' }, t('searchHint')), results), { className: 'wide' });
    input.focus();
    if (query) find();
  },

  roomMenu(anchor) {
    const room = this.active;
    if (room.person) {
      openMenu(anchor, room.name, [[t('closeConversation'), () => {
        this.chat.rooms.delete(room.key);
        this.storePrivates();
        this.left(room);
        this.update({});
      }], ...this.personEntries(room.name)]);
      return;
    }
    const operates = this.chat.mayModerate(room);
    openMenu(anchor, room.name, [
      [t('setTopic'), () => this.editTopic(room)],
      [t('invite'), () => this.askAndRun(t('invite'), t('name'), (v) => `/invite ${v}`)],
      [t(operates ? 'roomSettings' : 'showRoomSettings'), () => this.roomSettings(room, operates)],
      operates && [t('showBans'), () => this.command('/bans')],
      this.chat.isStaff() && [t('reviewQueue'), () => this.command('/flags')],
      room.name !== '#lobby' && [t('leaveRoom'), () => this.request({ type: 'leave', room: room.name }), 'danger'],
    ]);
  },

  async askAndRun(title, label, line) {
    const answer = await form(title, [{ name: 'value', label, required: true }]);
    if (answer) this.command(line(answer.value));
  },

  async editTopic(room) {
    const answer = await form(t('setTopic'), [{ name: 'topic', label: t('topicOf', { room: room.name }), value: room.topic }]);
    if (answer?.topic) this.command(`/topic ${answer.topic}`);
  },

  /** roomSettings shows the settings, and changes those that the user changes. */
  roomSettings(room, mayChange) {
    this.request({ type: 'command', line: '/room', room: room.name }, async (o) => {
      if (o.type !== 'roomSettings' || !mayChange) {
        this.answered(o);
        return;
      }
      const shown = (v) => (v === undefined || v === false ? 'off' : v === true ? 'on' : String(v));
      const switches = new Set(['members', 'moderated']);
      const answer = await form(t('settingsOf', { room: room.name }), o.list.map((s) => ({
        name: s.name, label: t(`set.${s.name}`, {}, s.name), value: shown(s.value), hint: t(`sethint.${s.name}`, {}, s.values?.text ?? ''),
        options: switches.has(s.name) ? [['off', t('off')], ['on', t('on')]] : undefined,
      })), { yes: t('save') });
      for (const s of answer ? o.list : []) {
        const value = answer[s.name].trim() || 'off';
        if (value !== shown(s.value)) this.request({ type: 'command', line: `/room ${s.name} ${value}`, room: room.name });
      }
    });
  },

  userMenu(anchor) {
    const { me } = this.chat;
    openMenu(anchor, me.name, [
      [t('changeName'), () => this.askAndRun(t('changeName'), t('newName'), (v) => `/nick ${v}`)],
      [t('setAway'), async () => {
        const answer = await form(t('setAway'), [{ name: 'why', label: t('awayReason') }]);
        if (answer) this.command(`/away ${answer.why}`.trim());
      }],
      [t('comeBack'), () => this.command('/back')],
      me.registered ? [t('changePassword'), () => this.command('/passwd')] : [t('registerName'), () => this.command('/register')],
      [t('notifications'), () => this.notificationSettings()],
      [t('keys'), () => showKeys()],
      [t('logOut'), () => this.quit(), 'danger'],
    ]);
  },

  async notificationSettings() {
    const choices = [['off', t('off')], ['on', t('on')]];
    const answer = await form(t('notifications'), [
      { name: 'notify', label: t('showNotifications'), options: choices, value: device.get('notify', 'off'), hint: t('notifyHint') },
      { name: 'sound', label: t('playSound'), options: choices, value: device.get('sound', 'off') },
    ], { yes: t('save') });
    if (answer) this.notifier.choose(answer);
  },

  quit() {
    this.connection.quit();
    this.forget();
    this.leave();
  },
};
