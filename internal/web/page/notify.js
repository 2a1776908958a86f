// Notifications and a sound for private messages and mentions, off until they are asked for.
import { device } from './storage.js';
import { t } from './texts.js';

export class Notifier {
  constructor(app) {
    this.app = app;
  }

  async choose({ notify, sound }) {
    device.set('sound', sound);
    if (sound === 'on') this.beep();
    if (notify === 'on' && globalThis.Notification && await Notification.requestPermission() !== 'granted') {
      device.set('notify', 'off');
      this.app.composer.say(t('notifyRefused'));
      return;
    }
    device.set('notify', notify);
  }

  notify(room, item) {
    if (device.get('sound', 'off') === 'on') this.beep();
    if (this.app.watching() || device.get('notify', 'off') !== 'on' || globalThis.Notification?.permission !== 'granted') return;
    try {
      const note = new Notification(room.person ? item.from : `${item.from} – ${room.name}`, { body: item.text.slice(0, 200), tag: room.key });
      note.onclick = () => {
        window.focus();
        this.app.show(room);
        note.close();
      };
    } catch { /* phones show them only through a service worker */ }
  }

  beep() {
    this.audio ??= new AudioContext();
    const { audio } = this;
    audio.resume();
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = 660;
    volume.gain.setValueAtTime(0.08, audio.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + 0.25);
    tone.connect(volume).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + 0.25);
  }
}
