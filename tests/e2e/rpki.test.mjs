#!/usr/bin/env node
// The RPKI in a browser, against the real hub and the demonstration that `quipu run` makes: one ROA too loose, a member
// without ROAs, two invalid routes.

import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ask, askAs, inspectPages, openPage, signIn, startBrowser, startPortal, until, visit } from './portal.mjs';

const hub = await startPortal({ lab: false });
// The fixture has no RPKI, and of a hub that runs already nothing may be taken away.
const skipped = !hub.data && 'it needs a hub of its own';
let browser;
let invalid;
let vrp;

async function openAs(login) {
  const page = await openPage(browser);
  await page.addInitScript(() => localStorage.setItem('quipu.language', 'en'));
  if (login) await signIn(page, hub, login);
  return page;
}

const pages = () => [
  '/rpki',
  '/rpki/validity',
  `/rpki/validity?asn=${invalid.asn}&prefix=${encodeURIComponent(invalid.prefix)}`,
  '/rpki/points',
  '/rpki/points?state=failed',
  '/rpki/refused',
  '/rpki/vrps',
  `/rpki/vrps?asn=${vrp.asn}`,
  '/rpki/routers',
  '/rpki/members',
  `/rpki/members/${invalid.member}`,
  '/rpki/members/nobody',
  '/rpki/invalids',
];

before(async () => {
  browser = await startBrowser();
  if (skipped) return;
  await until(() => ask(hub, '/rpki/status'), (status) => status.validated && !status.validating, { what: 'the first validation' });
  invalid = (await ask(hub, '/rpki/invalids?member=any')).items.find((one) => one.member);
  vrp = (await ask(hub, '/rpki/vrps')).items[0];
});
after(async () => {
  await browser?.close();
  await hub.stop();
});

test('the demonstration is whole: its VRPs are valid, two routes are not', { skip: skipped }, async () => {
  const status = await ask(hub, '/rpki/status');
  assert.equal(status.refused, 0, JSON.stringify(await ask(hub, '/rpki/refused')));
  assert.ok(status.vrps > 5, `${status.vrps} VRPs`);
  assert.equal(status.routes_invalid, 2);
  assert.equal(status.source, 'offline');
  const members = (await ask(hub, '/rpki/members')).items;
  assert.equal(members.filter((one) => one.loose > 0).length, 1);
  assert.equal(members.filter((one) => one.prefixes > 0 && one.vrps === 0).length, 1);
  assert.ok(members.filter((one) => one.vrps > 0).every((one) => Date.parse(one.expires) > Date.now()));
});

test('every page for an administrator', { skip: skipped }, (t) => inspectPages(t, browser, hub, 'demo-administrator', pages()));

test('every page for whoever is not signed in', { skip: skipped }, (t) => inspectPages(t, browser, hub, null, pages()));

test('is this route valid, and why', { skip: skipped }, async () => {
  const page = await openAs(null);
  await visit(page, `${hub.url}/rpki/validity`);
  await page.getByRole('textbox', { name: 'Origin AS' }).fill(invalid.asn);
  await page.getByRole('textbox', { name: 'Prefix' }).fill(invalid.prefix);
  await page.getByRole('button', { name: 'Look it up' }).click();
  await page.getByRole('heading', { name: `${invalid.prefix} ${invalid.asn}: invalid` }).waitFor();
  await page.getByText('If the announcement is right, its holder makes it valid by a ROA for').waitFor();
  assert.equal(new URL(page.url()).searchParams.get('asn'), invalid.asn);

  await page.getByRole('textbox', { name: 'Origin AS' }).fill(vrp.asn);
  await page.getByRole('textbox', { name: 'Prefix' }).fill(vrp.prefix);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: `${vrp.prefix} ${vrp.asn}: valid` }).waitFor();
  await page.getByRole('region', { name: 'Table: VRPs that make it valid' }).waitFor();

  await visit(page, `${hub.url}/rpki/validity?asn=AS64496&prefix=203.0.113.0/24`);
  await page.getByRole('heading', { name: '203.0.113.0/24 AS64496: not found' }).waitFor();
  await visit(page, `${hub.url}/rpki/validity?asn=AS64496&prefix=nonsense`);
  await page.getByRole('alert').waitFor();
  await page.context().close();
});

