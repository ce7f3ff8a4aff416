#!/usr/bin/env node
// The portal in a browser, against the real hub: map, slider, every page for everybody, forms, a link's failure and heal.

import assert from 'node:assert/strict';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ask, askAs, faultsOf, grave, openPage, root, settled, signIn, startBrowser, startPortal, until, visit } from './portal.mjs';

const kBudget = 150 * 1024; // octets, compressed, of the first page
const kMeasured = 240_000; // ms in which a failure must be seen by the mesh

const hub = await startPortal();
let browser;
let pages;
before(async () => {
  browser = await startBrowser();
  const [link] = (await ask(hub, '/links?limit=1000')).items.filter((one) => one.activated && !one.retired);
  pages = [
    '/',
    '/?view=list',
    '/?as_of=2008-05-01',
    '/measure',
    '/measure?view=list&metric=loss',
    '/measure/points',
    `/measure/${link.a}/${link.b}`,
    `/measure/${link.a}/${link.b}?view=table`,
    '/links',
    `/links/${link.id}`,
    `/links/${link.id}?as_of=2011-11-01`,
    '/sites',
    `/sites/${link.a}`,
    '/registry',
    '/organisations',
    '/organisations/redclara',
    '/people',
    '/equipment',
    '/prefixes',
    '/new/people',
    `/edit/links/${link.id}`,
    '/import',
    '/what-if',
    `/what-if?links=${link.id}`,
    '/journal',
    '/lab',
    '/agents',
    '/services',
    '/api',
    '/no-such-page',
    '/links/no-such-link',
  ];
});
after(async () => {
  await browser?.close();
  await hub.stop();
});

test('axe finds nothing on any page, light and dark', async (t) => {
  const page = await openPage(browser);
  await signIn(page, hub);
  for (const path of pages)
    await t.test(path, async () => {
      page.complaints.length = 0;
      await visit(page, hub.url + path);
      await settled(page);
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        assert.deepEqual(await faultsOf(page), [], colorScheme);
      }
      assert.deepEqual(grave(page.complaints), []);
    });
  await page.context().close();
});

test('nothing scrolls sideways at 360 pixels, in any language', async (t) => {
  for (const language of ['es', 'pt', 'en']) {
    const page = await openPage(browser, { width: 360, height: 740, language });
    await signIn(page, hub);
    await page.addInitScript((chosen) => localStorage.setItem('quipu.language', chosen), language);
    for (const path of pages)
      await t.test(`${language} ${path}`, async () => {
        await visit(page, hub.url + path);
        await settled(page);
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(width <= 360, `the page is ${width} pixels wide`);
        // A sentence that a catalogue lacks would be shown as its key.
        const text = await page.locator('body').innerText();
        assert.doesNotMatch(text, /\b(shell|nav|now|then|edit|whatif|lab|mesh|measure|delays|field|event|kinds?)\.[a-z][A-Za-z]+\b/);
      });
    await page.context().close();
  }
});

test('a pair with problems fits 360 pixels, too, in any language', async () => {
  for (const language of ['es', 'pt', 'en']) {
    const page = await openPage(browser, { width: 360, height: 740, language });
    await page.addInitScript((chosen) => localStorage.setItem('quipu.language', chosen), language);
    await page.route('**/api/v1/measure/stream*', (route) => route.abort());
    await page.route('**/api/v1/measure/pairs*', async (route) => {
      const response = await route.fetch();
      const body = await response.json();
      for (const pair of body.items) pair.state = 'degraded';
      await route.fulfill({ response, json: body });
    });
    await visit(page, `${hub.url}/measure/bogota/caracas`);
    await settled(page);
    assert.equal(await page.locator('td .mark.watch').count(), 2, language);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 360, `the page is ${width} pixels wide in ${language}`);
    await page.context().close();
  }
});

