// What the user does with rooms. These are methods of App.
import { el, fill, button } from './dom.js';
import { serverText, t } from './texts.js';
import { openDialog, form } from './view/dialog.js';
import { openMenu } from './view/menu.js';

/** written returns the value of a setting of a room as /room takes it. */
function written({ name, value }) {
  if (value === undefined || value === false) return 'off';
  if (value === true) return 'on';
  if (name === 'keep') return value % 86_400 ? `${value / 3600}h` : `${value / 86_400}d`;
  return String(name === 'keep-size' ? value / 2 ** 20 : value);
}

export const rooms = {
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
      const switches = new Set(['members', 'moderated']);
      const answer = await form(t('settingsOf', { room: room.name }), o.list.map((s) => ({
        name: s.name, label: t(`set.${s.name}`, {}, s.name), value: written(s), hint: t(`sethint.${s.name}`, {}, s.values ? serverText(s.values) : ''),
        options: switches.has(s.name) ? [['off', t('off')], ['on', t('on')]] : undefined,
      })), { yes: t('save') });
      for (const s of answer ? o.list : []) {
        const value = answer[s.name].trim() || 'off';
        if (value !== written(s)) this.request({ type: 'command', line: `/room ${s.name} ${value}`, room: room.name });
      }
    });
  },
};
