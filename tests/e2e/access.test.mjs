#!/usr/bin/env node
// People in a browser, against the real hub: sign-in in every way, invitation, profile, second factors, people and roles.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import { askAs, inspectPages, openPage, signIn, startBrowser, startPortal, until, visit } from './portal.mjs';

const kPassword = 'trece cuerdas y un nudo';
const hub = await startPortal({ lab: false });
let browser;
before(async () => {
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await hub.stop();
});

/** In English, whatever the account's language is. */
async function openEnglish(options = {}) {
  const page = await openPage(browser, options);
  await page.addInitScript(() => localStorage.setItem('quipu.language', 'en'));
  return page;
}

/** RFC 6238 with six digits and half a minute, as an authenticator shows it. */
function totp(secret, time = Date.now()) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret.replace(/\s/g, '')].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((octet) => parseInt(octet, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(time / 30_000)));
  const mac = createHmac('sha1', key).update(step).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

test('every page for whoever is not signed in', (t) => inspectPages(t, browser, hub, null, ['/signin', '/signin?problem=expired&request=1', '/recover', '/join#nothing', '/me', '/accounts', '/roles', '/audit']));

test('every page for an administrator', (t) =>
  inspectPages(t, browser, hub, 'demo-administrator', [
    '/me',
    '/me?part=security',
    '/me?part=sessions',
    '/me?part=tokens',
    '/me?part=notifications',
    '/accounts',
    '/roles',
    '/audit',
    '/notifications',
  ]));

test('what one may not do is not offered, and its page says why', { skip: hub.fixture && 'the fixture is signed in for all' }, async () => {
  const page = await openEnglish();
  await visit(page, `${hub.url}/sites`);
  await page.getByRole('link', { name: 'Sign in', exact: true }).waitFor();
  assert.equal(await page.getByRole('link', { name: /New site/ }).count(), 0);
  await visit(page, `${hub.url}/accounts`);
  await page.getByText('People and roles are for those who manage an organisation.').waitFor();
  await page.context().close();
});

test('a demonstration account signs in by its name, and comes back to its page', { skip: hub.fixture && 'the fixture has other names' }, async () => {
  const page = await openEnglish();
  await visit(page, `${hub.url}/services`);
  await page.getByRole('link', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: /Administrator \(demonstration\)/ }).click();
  await page.waitForURL('**/services');
  await page.getByRole('link', { name: 'House' }).waitFor();
  assert.equal(await page.evaluate(() => document.cookie), '', 'no script can read the session');
  await page.getByRole('button', { name: /Your menu/ }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('link', { name: 'Sign in', exact: true }).waitFor();
  await page.context().close();
});