test('the map shows every link, and says in words how the network is', async () => {
  const page = await openPage(browser);
  await visit(page, `${hub.url}/`);
  const links = (await ask(hub, '/links?limit=1000')).items.filter((one) => !one.retired);
  await page.locator('[data-link]').first().waitFor();
  assert.equal(await page.locator('[data-link]').count(), links.length);
  assert.match(await page.locator('h1').innerText(), /link/i);
  // The card of a cord: capacity, date, and the three figures of both directions.
  await page.locator('[data-link="santiago-panama"]').focus();
  const card = page.locator('.about');
  await card.waitFor();
  const text = await card.innerText();
  for (const wanted of ['622', '2011', 'Delay', 'Jitter', 'Loss', '→']) assert.ok(text.includes(wanted), `the card lacks ${wanted}: ${text}`);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/links/santiago-panama');
  await page.context().close();
});

test('the slider plays the network’s growth, and the address remembers the day', async () => {
  const page = await openPage(browser, { still: false });
  await visit(page, `${hub.url}/`);
  const cords = page.locator('[data-link]');
  await cords.first().waitFor();
  const now = await cords.count();
  const slider = page.getByRole('slider');
  await slider.focus();
  await page.keyboard.press('Home');
  await page.waitForURL(/as_of=200/);
  await until(() => cords.count(), (count) => count < now, { what: 'fewer links in the beginning' });
  await page.getByRole('button', { name: /Play/ }).click();
  await page.getByRole('button', { name: /Pause/ }).waitFor();
  await page.waitForURL((url) => !url.searchParams.has('as_of'), { timeout: 90_000 });
  await until(() => cords.count(), (count) => count === now, { what: 'all links today' });

  await visit(page, `${hub.url}/?as_of=2011-09-01`);
  await page.getByText('You see the network as it was on Sep 1, 2011.').waitFor();
  await page.getByRole('button', { name: 'Back to today' }).first().click();
  await page.waitForURL((url) => !url.searchParams.has('as_of'));
  await page.context().close();
});

test('everything can be reached by keyboard', async () => {
  const page = await openPage(browser);
  await visit(page, `${hub.url}/`);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('href')), '#main');

  await page.keyboard.press('Control+k');
  const box = page.getByRole('combobox');
  await box.waitFor();
  await page.keyboard.type('sao paulo');
  await page.getByRole('option', { name: /São Paulo/ }).first().waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/(sites|links)\//);

  await page.keyboard.press('Control+k');
  await box.waitFor();
  await page.keyboard.type('medir');
  await page.getByRole('option', { name: /Measurement/ }).first().waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL('**/measure');

  const cells = page.locator('[data-cell]');
  if ((await ask(hub, '/measure/pairs?limit=1')).items.length > 0) {
    await cells.first().waitFor();
    await page.locator('[data-cell][tabindex="0"]').focus();
    const before = await page.evaluate(() => document.activeElement.dataset.cell);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    assert.notEqual(await page.evaluate(() => document.activeElement.dataset.cell), before);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/measure\/[^/]+\/[^/]+$/);
  }
  await page.context().close();
});

test('the portal speaks three languages, and keeps the choice', async () => {
  const page = await openPage(browser, { language: 'pt-BR' });
  await visit(page, `${hub.url}/links`);
  assert.equal(await page.locator('h1').innerText(), 'Enlaces');
  assert.equal(await page.locator('html').getAttribute('lang'), 'pt');
  await page.getByRole('button', { name: /Español/ }).click();
  await until(() => page.locator('html').getAttribute('lang'), (language) => language === 'es');
  await page.reload();
  await page.getByRole('link', { name: 'Sitios' }).waitFor();
  await page.context().close();
});

test('the first page weighs at most 150 KB, compressed', async () => {
  const page = await openPage(browser);
  const files = new Set();
  page.on('response', (response) => {
    const { pathname } = new URL(response.url());
    if (!pathname.startsWith('/api/')) files.add(pathname);
  });
  await visit(page, `${hub.url}/`);
  await page.locator('[data-link]').first().waitFor();
  await page.waitForLoadState('load');
  await until(() => page.locator('path.land').count(), (count) => count > 0, { what: 'the land' });
  const sizes = [...files].map((path) => {
    const file = join(root, 'build', 'web', path === '/' ? 'index.html' : path);
    for (const end of ['.br', '']) {
      const found = statSync(file + end, { throwIfNoEntry: false });
      if (found) return [path, found.size];
    }
    return [path, 0];
  });
  const total = sizes.reduce((sum, [, size]) => sum + size, 0);
  console.log(`first page: ${(total / 1024).toFixed(1)} KB in ${sizes.length} files`);
  assert.ok(total <= kBudget, `${total} octets: ${JSON.stringify(sizes.sort((x, y) => y[1] - x[1]))}`);
  await page.context().close();
});