test('an institution sees its routes, and tries a ROA before it is made', { skip: skipped }, async () => {
  const page = await openAs(null);
  await visit(page, `${hub.url}/organisations/${invalid.member}`);
  await page.getByRole('link', { name: 'RPKI: are its prefixes safe?' }).click();
  await page.waitForURL(`${hub.url}/rpki/members/${invalid.member}`);
  await page.getByText('has invalid routes').waitFor();
  await page.getByRole('textbox', { name: 'Origin AS' }).fill(invalid.needed.asn);
  await page.getByRole('textbox', { name: 'Prefix' }).fill(invalid.prefix);
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByText('1 would become valid').waitFor();
  await page.context().close();
});

test('Ctrl-K finds it', { skip: skipped }, async () => {
  const page = await openAs(null);
  await visit(page, `${hub.url}/rpki`);
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('validez');
  await page.getByRole('option', { name: /Is this route valid/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(`${hub.url}/rpki/validity`);
  await page.context().close();
});

test('a change that drops everything is held, and a person lets it pass', { skip: skipped }, async () => {
  const page = await openAs('demo-administrator');
  const certificate = join(hub.data, 'rpki-demonstration', 'cache', 'rpki0.example.net', 'ta', 'demonstration.cer');
  const validate = () => askAs(page, hub, '/rpki/validate', { method: 'POST' });
  const served = (await ask(hub, '/rpki/status')).served_vrps;
  renameSync(certificate, `${certificate}.away`);
  try {
    await validate();
    const { held } = await until(() => ask(hub, '/rpki/guard'), (guard) => guard.held, { what: 'the change to be held' });
    assert.equal(held.lost, served);
    assert.equal((await ask(hub, '/rpki/status')).served_vrps, served);

    const visitor = await openAs(null);
    await visit(visitor, `${hub.url}/rpki`);
    await visitor.getByRole('heading', { name: `Change ${held.id} is held` }).waitFor();
    assert.equal(await visitor.getByRole('button', { name: 'Let it pass' }).count(), 0);
    await visitor.context().close();
    await inspectHeld(page);

    const { case: number } = await until(() => askAs(page, hub, '/rpki/guard'), (guard) => guard.case, { what: 'its case' });
    await visit(page, `${hub.url}/rpki`);
    await page.getByRole('link', { name: `Case ${number}`, exact: true }).click();
    await page.getByRole('heading', { name: `RPKI: change ${held.id} is held` }).waitFor();
    await visit(page, `${hub.url}/rpki`);
    await page.getByRole('button', { name: 'Let it pass' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Let it pass' }).click();
    await page.getByRole('heading', { name: `Change ${held.id} is held` }).waitFor({ state: 'detached' });
    assert.equal((await ask(hub, '/rpki/status')).served_vrps, 0);
  } finally {
    renameSync(`${certificate}.away`, certificate);
  }
  await validate();
  await until(() => ask(hub, '/rpki/status'), (status) => status.served_vrps === served, { what: 'the VRPs to come back' });
  await visit(page, `${hub.url}/journal`);
  await page.getByText(/The guard holds a change of the RPKI/).waitFor();
  await page.getByText(/A held change of the RPKI is held no more/).waitFor();
  await page.context().close();
});

/** The card with what would go is a page's part that the pages above did not show. */
async function inspectHeld(page) {
  await page.setViewportSize({ width: 360, height: 740 });
  await visit(page, `${hub.url}/rpki`);
  await page.getByRole('button', { name: 'Let it pass' }).waitFor();
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 360);
  await page.setViewportSize({ width: 1280, height: 900 });
}
