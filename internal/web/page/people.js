// What the user does with other people. These are methods of App.
import { t } from './texts.js';
import { form, confirm } from './view/dialog.js';
import { openMenu } from './view/menu.js';

export const people = {
  personMenu(anchor, name, item) {
    openMenu(anchor, name, [item && [t('copyText'), () => navigator.clipboard?.writeText(item.text)], ...this.personEntries(name)]);
  },

  /** personEntries returns the entries of a menu about a person. */
  personEntries(name) {
    const { chat, active } = this;
    const room = active?.person ? undefined : active;
    const moderates = room && chat.mayModerate(room) && !chat.isMe(name);
    const role = room?.members.find((m) => m.name === name)?.role;
    const run = (line) => () => this.command(line);
    const sanction = (verb) => () => this.sanction(verb, name);
    return [
      !chat.isMe(name) && active?.name !== name && [t('writePrivately'), () => this.show(chat.person(name))],
      room && !chat.isMe(name) && [t('mention'), () => this.mention(name)],
      [t('whois'), run(`/whois ${name}`)],
      !chat.isMe(name) && [t('ignore'), run(`/ignore ${name}`)],
      moderates && [t(role === 'operator' ? 'deop' : 'op'), run(`/${role === 'operator' ? 'deop' : 'op'} ${name}`)],
      moderates && [t(role === 'voiced' ? 'devoice' : 'voice'), run(`/${role === 'voiced' ? 'devoice' : 'voice'} ${name}`)],
      moderates && [t('kick'), sanction('kick'), 'danger'],
      moderates && [t('mute'), sanction('mute'), 'danger'],
      moderates && [t('unmute'), run(`/unmute ${name}`)],
      moderates && [t('ban'), sanction('ban'), 'danger'],
      moderates && [t('redactAll'), async () => {
        if (await confirm(t('redactAll'), t('redactAllText', { name }), t('delete'))) this.command(`/redact ${name}`);
      }, 'danger'],
    ].filter(Boolean);
  },

  mention(name) {
    const { text } = this.composer;
    text.setRangeText(`${name}${text.value ? ' ' : ': '}`, text.selectionStart, text.selectionEnd, 'end');
    this.composer.changed();
    this.composer.focus();
  },

  /** sanction asks for how long and why. */
  async sanction(verb, name) {
    const answer = await form(`${t(verb)}: ${name}`, [
      ...(verb === 'kick' ? [] : [{
        name: 'for', label: t('forHowLong'), value: '1h', options: [['10m', t('minutes10')], ['1h', t('hour1')], ['1d', t('day1')], ['7d', t('days7')], ['permanent', t('permanent')]],
      }]),
      { name: 'reason', label: t('reason') },
    ], { yes: t(verb) });
    if (answer) this.command([`/${verb}`, name, answer.for, answer.reason].filter(Boolean).join(' '));
  },

  /** list asks for the members of a room, once or again: events keep them up to date. */
  list(room, again = false) {
    if (!room || room.person || (room.listed && !again)) return;
    room.listed = false;
    clearTimeout(this.listing);
    this.listing = setTimeout(() => this.listNow(), 200);
  },

  listNow() {
    const room = this.active;
    if (!room || room.person || room.listed || this.connection.state !== 'online') return;
    if (!this.pace.take(1)) {
      this.list(room);
      return;
    }
    room.listed = true;
    this.connection.request({ type: 'who', room: room.name }, (o) => this.update(this.chat.apply(o)));
  },
};