test('a problem can be reported from any page, with the page and the request', async () => {
  const page = await openPage(browser);
  await visit(page, `${hub.url}/links/no-such-link?as_of=2011-01-01`);
  await page.getByRole('alert').waitFor();
  await page.getByRole('button', { name: 'Report a problem on this page' }).click();
  await page.getByLabel('What happened, and what did you expect?').fill('I expected a link here');
  const sent = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/reports'));
  await page.getByRole('button', { name: 'Send the report' }).click();
  const body = (await sent).postDataJSON();
  assert.equal(body.page, '/links/no-such-link?as_of=2011-01-01');
  assert.ok(body.request_id);
  await page.getByText(/Your report is kept/).waitFor();
  await page.context().close();
});

test('an object is made, its faults stand at their fields, a conflict loses nothing, and it is removed', async () => {
  const id = `e2e-${Date.now().toString(36)}`;
  const page = await openPage(browser);
  await signIn(page, hub, 'demo-administrator');
  await page.addInitScript(() => localStorage.setItem('quipu.language', 'en'));
  await visit(page, `${hub.url}/new/sites`);
  await page.locator('#field-id').fill(id);
  await page.locator('#field-name').fill('Salto');
  await page.locator('#field-organisation').fill('nobody-at-all');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('[aria-invalid="true"]').first().waitFor();
  assert.equal(await page.locator('[aria-invalid="true"]').first().getAttribute('id'), 'field-organisation');
  await page.locator('#field-organisation').fill('redclara');
  await page.getByLabel('Why').fill('end-to-end test');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL(`${hub.url}/sites/${id}`);
  await page.getByText('end-to-end test').first().waitFor();

  // Somebody else saves while the form is open.
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.locator('#field-address').fill('Calle Uruguay 1');
  const now = await ask(hub, `/sites/${id}`);
  const { version, changed, changed_by, ...object } = now;
  await askAs(page, hub, `/sites/${id}?why=meanwhile`, {
    method: 'PUT',
    headers: { 'If-Match': `"${version}"` },
    body: { ...object, country: 'UY' },
  });
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Somebody saved another version while you were editing').waitFor();
  await page.getByRole('button', { name: 'Put my changes on top of the new version' }).click();
  await page.waitForURL(`${hub.url}/sites/${id}`);
  const both = await ask(hub, `/sites/${id}`);
  assert.equal(both.address, 'Calle Uruguay 1');
  assert.equal(both.country, 'UY');

  await page.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('dialog').getByLabel('Why').fill('the test is over');
  await page.getByRole('dialog').getByRole('button', { name: /Remove Salto/ }).click();
  await page.waitForURL('**/sites');
  const gone = await fetch(`${hub.url}/api/v1/sites/${id}`);
  assert.equal(gone.status, 404);
  await page.context().close();
});

test('a picture for the README', async () => {
  const page = await openPage(browser, { height: 1000 });
  await visit(page, `${hub.url}/`);
  await page.locator('[data-link]').first().waitFor();
  await until(() => page.locator('path.land').count(), (count) => count > 0);
  if (hub.lab) await until(() => page.locator('[data-link][data-state="up"]').count(), (count) => count > 5, { within: 120_000, what: 'measured links' });
  await page.locator('[data-link="santiago-panama"]').hover({ force: true }).catch(() => null);
  const folder = process.env.QUIPU_PICTURE ?? join(root, 'build', 'e2e');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, 'portal.png') });
  await page.context().close();
});

