// The members of the room, with their roles and whether they are away.
import { el, fill, iconButton } from '../dom.js';
import { duration, colour, initial } from '../format.js';
import { t } from '../texts.js';

const order = { owner: 0, operator: 1, voiced: 2 };
const signs = { owner: '★', operator: '◆', voiced: '▸' };

export class Members {
  constructor(app) {
    this.app = app;
    this.title = el('h2', {});
    this.list = el('ul', {});
    this.root = el('aside', { class: 'members', id: 'members', 'aria-label': t('members') },
      el('header', {}, this.title, iconButton('close', t('close'), () => app.togglePanel(''))), this.list);
  }

  render() {
    const room = this.app.active;
    if (!room || room.person) {
      fill(this.list);
      fill(this.title);
      return;
    }
    const focused = this.list.contains(document.activeElement) ? document.activeElement.dataset.name : undefined;
    const rank = (m) => order[m.role] ?? 3;
    const all = [...room.members].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
    fill(this.title, t('memberCount', { n: all.length + room.others }));
    fill(this.list, all.map((m) => this.entry(m)), room.others > 0 && el('li', { class: 'hint' }, t('andMore', { n: room.others })));
    if (focused) [...this.list.querySelectorAll('button')].find((b) => b.dataset.name === focused)?.focus();
  }

  entry(m) {
    const away = m.away && (m.why ? t('awayWhy', { why: m.why }) : t('away'));
    const button = el('button', {
      type: 'button', class: `member${m.away ? ' away' : ''}`, 'aria-haspopup': 'menu', dataset: { name: m.name },
      title: m.idle ? t('idle', { time: duration(m.idle) }) : undefined,
      on: { click: () => this.app.personMenu(button, m.name) },
    }, el('span', { class: `badge c${colour(m.name)}`, 'aria-hidden': 'true' }, initial(m.name)),
    el('span', { class: 'member-name' }, m.name, this.app.chat.isMe(m.name) && el('small', {}, ` (${t('you')})`)),
    m.role && el('span', { class: 'role', title: t(`role.${m.role}`) }, el('span', { 'aria-hidden': 'true' }, signs[m.role]), el('span', { class: 'sr' }, t(`role.${m.role}`))),
    away && el('small', { class: 'why' }, away));
    return el('li', {}, button);
  }
}
