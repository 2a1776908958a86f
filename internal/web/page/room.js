// A conversation: a room, or the private messages with one person. Pure functions.

/** The most messages of a room in memory; older ones are loaded again when they are wanted. */
export const MAX_ITEMS = 2000;

/** compareIDs compares IDs, which are strings of digits. */
export function compareIDs(a, b) {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** before reports whether place a is before place b. */
export function before(a, b) {
  return a.epoch < b.epoch || (a.epoch === b.epoch && a.seq < b.seq);
}

/** personKey returns the key of the conversation with a person. */
export const personKey = (name) => `@${name.toLowerCase()}`;

const EMPTY = { epoch: 0, seq: 0 };

/**
 * A Room has items in order. An item has a key, the id of the message or event (or, for
 * what only this page knows, that of the one before it, and a sub greater than 0), a kind
 * (message, event or answer), and a version that changes with its contents.
 */
export class Room {
  constructor(name, { person } = {}) {
    this.person = person === true;
    this.rename(name);
    this.reset();
    this.topic = '';
    this.members = [];
    this.others = 0; // people who are not in members
    this.role = ''; // the user's own
    this.joined = !this.person;
    this.unread = 0;
    this.mentions = 0;
    this.read = undefined; // the place that was read last
    this.newFrom = undefined; // the key of the first new item, while the room is shown
  }

  /** rename changes the name of the room, or that of the person. */
  rename(name) {
    this.name = name;
    this.key = this.person ? personKey(name) : name;
  }

  reset() {
    this.items = [];
    this.older = !this.person; // the server has older ones
    this.detached = false; // newer ones are missing: live ones are not added
    this.subs = 0;
  }

  get first() { return this.items.find((i) => i.sub === 0); }

  get last() { return this.items.findLast((i) => i.sub === 0); }

  /** change changes what is known of a member. */
  change(name, what) {
    this.members = this.members.map((m) => (m.name === name ? { ...m, ...what } : m));
  }

  /** spoke records that a member is not idle any more. */
  spoke(name) {
    if (this.members.some((m) => m.idle && m.name === name)) this.change(name, { idle: 0 });
  }

  /** add adds items with IDs, wherever they belong, and returns those that are new. */
  add(items) {
    const added = [];
    for (const item of items) {
      const at = this.find(item.id, item.sub);
      const old = this.items[at];
      if (old && old.id === item.id && old.sub === item.sub) continue;
      this.items.splice(at, 0, item);
      added.push(item);
    }
    return added;
  }

  /** addLocal adds an item that has no ID after all others. */
  addLocal(item) {
    const id = this.items.at(-1)?.id ?? '0';
    this.subs++;
    const local = { ...item, id, sub: this.subs, key: `${id}.${this.subs}`, version: 1 };
    this.items.push(local);
    this.trim('older');
    return local;
  }

  /** trim drops what is too much at one end. */
  trim(end) {
    const surplus = this.items.length - MAX_ITEMS;
    if (surplus <= 0) return;
    if (end === 'older') {
      this.items.splice(0, surplus);
      this.older = !this.person;
    } else {
      this.items.splice(MAX_ITEMS);
      this.detached = true;
    }
  }

  /** find returns the index of the first item that is not before (id, sub). */
  find(id, sub = 0) {
    let low = 0;
    let high = this.items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const item = this.items[middle];
      if ((compareIDs(item.id, id) || item.sub - sub) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  byID(id) {
    const item = this.items[this.find(id)];
    return item && item.id === id && item.sub === 0 ? item : undefined;
  }

  /** remove drops the items that a rollback takes back. */
  rollBack(epoch, keptTo) {
    this.items = this.items.filter((i) => i.sub > 0 || i.epoch !== epoch || i.seq <= keptTo);
  }

  /** page takes an answer to a history request. how is before, after, around or latest. */
  page(items, { older, newer }, how) {
    if (how === 'around' || how === 'latest') {
      const [a, b] = [items[0], items.at(-1)];
      const [first, last] = [this.first, this.last];
      const apart = !a || !first || compareIDs(b.id, first.id) < 0 || compareIDs(a.id, last.id) > 0;
      if (apart) {
        this.reset();
        this.older = Boolean(older);
        this.detached = how === 'around' && Boolean(newer);
      } else if (compareIDs(a.id, first.id) < 0) {
        this.older = Boolean(older);
      }
      if (how === 'latest') this.detached = false;
    }
    this.add(items);
    if (how === 'before') {
      this.older = Boolean(older);
      this.trim('newer');
    } else if (how === 'after') {
      this.detached = Boolean(newer);
      this.trim('older');
    }
  }

  /** count counts what is unread after the read position. mine tells own messages. */
  recount(mine) {
    const from = this.read ?? EMPTY;
    const unread = this.items.filter((i) => i.kind === 'message' && i.seq !== undefined && before(from, i) && !mine(i) && !i.deleted);
    this.unread = unread.length;
    this.mentions = unread.filter((i) => i.mention).length;
  }

  /** firstUnread returns the key of the first item after the read position. */
  firstUnread(mine) {
    if (this.person) return this.items.find((i) => i.unseen)?.key;
    const from = this.read;
    return from && this.items.find((i) => i.kind === 'message' && i.seq !== undefined && before(from, i) && !mine(i))?.key;
  }

  /** lastPlace returns the place of the last item that has one. */
  lastPlace() {
    const item = this.items.findLast((i) => i.sub === 0 && i.seq !== undefined);
    return item && { epoch: item.epoch, seq: item.seq };
  }
}
