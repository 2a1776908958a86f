// What the user sees, as a function of what the server has sent. Pure: no DOM, no clock.
import { Room, before, compareIDs, personKey } from './room.js';

/** The role that a notice gives a person; the list of the members tells it for certain. */
const given = new Map([['op', 'operator'], ['deop', ''], ['voice', 'voiced'], ['devoice', '']]);

const LETTER = /[\p{L}\p{N}_]/u;

/** mentions reports whether a text has a name as a word of its own. */
export function mentions(text, name) {
  if (!name) return false;
  const [low, word] = [text.toLowerCase(), name.toLowerCase()];
  for (let i = low.indexOf(word); i >= 0; i = low.indexOf(word, i + 1)) {
    if (!LETTER.test(low[i - 1] ?? ' ') && !LETTER.test(low[i + word.length] ?? ' ')) return true;
  }
  return false;
}

export class Chat {
  constructor() {
    this.me = { name: '', registered: false, role: '' };
    this.server = '';
    this.limits = { text: 4096, lines: 64 };
    this.commands = [];
    this.rooms = new Map(); // by key
    this.privates = 0;
  }

  isMe(name) {
    return Boolean(name) && name.toLowerCase() === this.me.name.toLowerCase();
  }

  /** room returns a room, which is added if it is not there. */
  room(name) {
    let room = this.rooms.get(name);
    if (!room) this.rooms.set(name, room = new Room(name));
    return room;
  }

  /** person returns the conversation with a person, which is added if it is not there. */
  person(name) {
    const key = personKey(name);
    let room = this.rooms.get(key);
    if (!room) this.rooms.set(key, room = new Room(name, { person: true }));
    return room;
  }

  /**
   * renamed gives the conversation with a person the name that they have now, and returns what
   * has changed. A conversation that has that name already is somebody else's: both stay.
   */
  renamed(o) {
    const from = personKey(o.name);
    const conversation = this.rooms.get(from);
    const taken = this.rooms.get(personKey(o.newName));
    if (!conversation || (taken && taken !== conversation)) return undefined;
    this.rooms.delete(from);
    conversation.rename(o.newName);
    this.rooms.set(conversation.key, conversation);
    conversation.addLocal({ kind: 'event', event: o, time: o.time, own: false });
    return { conversation, from };
  }

  /** sorted returns the rooms for the list: rooms by name, then people by name. */
  sorted() {
    return [...this.rooms.values()].sort((a, b) => a.person - b.person || a.key.localeCompare(b.key));
  }

  mine = (item) => item.own;

  item(message) {
    const own = message.private ? !message.from : this.isMe(message.from);
    return {
      kind: 'message', id: message.id, sub: 0, key: message.id, version: 1,
      epoch: message.epoch, seq: message.seq, own,
      from: message.from ?? this.me.name, registered: Boolean(message.registered),
      action: message.kind === 'action', text: message.text, time: message.time,
      replyTo: message.replyTo, edited: message.edited, private: Boolean(message.private), mailed: Boolean(message.mailed),
      mention: !own && !message.private && mentions(message.text, this.me.name),
    };
  }

  /**
   * apply takes an object of the server. It returns the room that has changed, and the item if
   * it is a live message.
   */
  apply(o) {
    switch (o.type) {
      case 'welcome':
        this.server = o.server;
        this.limits = o.limits;
        this.commands = o.commands;
        return {};
      case 'joined': return this.joined(o);
      case 'message': return o.private ? this.private(o) : this.message(o);
      case 'event': return this.event(o);
      case 'notice': return this.notice(o);
      case 'topic': {
        const room = this.room(o.room);
        room.topic = o.text ?? '';
        return { room };
      }
      case 'members': {
        const room = this.rooms.get(o.room);
        if (room) {
          room.members = o.list;
          room.others = o.others ?? 0;
          const me = o.list.find((m) => this.isMe(m.name));
          if (me) room.role = me.role ?? '';
        }
        return { room };
      }
      case 'rollback': {
        const room = this.rooms.get(o.room);
        room?.rollBack(o.epoch, o.keptTo);
        return { room };
      }
      case 'whoami':
        this.me = { name: o.name, registered: Boolean(o.registered), role: o.role ?? '' };
        return {};
      default: return {};
    }
  }

  joined(o) {
    this.me.name = o.name;
    const room = this.room(o.room);
    const items = o.history.map((m) => this.item(m));
    room.joined = true;
    room.role = o.role ?? '';
    room.topic = o.topic ?? '';
    if (!o.resumed) {
      room.members = [{ name: o.name, role: o.role }];
      room.others = o.others;
    }
    if (!o.resumed || room.items.length === 0) {
      room.reset();
      room.add(items);
      room.older = items.length > 0;
      if (!room.read) room.read = { epoch: o.epoch, seq: o.seq };
    } else if (!room.detached) {
      room.add(items);
      room.trim('older');
    }
    if (o.read && before(room.read ?? { epoch: 0, seq: 0 }, o.read)) room.read = o.read;
    if (o.read && !o.resumed) room.read = o.read;
    room.recount(this.mine);
    return { room, joined: true };
  }