test('two ways are compared, and the verdict can be read', { skip: hub.lab ? false : 'skipped: the lab needs root' }, async () => {
  const page = await openPage(browser);
  await signIn(page, hub, 'demo-administrator');
  await page.addInitScript(() => localStorage.setItem('quipu.language', 'en'));
  await visit(page, `${hub.url}/measure/compare`);
  await page.getByRole('heading', { name: 'Compare two ways', exact: true }).waitFor();
  await page.getByLabel('From the point').selectOption({ label: 'Buenos Aires' });
  await page.getByRole('textbox', { name: 'To' }).fill('lima');
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  // Both networks are as they were planned: the provider's fibre, by way of Miami or São Paulo, is the longer one.
  await page.locator('[data-verdict="longer-fibre"]').waitFor({ timeout: kMeasured });
  await page.getByRole('status').filter({ hasText: 'the other provider' }).waitFor();
  assert.equal(await page.getByRole('row').filter({ hasText: 'Round trip' }).count(), 1);
  assert.deepEqual(await faultsOf(page), []);
  await page.setViewportSize({ width: 360, height: 740 });
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 360), 'it fits a telephone');
  await page.context().close();
});

test('a link that fails is seen on the map and in the journal, and heals', { skip: hub.lab ? false : 'skipped: the lab needs root' }, async () => {
  const id = 'santiago-panama';
  const page = await openPage(browser);
  const cord = page.locator(`[data-link="${id}"]`);
  const stateIs = (wanted) => until(() => cord.getAttribute('data-state'), (state) => wanted.includes(state), { within: kMeasured, what: `the cord ${wanted}` });
  await visit(page, `${hub.url}/`);
  await stateIs(['up']);
  const before = await ask(hub, '/measure/pairs/santiago/panama');

  await signIn(page, hub, 'demo-administrator');
  await page.addInitScript(() => localStorage.setItem('quipu.language', 'en'));
  await visit(page, `${hub.url}/lab`);
  await page.locator(`tr[data-link="${id}"]`).getByRole('button', { name: 'Take down' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Take down' }).click();
  await page.locator(`tr[data-link="${id}"][data-state="down"]`).waitFor();

  await visit(page, `${hub.url}/journal?subject=link:${id}`);
  await page.getByText(/The lab took the link/).first().waitFor();
  await visit(page, `${hub.url}/`);
  await stateIs(['down', 'degraded']);
  // Traffic goes another way, which is longer.
  await until(() => ask(hub, '/measure/pairs/santiago/panama'), (pair) => pair.delay_median_us > before.delay_median_us, { within: kMeasured, every: 2000, what: 'a longer way' });

  // The pair's page shows the way round, the way before it, and each minute's path is one of them.
  const stays = await until(() => ask(hub, '/measure/paths?from=santiago&to=panama'), ({ items }) => items.length > 1 && items[0].hops.length > items[1].hops.length, { within: kMeasured, every: 2000, what: 'another way' });
  await visit(page, `${hub.url}/measure/santiago/panama`);
  const cords = page.getByRole('list', { name: 'Hop by hop: Santiago → Panama City', exact: true });
  await cords.waitFor();
  assert.equal(await cords.getAttribute('data-way'), stays.items[0].id);
  assert.equal(await cords.getByRole('listitem').count(), stays.items[0].hops.length + 1);
  await page.getByRole('img', { name: 'Which way was taken when: Santiago → Panama City', exact: true }).waitFor();
  await page.getByRole('cell', { name: stays.items[1].id, exact: true }).waitFor();
  assert.deepEqual(await faultsOf(page), []);
  await visit(page, `${hub.url}/journal?type=PathChanged&subject=pair:santiago/panama`);
  await page.getByText('From Santiago to Panama City, packets take another way', { exact: true }).waitFor();

  await visit(page, `${hub.url}/lab`);
  await page.locator(`tr[data-link="${id}"] button`).click();
  await page.locator(`tr[data-link="${id}"][data-state="up"]`).waitFor();
  await visit(page, `${hub.url}/`);
  await stateIs(['up']);
  await page.context().close();
});