test('from an invitation to a second factor: the whole way of a person', { skip: hub.fixture && 'the fixture keeps no password' }, async () => {
  const admin = await openEnglish();
  await signIn(admin, hub, 'demo-administrator');
  const mail = `e2e-${Date.now().toString(36)}@rnp.example`;
  await visit(admin, `${hub.url}/accounts`);
  await admin.getByRole('button', { name: 'Invite somebody' }).click();
  const dialog = admin.getByRole('dialog');
  await dialog.getByLabel('Mail address').fill(mail);
  await dialog.getByLabel('Role', { exact: true }).selectOption('operator');
  await dialog.getByLabel('Where').fill('rnp');
  await dialog.getByRole('button', { name: 'Send the invitation' }).click();
  const link = new URL(await dialog.locator('code').innerText());
  assert.match(link.hash, /^#./);

  const page = await openEnglish();
  await visit(page, `${hub.url}${link.pathname}${link.hash}`);
  await page.getByText(/invites you/).waitFor();
  await page.getByLabel('Full name').fill('Joana Prado');
  await page.getByLabel('New password').fill('short');
  await page.getByText(/more characters/).waitFor();
  await page.getByLabel('New password').fill('password12345');
  await page.getByText('Weak: this is tried early').waitFor();
  await page.getByLabel('New password').fill(kPassword);
  await page.getByText('Good', { exact: true }).waitFor();
  await page.getByLabel('Once more').fill(kPassword);
  await page.getByRole('button', { name: 'Make the account and sign in' }).click();
  await page.waitForURL('**/me');
  await page.getByRole('heading', { name: 'Joana Prado' }).waitFor();
  assert.equal(new URL(page.url()).hash, '', 'the token has left the address');

  // A wrong password says nothing of whether the account exists.
  await page.getByRole('button', { name: /Your menu/ }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await visit(page, `${hub.url}/signin`);
  await page.getByLabel('Mail address or name').fill(mail);
  await page.getByLabel('Password').fill('not this one at all');
  assert.equal(await page.getByLabel('Password').getAttribute('type'), 'password');
  await page.getByLabel('Show what I type').check();
  assert.equal(await page.getByLabel('Password').getAttribute('type'), 'text');
  await page.getByLabel('Show what I type').uncheck();
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByText(/password is wrong/).waitFor();
  await page.getByLabel('Password').fill(kPassword);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL(`${hub.url}/`);

  // An authenticator, by the picture's secret.
  await visit(page, `${hub.url}/me?part=security`);
  await page.getByRole('button', { name: 'Set it up' }).click();
  await page.locator('.qr svg').waitFor();
  const secret = await page.locator('code.secret').innerText();
  await page.getByLabel('Six digits').fill('000000');
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByRole('alert').waitFor();
  await page.getByLabel('Six digits').fill(totp(secret));
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByText('Your recovery codes').waitFor();
  const recovery = await page.locator('.codes code').first().innerText();
  await page.getByRole('button', { name: 'I have kept them' }).click();

  // From now on the password alone no longer signs in.
  await page.getByRole('button', { name: /Your menu/ }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await visit(page, `${hub.url}/signin`);
  await page.getByLabel('Mail address or name').fill(mail);
  await page.getByLabel('Password').fill(kPassword);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByText('One more step').waitFor();
  await page.getByLabel('Code').fill(recovery);
  await page.getByRole('button', { name: 'Verify' }).click();
  await page.waitForURL(`${hub.url}/`);

  // A token for a script, with a scope of its own, shown once.
  await visit(page, `${hub.url}/me?part=tokens`);
  await page.getByLabel('What it is for').fill('e2e');
  await page.getByLabel('see what is public').check();
  // Where it holds is one of the places of its owner, or several.
  const places = page.locator('datalist option');
  await until(() => places.count(), (count) => count > 0, { what: 'her organisations' });
  const offered = await places.evaluateAll((options) => options.map((option) => option.value));
  assert.ok(offered.includes('RNP'), offered.join());
  assert.ok(!offered.includes('REUNA'), 'not where she has no role');
  await page.getByLabel('Where').fill('rnp');
  await page.getByLabel('Where').press('Enter');
  await page.getByRole('button', { name: 'Make the token' }).click();
  const token = await page.locator('.once code').first().innerText();
  const whoami = await fetch(`${hub.url}/api/v1/session`, { headers: { Authorization: `Bearer ${token}` } });
  assert.match((await whoami.json()).caller, /^token:/);
  assert.deepEqual((await askAs(page, hub, '/tokens')).items.map((one) => one.organisations), [['rnp']]);
  await page.getByRole('row', { name: /e2e/ }).getByText('RNP').waitFor();
  await page.getByRole('button', { name: /Remove e2e/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: /Remove e2e/ }).click();
  await until(
    async () => (await fetch(`${hub.url}/api/v1/session`, { headers: { Authorization: `Bearer ${token}` } })).status,
    (status) => status === 401,
    { what: 'the token refused' },
  );

  // Its sessions, and the manager's view: roles, and what happened.
  await visit(page, `${hub.url}/me?part=sessions`);
  await page.getByText('this one').waitFor();
  await visit(admin, `${hub.url}/accounts?q=Joana`);
  await admin.getByRole('link', { name: 'Joana Prado' }).click();
  await admin.getByRole('heading', { name: 'Joana Prado' }).waitFor();
  await admin.getByRole('button', { name: 'Add a role' }).click();
  await admin.getByRole('group', { name: 'Role 2' }).getByLabel('Role', { exact: true }).selectOption('viewer');
  await admin.getByRole('group', { name: 'Role 2' }).getByLabel('Where').fill('reuna');
  await admin.getByRole('button', { name: 'Save the roles' }).click();
  await admin.getByRole('cell', { name: 'Roles changed', exact: true }).waitFor();
  await page.context().close();
  await admin.context().close();
});

test('a passkey signs in alone', { skip: hub.fixture && 'the fixture has no passkeys' }, async () => {
  // An address of numbers cannot be a passkey's home (WebAuthn, section 5.1.2): by name, then.
  const home = hub.url.replace('127.0.0.1', 'localhost');
  const admin = await openEnglish();
  await signIn(admin, hub, 'demo-administrator');
  const mail = `key-${Date.now().toString(36)}@rnp.example`;
  const made = await askAs(admin, hub, '/invitations', { method: 'POST', body: { mail, name: 'Rui Chaves', role: 'member', organisation: 'rnp', service: '' } });
  await admin.context().close();

  const page = await openEnglish();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  await visit(page, `${home}/join${new URL(made.link).hash}`);
  await page.getByLabel('New password').fill(kPassword);
  await page.getByLabel('Once more').fill(kPassword);
  await page.getByRole('button', { name: 'Make the account and sign in' }).click();
  await page.waitForURL('**/me');
  await visit(page, `${home}/me?part=security`);
  await page.getByLabel('What to call it').fill('e2e key');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByText('e2e key').waitFor();
  await page.getByRole('button', { name: /Your menu/ }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await visit(page, `${home}/signin`);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.waitForURL(`${home}/`);
  await page.getByRole('button', { name: /Rui Chaves/ }).waitFor();
  await page.context().close();
});
