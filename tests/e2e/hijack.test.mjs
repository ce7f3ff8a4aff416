#!/usr/bin/env node
// Another's prefix, announced in the lab from the portal: with a ROA the routers drop it, without one they take it, and
// both are seen on the lab's page and on the RPKI's.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ask, askAs, faultsOf, inspectPages, openPage, root, signIn, startBrowser, startPortal, until, visit } from './portal.mjs';

const kSite = 'lima'; // nobody announces there of his own
const kPictures = join(root, 'build', 'e2e');
const hub = await startPortal({ options: ['--bgp'] });
const skipped = !hub.data ? 'it needs a hub of its own' : !hub.lab && 'skipped: the lab needs root';
let browser;
let page;
let covered; // prefixes of members: one with a ROA, one without
let open;

before(async () => {
  browser = await startBrowser();
  if (skipped) return;
  await until(() => ask(hub, '/rpki/status'), (status) => status.validated, { what: 'the first validation' });
  const roas = (await ask(hub, '/rpki/vrps?limit=1000')).items;
  // In IPv4, announced by the member himself; the demonstration leaves one member without a ROA.
  const prefixes = (await ask(hub, '/lab')).nodes.flatMap((node) => node.announces).filter((one) => !one.includes(':'));
  const roaOf = (prefix) => roas.find((one) => one.prefix === prefix);
  covered = prefixes.find((one) => roaOf(one));
  open = prefixes.find((one) => !roaOf(one));
  assert.ok(covered && open, 'the demonstration has a prefix with a ROA and one without');
  page = await openPage(browser);
  await page.addInitScript(() => localStorage.setItem('quipu.language', 'en'));
  await signIn(page, hub, 'demo-administrator');
});
after(async () => {
  await browser?.close();
  await hub.stop();
});

const row = (prefix) => page.locator(`[data-hijack="${prefix}"]`);
const dialog = () => page.getByRole('dialog', { name: "Announce another's prefix here" });

async function announce(prefix) {
  await page.getByRole('button', { name: "Announce another's prefix here" }).click();
  await dialog().getByLabel('Announced at').selectOption(kSite);
  await dialog().getByLabel('Prefix').selectOption(prefix);
  await dialog().getByRole('button', { name: 'Announce' }).click();
  await dialog().waitFor({ state: 'detached' });
}

async function picture(name) {
  mkdirSync(kPictures, { recursive: true });
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await faultsOf(page), [], `${name} ${colorScheme}`);
    await page.screenshot({ path: join(kPictures, `${name}-${colorScheme}.png`), fullPage: true });
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

test('who may not announce sees the list and no button', { skip: skipped }, async () => {
  const visitor = await openPage(browser);
  await visitor.addInitScript(() => localStorage.setItem('quipu.language', 'en'));
  await visit(visitor, `${hub.url}/lab`);
  await visitor.getByText('drop routes whose origin is invalid').waitFor();
  assert.equal(await visitor.getByRole('button', { name: "Announce another's prefix here" }).count(), 0);
  await visitor.context().close();
});

test('what a ROA covers is dropped, and what none covers is taken', { skip: skipped }, async () => {
  await visit(page, `${hub.url}/lab`);
  await page.getByText('Every prefix is announced where it belongs.').waitFor();
  await page.getByRole('button', { name: "Announce another's prefix here" }).click();
  await dialog().getByLabel('Announced at').selectOption(kSite);
  await picture('hijack-dialog');
  await page.keyboard.press('Escape');

  await announce(covered);
  await until(() => row(covered).getAttribute('data-state'), (state) => state === 'dropped', { what: `${covered} to be dropped` });
  await row(covered).getByText(/invalid: .* dropped it/).waitFor();
  await announce(open);
  await until(() => row(open).getAttribute('data-state'), (state) => state === 'taken', { what: `${open} to be taken` });
  await row(open).getByText(/taken by \d+ routers? of \d+/).waitFor();
  await picture('hijack-lab');
});

test('the RPKI shows what the routers made of them', { skip: skipped }, async () => {
  await visit(page, `${hub.url}/rpki`);
  await page.getByRole('heading', { name: 'In the lab' }).waitFor();
  assert.equal(await row(covered).getAttribute('data-state'), 'dropped');
  await picture('hijack-rpki');
  await row(covered).getByRole('link', { name: covered }).click();
  const { as } = (await ask(hub, '/lab')).hijacks.find((one) => one.prefix === covered);
  await page.waitForURL(`${hub.url}/rpki/validity?asn=AS${as}&prefix=${encodeURIComponent(covered)}`);
  await page.getByRole('heading', { name: `${covered} AS${as}: invalid` }).waitFor();
});

test('every router of the lab is a client of the hub, and lacks nothing', { skip: skipped }, async () => {
  const { nodes } = await ask(hub, '/lab');
  const clients = await until(() => askAs(page, hub, '/rpki/rtr/clients'), ({ items }) => items.length === nodes.length && items.every((one) => one.lag === 0), {
    what: 'every router to hold the current serial',
  });
  const of = (client) => nodes.find((node) => client.address.startsWith(`${node.management_ipv4}:`));
  assert.equal(new Set(clients.items.map((one) => of(one)?.site)).size, nodes.length);
  await visit(page, `${hub.url}/rpki/routers`);
  await page.getByText(`${nodes.length} routers are connected`).waitFor();
  await picture('rpki-routers');
});

test('the pages, with hijacks, in every language and at 360 pixels', { skip: skipped }, (t) =>
  inspectPages(t, browser, hub, 'demo-administrator', ['/lab', '/rpki', '/rpki/routers']),
);

test('a hijack is stopped', { skip: skipped }, async () => {
  await visit(page, `${hub.url}/lab`);
  for (const prefix of [covered, open]) {
    await row(prefix).getByRole('button', { name: /^Stop/ }).click();
    await row(prefix).waitFor({ state: 'detached' });
  }
  assert.deepEqual((await ask(hub, '/lab')).hijacks, []);
  const events = (await askAs(page, hub, '/journal/events?type=LabHijackSet')).items;
  assert.deepEqual(events.map((one) => one.body.state), ['announced', 'announced', 'stopped', 'stopped']);
  await visit(page, `${hub.url}/rpki`);
  assert.equal(await page.getByRole('heading', { name: 'In the lab' }).count(), 0);
});