  message(o) {
    const room = this.room(o.room);
    const item = this.item(o);
    if (room.byID(item.id)) return { room };
    if (!room.detached) {
      room.add([item]);
      room.trim('older');
    }
    room.spoke(o.from);
    if (!item.own) {
      room.unread++;
      if (item.mention) room.mentions++;
    }
    return { room, item };
  }

  private(o) {
    const room = this.person(o.from ?? o.to);
    const item = room.addLocal({ ...this.item(o), unseen: Boolean(o.from) });
    if (o.from) {
      room.unread++;
      room.mentions++;
    }
    return { room, item };
  }

  event(o) {
    if (o.what === 'nick' && this.isMe(o.name)) this.me.name = o.newName;
    if (!o.room) {
      return { announcement: o };
    }
    const room = this.rooms.get(o.room);
    if (!room) return {};
    let renamed;
    switch (o.what) {
      case 'read':
        if (!room.read || before(room.read, o)) {
          room.read = { epoch: o.epoch, seq: o.seq };
          room.recount(this.mine);
        }
        return { room };
      case 'edit': {
        const item = room.byID(o.edited);
        if (item) Object.assign(item, { text: o.text, edited: o.time, version: item.version + 1, mention: !item.own && mentions(o.text, this.me.name) });
        return { room };
      }
      case 'redact':
        this.redact(room, o);
        break;
      case 'join':
        if (!room.members.some((m) => m.name === o.name)) room.members = [...room.members, { name: o.name, role: o.role }];
        break;
      case 'away': case 'back':
        room.change(o.name, { away: o.what === 'away', why: o.why });
        return { room };
      case 'leave':
        room.members = room.members.filter((m) => m.name !== o.name);
        break;
      case 'nick':
        room.change(o.name, { name: o.newName });
        renamed = this.renamed(o);
        break;
      case 'notice':
        if (o.code === 'has-set-topic') room.topic = o.args?.topic ?? '';
        if (given.has(o.code) && this.isMe(o.args?.name)) room.role = given.get(o.code);
        break;
      default:
    }
    if (!room.detached && o.id) {
      room.add([{ kind: 'event', id: o.id, sub: 0, key: o.id, version: 1, epoch: o.epoch, seq: o.seq, event: o, time: o.time, own: this.isMe(o.name) }]);
      room.trim('older');
    }
    return { room, roles: given.has(o.code), renamed };
  }

  redact(room, o) {
    const name = o.args?.name;
    for (const item of room.items) {
      if (item.kind !== 'message') continue;
      if (o.redacted ? item.id === o.redacted && item.sub === 0 : name && item.from === name && compareIDs(item.id, o.id ?? item.id) <= 0) {
        Object.assign(item, { deleted: true, text: '', version: item.version + 1 });
      }
    }
    room.recount(this.mine);
  }

  notice(o) {
    const args = o.args ?? {};
    switch (o.code) {
      case 'registered': case 'logged-in':
        this.me = { ...this.me, name: args.name, registered: true, role: this.me.role || 'user' };
        break;
      case 'you-are-logged-out': this.me = { name: args.name, registered: false, role: '' }; break;
      case 'renamed': this.me.name = args.name; break;
      case 'you-are-away': case 'you-are-back':
        for (const room of this.rooms.values()) room.change(this.me.name, { away: o.code === 'you-are-away', why: args.why });
        break;
      case 'left-room': return this.leave(args.room);
      case 'you-are': return args.room ? this.leave(args.room) : {};
      case 'has-deleted-room': case 'room-deleted': return this.leave(args.room);
      default:
    }
    return {};
  }

  leave(name) {
    const room = this.rooms.get(name);
    this.rooms.delete(name);
    return { left: room };
  }

  /** markRead records that everything in a room was read, and returns the place for the server if it has moved. */
  markRead(room) {
    room.unread = 0;
    room.mentions = 0;
    if (room.person) {
      for (const i of room.items) i.unseen = false;
      return undefined;
    }
    const place = room.lastPlace();
    if (!place || (room.read && !before(room.read, place))) return undefined;
    room.read = place;
    return place;
  }

  /** mayModerate reports whether the user may use an operator's commands in a room. */
  mayModerate(room) {
    return this.isStaff() || (!room?.person && ['owner', 'operator'].includes(room?.role));
  }

  isStaff() {
    return this.me.role === 'moderator' || this.me.role === 'admin';
  }
}
