// Says that there is no connection, and when the next attempt begins.
import { el, fill, button } from '../dom.js';
import { t } from '../texts.js';

export class OfflineBanner {
  constructor(app) {
    this.app = app;
    this.said = el('span', { role: 'status' }); // said once, not every second
    this.count = el('span', { 'aria-hidden': 'true' });
    this.now = button(t('tryNow'), () => app.connection.check());
    this.root = el('div', { class: 'banner', hidden: true }, this.said, ' ', this.count, ' ', this.now);
  }

  update() {
    const { connection } = this.app;
    clearInterval(this.timer);
    const { state } = connection;
    this.root.hidden = state === 'online' || state === 'offline' || (state === 'connecting' && connection.attempt === 0);
    if (this.root.hidden) return;
    this.now.hidden = state !== 'waiting';
    const text = t(state === 'waiting' ? 'offline' : 'connecting');
    if (this.said.textContent !== text) fill(this.said, text);
    const draw = () => {
      const left = Math.max(0, Math.ceil((connection.retryAt - Date.now()) / 1000));
      fill(this.count, state === 'waiting' ? t('retryIn', { n: left }) : '');
    };
    draw();
    if (state === 'waiting') this.timer = setInterval(draw, 250);
  }
}
