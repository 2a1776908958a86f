// What the user does with messages and rooms. These are methods of App.
import { el, fill, button } from './dom.js';
import { serverText, t } from './texts.js';
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
    if (context?.edit) return this.request({ type: 'edit', room: this.active.name, id: context.item.id, text });
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
    this.pace.take(1, true);
    if (this.connection.request(object, handler)) return true;
    this.composer.say(t('offlineNoCommands'));
    return false;
  },

  /** ask shows a question of the server, such as one for a password. */
  async ask(question) {
    let value;
    if (question.code === 'ask-make-room') {
      value = await confirm(t('question'), serverText(question), t('yes')) ? 'yes' : 'no';
    } else {
      [value] = Object.values(await form(t('question'), [{
        name: 'answer', label: t(`q.${question.code}`, question.args ?? {}, serverText(question)), type: question.hidden ? 'password' : 'text', max: 1000,
      }]) ?? { answer: '' });
    }
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
    if (!this.pace.take(1, Boolean(then))) {
      setTimeout(() => this.log.update(), 700); // which asks again if it is still wanted
      return;
    }
    const sent = this.connection.request({ type: 'history', room: room.name, ...bounds }, (o) => {
      room.loading = false;
      this.log.log.setAttribute('aria-busy', 'false');
      if (o.type !== 'history') {
        if (how === 'before') room.older = false; // do not ask again at once
        this.local(o);
        return;
      }
      if (room === this.active) this.log.quiet();
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

  /** search finds messages of the user's rooms. */
  search(query = '') {
    const results = el('div', { class: 'results', 'aria-live': 'polite' });
    const input = el('input', { type: 'text', enterkeyhint: 'search', 'aria-label': t('searchFor'), value: query, maxlength: '300', spellcheck: 'false' });
    const find = (before) => {
      if (!input.value.trim()) return;
      const sent = this.connection.request({ type: 'search', query: input.value.trim(), before }, (o) => {
        if (o.type !== 'results') {
          fill(results, el('p', { class: 'error' }, serverText(o)));
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
