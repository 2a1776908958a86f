// What outlives a reload: drafts, unsent messages and private conversations. These are methods of App.
import { personKey } from './room.js';
import { tab } from './storage.js';
import { commandHelp } from './texts.js';

const KEPT_PRIVATES = 200; // messages of each private conversation

export const kept = {
  pending(room) {
    return this.connection.outbox.of(room.person ? { to: room.name } : { room: room.name });
  },

  draft(room) {
    return this.drafts[room.key] ?? '';
  },

  setDraft(room, text) {
    if (text) this.drafts[room.key] = text;
    else delete this.drafts[room.key];
    tab.set('drafts', this.drafts);
  },

  storePrivates() {
    const all = [...this.chat.rooms.values()].filter((r) => r.person).map((r) => [r.name, r.items.filter((i) => i.kind === 'message').slice(-KEPT_PRIVATES), r.unread]);
    tab.set('privates', all);
  },

  restorePrivates() {
    for (const [name, items, unread] of tab.get('privates', [])) {
      const room = this.chat.person(name);
      for (const i of items) room.addLocal(i);
      room.unread = room.mentions = unread;
    }
    for (const p of this.connection.outbox.posts) if (p.request.to) this.chat.person(p.request.to);
  },

  /** renamed keeps all of a conversation whose person has another name now. */
  renamed({ conversation, from }) {
    const { [from]: draft, ...drafts } = this.drafts;
    this.drafts = drafts;
    this.setDraft(conversation, draft ?? this.draft(conversation));
    this.connection.outbox.renamed((to) => personKey(to) === from, conversation.name);
    this.storePrivates();
    if (conversation === this.active) tab.set('active', conversation.key);
    this.update({ room: conversation });
  },

  words() {
    const names = this.active?.person ? [this.active.name] : (this.active?.members ?? []).map((m) => m.name).filter((n) => !this.chat.isMe(n));
    return { commands: this.chat.commands.map((c) => ({ ...c, help: commandHelp(c) })), names, rooms: [...this.chat.rooms.values()].filter((r) => !r.person).map((r) => r.name) };
  },
};
