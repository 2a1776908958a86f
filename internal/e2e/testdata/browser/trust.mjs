// Opens servers with certificates of a site's authority, in a browser that trusts it and in one
// that does not. The arguments are the ports of the site and of a server with a certificate for
// another name, the folder with the packages, the browser, and the home of a user who trusts the
// authority.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { createRequire } from 'node:module';

const [port, otherPort, folder, executablePath, home] = process.argv.slice(2);
const { chromium } = createRequire(`${folder}/`)('playwright-core');
const args = ['--no-sandbox', '--host-resolver-rules=MAP *.test 127.0.0.1'];

const stranger = await mkdtemp(`${tmpdir()}/home`);
const launch = (HOME) => chromium.launch({ executablePath, args, env: { ...process.env, HOME } });
const [trusting, other] = [await launch(home), await launch(stranger)];
try {
  const page = await trusting.newPage();
  await page.goto(`https://chat.test:${port}/`);
  // With a certificate that it does not trust, the browser starts no service worker.
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  assert.equal((await page.goto(`https://127.0.0.1:${port}/healthz`)).status(), 200);
  await page.goto(`http://chat.test:${port}/trust`);
  await page.getByText('Compare the fingerprint').waitFor();
  await page.getByRole('link', { name: `https://chat.test:${port}` }).click();
  await page.getByText('It works').waitFor();
  assert.equal(new URL(page.url()).protocol, 'https:');
  await assert.rejects(page.goto(`https://other.test:${otherPort}/`), /ERR_CERT_/);

  const doubtful = await other.newPage();
  await assert.rejects(doubtful.goto(`https://chat.test:${port}/`), /ERR_CERT_AUTHORITY_INVALID/);
} finally {
  await Promise.all([trusting.close(), other.close()]);
  await rm(stranger, { recursive: true, force: true });
}
