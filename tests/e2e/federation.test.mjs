#!/usr/bin/env node
// Signing in through an institution, in a real browser: SimpleSAMLphp as its identity provider, oidc-provider as an OpenID
// provider, Chromium's virtual authenticator as a passkey. Each ends with a session; then what was used is used again.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { root, skip, startBrowser } from './portal.mjs';
import { client, library, startOpenId } from '../federation/openid_provider.mjs';
import { freePort, missing, person, startProvider } from '../federation/simplesamlphp.mjs';

const kProgram = join(root, 'build', 'release', 'bin', 'quipu');
if (!existsSync(kProgram)) skip('build/release/bin/quipu is not built');
if (!existsSync(join(root, 'web', 'node_modules', 'playwright-core'))) skip("the portal's packages are not installed (tools/build-web)");
if (missing()) skip(missing());

const work = mkdtempSync(join(tmpdir(), 'quipu-federation-'));
const hubPort = await freePort();
const hub = `http://localhost:${hubPort}`;
const openidPort = await freePort();
const idp = await startProvider(join(work, 'idp'));
const { Provider, missing: noOpenId } = await library(root);
const openid = Provider ? await startOpenId(Provider, openidPort, hub) : null;
const server = await startHub();
idp.trust(await (await fetch(`${hub}/api/v1/signin/saml/metadata`)).text());
const browser = await startBrowser();

after(async () => {
  await browser.close();
  await Promise.all([server.stop(), idp.stop(), openid?.stop()]);
  rmSync(work, { recursive: true, force: true });
});

