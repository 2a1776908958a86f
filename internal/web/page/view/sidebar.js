// The list of rooms and private conversations.
import { el, fill, icon, iconButton } from '../dom.js';
import { t } from '../texts.js';

export class Sidebar {
  constructor(app) {
    this.app = app;
    this.list = el('nav', { 'aria-label': t('conversations') });
    this.me = el('button', { type: 'button', class: 'me', 'aria-haspopup': 'menu', on: { click: () => app.userMenu(this.me) } });
    this.server = el('p', { class: 'server' });
    this.root = el('aside', { class: 'sidebar', id: 'sidebar' },
      el('header', {}, this.server, iconButton('plus', t('addRoom'), () => app.browseRooms()), iconButton('close', t('close'), () => app.togglePanel(''), { class: 'icon-button only-narrow' })),
      this.list, el('footer', {}, this.me));
  }

  render() {
    const { chat, active } = this.app;
    const focused = this.list.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    const rooms = chat.sorted();
    const group = (label, some) => some.length > 0 && [el('h2', {}, label), el('ul', {}, some.map((r) => el('li', {}, this.entry(r, r === active))))];
    fill(this.list, group(t('rooms'), rooms.filter((r) => !r.person)), group(t('people'), rooms.filter((r) => r.person)));
    fill(this.server, chat.server || t('title'));
    this.root.setAttribute('aria-label', chat.server || t('title'));
    fill(this.me, el('span', { class: 'me-name' }, chat.me.name), el('small', {}, t(`role.${chat.me.role || (chat.me.registered ? 'user' : 'guest')}`)));
    if (focused) [...this.list.querySelectorAll('button')].find((b) => b.dataset.key === focused)?.focus();
  }

  entry(room, current) {
    const draft = room !== this.app.active && this.app.draft(room);
    const counts = room.mentions || room.unread;
    const label = [room.name, room.person && t('privateConversation'), room.unread && t('unreadCount', { n: room.unread }),
      !room.person && room.mentions && t('mentionCount', { n: room.mentions }), draft && t('draft')].filter(Boolean).join(', ');
    return el('button', {
      type: 'button', class: `entry${current ? ' current' : ''}${room.unread ? ' unread' : ''}`, 'aria-current': current ? 'page' : undefined, 'aria-label': label,
      dataset: { key: room.key }, on: { click: () => this.app.show(room) },
    }, room.person ? icon('lock') : el('span', { class: 'hash' }, '#'), el('span', { class: 'entry-name' }, room.person ? room.name : room.name.slice(1)),
    draft && el('span', { class: 'draft' }, icon('edit')),
    counts > 0 && el('span', { class: `count${room.mentions ? ' loud' : ''}` }, !room.person && room.mentions ? `@${room.mentions}` : String(counts > 99 ? '99+' : counts)));
  }
}
