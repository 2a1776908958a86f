import { App } from './app.js';
import { language } from './locale.js';
import { t } from './texts.js';

document.documentElement.lang = language;
document.title = t('title');
const app = new App();
document.body.replaceChildren(app.root);
app.start();

if ('serviceWorker' in navigator && globalThis.isSecureContext) {
  // Browsers with trusted types take only the URL of a policy, whose name the server allows.
  const policy = globalThis.trustedTypes?.createPolicy('service-worker', { createScriptURL: () => '/sw.js' });
  navigator.serviceWorker.register(policy ? policy.createScriptURL('') : '/sw.js').catch(() => { /* the page works without */ });
}
