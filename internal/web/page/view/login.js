// The first view: a name, and a password for those who have an account or want one.
import { el, fill, field } from '../dom.js';
import { serverText, t } from '../texts.js';
import { device } from '../storage.js';

export class LoginView {
  constructor(submit) {
    this.submit = submit;
    this.mode = 'guest';
    this.name = el('input', { name: 'name', autocomplete: 'username', required: true, maxlength: '64', spellcheck: 'false', autocapitalize: 'off', value: device.get('name', '') });
    this.password = el('input', { name: 'password', type: 'password', maxlength: '200' });
    this.again = el('input', { name: 'again', type: 'password', maxlength: '200', autocomplete: 'new-password' });
    this.error = el('p', { class: 'error', role: 'alert' });
    this.passwordField = field(t('password'), this.password);
    this.againField = field(t('passwordAgain'), this.again);
    this.go = el('button', { type: 'submit', class: 'primary' });
    this.modes = el('div', { class: 'modes', role: 'radiogroup', 'aria-label': t('howToEnter') },
      ['guest', 'login', 'register'].map((mode) => el('label', {},
        el('input', { type: 'radio', name: 'mode', value: mode, checked: mode === this.mode, on: { change: () => this.choose(mode) } }), el('span', {}, t(`mode.${mode}`)))));
    this.hint = el('p', { class: 'hint' });
    this.root = el('main', { class: 'login' }, el('form', { on: { submit: (e) => this.submitted(e) } },
      el('h1', {}, el('span', { class: 'mark', 'aria-hidden': 'true' }), t('title')),
      this.modes, this.hint, field(t('name'), this.name), this.passwordField, this.againField, this.error, this.go,
      // Also on localhost a context is secure.
      !globalThis.isSecureContext && el('p', { class: 'hint' }, t('notEncrypted'), ' ', el('a', { href: '/trust' }, t('howToTrust')))));
    this.choose('guest');
  }

  choose(mode) {
    this.mode = mode;
    this.passwordField.hidden = mode === 'guest';
    this.againField.hidden = mode !== 'register';
    this.password.required = mode !== 'guest';
    this.again.required = mode === 'register';
    this.password.autocomplete = mode === 'register' ? 'new-password' : 'current-password';
    fill(this.hint, t(`hint.${mode}`));
    fill(this.go, t(`go.${mode}`));
    this.say('');
    for (const input of this.modes.querySelectorAll('input')) input.checked = input.value === mode;
  }

  submitted(e) {
    e.preventDefault();
    const name = this.name.value.trim();
    if (this.mode === 'register' && this.password.value !== this.again.value) {
      this.say(t('passwordsDiffer'));
      this.again.focus();
      return;
    }
    device.set('name', name);
    this.busy(true);
    this.say('');
    this.submit(this.mode === 'guest' ? { type: 'login', name } : { type: this.mode, name, password: this.password.value });
  }

  busy(is) {
    this.go.disabled = is;
    this.root.setAttribute('aria-busy', String(is));
  }

  refused(error) {
    this.busy(false);
    if (error.code === 'name-registered' && this.mode === 'guest') this.choose('login');
    this.say(serverText(error));
    (this.mode !== 'guest' ? this.password : this.name).focus();
  }

  say(text) {
    fill(this.error, text);
  }

  show() {
    this.busy(false);
    this.password.value = '';
    this.again.value = '';
    (this.name.value && this.mode !== 'guest' ? this.password : this.name).focus();
  }
}