async function startHub() {
  writeFileSync(join(work, 'idp.xml'), idp.metadata);
  writeFileSync(join(work, 'secret'), client.secret, { mode: 0o600 });
  writeFileSync(
    join(work, 'network.toml'),
    `[[organisations]]\nid = "uchile"\nname = "Universidad de Chile"\ntype = "institution"\n[[realms]]\nvalue = "uchile.example"\norganisation = "uchile"\n`,
  );
  writeFileSync(
    join(work, 'quipu.toml'),
    `[registry]
load = "${join(work, 'network.toml')}"
[hub]
address = "${hub}"
[[signin.metadata]]
name = "test"
file = "${join(work, 'idp.xml')}"
[[signin.openid]]
id = "op"
name = "Cuenta de prueba"
issuer = "http://127.0.0.1:${openidPort}"
client_id = "${client.id}"
secret_file = "${join(work, 'secret')}"
domains = ["uchile.example"]
`,
  );
  const child = spawn(kProgram, ['serve', '--config', join(work, 'quipu.toml'), '--port', String(hubPort), '--data', join(work, 'data')], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (chunk) => (said += chunk));
  child.stderr.on('data', (chunk) => (said += chunk));
  const exited = new Promise((done) => child.once('exit', done));
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the hub ended:\n${said}`);
    const healthy = await fetch(`${hub}/healthz`).then((response) => response.ok, () => false);
    if (healthy) break;
    await new Promise((done) => setTimeout(done, 100));
  }
  return {
    said: () => said,
    stop: async () => {
      child.kill('SIGINT');
      await exited;
    },
  };
}

/** Asks as a page of the portal does. */
const ask = (page, method, path, body) =>
  page.evaluate(
    async ([how, where, what]) => {
      const response = await fetch(`/api/v1${where}`, {
        method: how,
        headers: { 'X-Quipu-Request': '1', ...(what ? { 'Content-Type': 'application/json' } : {}) },
        body: what ? JSON.stringify(what) : undefined,
      });
      const text = await response.text();
      return { status: response.status, body: text ? JSON.parse(text) : null };
    },
    [method, path, body],
  );

async function providers() {
  return (await (await fetch(`${hub}/api/v1/signin/providers?search=chile&language=es`)).json()).items;
}

/** The way through SimpleSAMLphp; answers the form that it sent to us. */
async function signInBySaml(page) {
  const [found] = await providers();
  const posted = page.waitForRequest((request) => request.method() === 'POST' && request.url().includes('/saml/acs'));
  await page.goto(`${hub}${found.start}&return_to=%2F`);
  assert.ok(page.url().startsWith(idp.base), `the browser is at ${page.url()}`);
  await page.fill('input[name=username]', person.login);
  await page.fill('input[name=password]', person.password);
  await page.locator('input[name=password]').press('Enter');
  const form = (await posted).postData();
  await page.waitForURL((url) => url.origin === hub && !url.pathname.startsWith('/api/'));
  return form;
}

test('an institution is found by its name and its domain', async () => {
  const [found, ...others] = await providers();
  assert.equal(others.length, 0);
  assert.equal(found.name, 'Universidad de Chile');
  assert.deepEqual(found.scopes, ['uchile.example']);
  assert.equal(found.protocol, 'saml');
});

test('SAML through SimpleSAMLphp ends in a session; its form is not taken again', async () => {
  const context = await browser.newContext({ locale: 'es' });
  const page = await context.newPage();
  const form = await signInBySaml(page);
  const session = await ask(page, 'GET', '/session');
  assert.equal(session.body.signed_in, true, `${page.url()}\n${server.said()}`);
  assert.equal(session.body.account.login, person.eppn);
  assert.equal(session.body.account.name, person.name);
  assert.ok(new URLSearchParams(form).get('SAMLResponse'), 'the form is the one that was sent');

  for (const headers of [{}, { Origin: 'http://127.0.0.1:1' }]) {
    const again = await fetch(`${hub}/api/v1/signin/saml/acs`, { method: 'POST', body: form, redirect: 'manual', headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers } });
    assert.equal(again.status, 303);
    assert.match(again.headers.get('location'), /^\/signin\?problem=expired/);
    assert.equal(again.headers.get('set-cookie'), null);
  }
  // The choice is remembered in this browser.
  const remembered = await ask(page, 'GET', '/signin/providers');
  assert.equal(remembered.body.items[0].remembered, true);
  await context.close();
});

test('a response that was changed on the way is refused', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.route(/saml\/acs/, (route) => {
    const form = new URLSearchParams(route.request().postData());
    const text = Buffer.from(form.get('SAMLResponse'), 'base64').toString().replaceAll(person.eppn, `root${person.eppn.slice(3)}`);
    form.set('SAMLResponse', Buffer.from(text).toString('base64'));
    return route.continue({ postData: form.toString() });
  });
  await signInBySaml(page);
  assert.match(page.url(), /problem=untrusted/);
  assert.equal((await ask(page, 'GET', '/session')).body.signed_in, false);
  await context.close();
});

test('a passkey is registered, and signs in without a password', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const tools = await context.newCDPSession(page);
  await tools.send('WebAuthn.enable');
  await tools.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  await signInBySaml(page);
  const begun = await ask(page, 'POST', '/factors/passkeys/options');
  assert.equal(begun.status, 200, JSON.stringify(begun.body));
  const credential = await page.evaluate(async (options) => {
    const made = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
    return made.toJSON();
  }, begun.body.options);
  const added = await ask(page, 'POST', '/factors/passkeys', { ticket: begun.body.ticket, name: 'Llave', credential });
  assert.equal(added.status, 201, JSON.stringify(added.body));
  const factors = await ask(page, 'GET', '/factors');
  assert.equal(factors.body.passkeys[0].name, 'Llave');

  await ask(page, 'DELETE', '/session');
  assert.equal((await ask(page, 'GET', '/session')).body.signed_in, false);
  const asked = await ask(page, 'POST', '/signin/passkey/options', {});
  assert.equal(asked.status, 200, JSON.stringify(asked.body));
  const answer = await page.evaluate(async (options) => {
    const made = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
    return made.toJSON();
  }, asked.body.options);
  const entered = await ask(page, 'POST', '/signin/passkey', { ticket: asked.body.ticket, credential: answer });
  assert.equal(entered.status, 200, JSON.stringify(entered.body));
  assert.equal(entered.body.signed_in, true);
  assert.equal((await ask(page, 'GET', '/session')).body.account.login, person.eppn);
  const again = await ask(page, 'POST', '/signin/passkey', { ticket: asked.body.ticket, credential: answer });
  assert.equal(again.status, 401);
  await context.close();
});

test('OpenID Connect ends in a session; its answer is not taken again', { skip: noOpenId }, async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const callback = page.waitForRequest((request) => request.url().includes('/oidc/callback'));
  await page.goto(`${hub}/api/v1/signin/oidc/start?provider=op&return_to=%2F`);
  await page.fill('input[name=login]', 'bea');
  await page.fill('input[name=password]', 'any');
  await page.locator('button[type=submit]').click();
  await page.locator('button[type=submit]').click(); // consent
  const address = (await callback).url();
  await page.waitForURL((url) => url.origin === hub && !url.pathname.startsWith('/api/'));
  const session = await ask(page, 'GET', '/session');
  assert.equal(session.body.signed_in, true, `${page.url()} ${JSON.stringify(session.body)} ${server.said()}`);
  assert.equal(session.body.account.login, 'bea@uchile.example');
  await page.goto(address);
  assert.match(page.url(), /problem=expired/);
  await context.close();
});
