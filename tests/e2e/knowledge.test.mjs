#!/usr/bin/env node
// Knowledge base, eduPERT, notifications and search in a browser, against the real hub.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { askAs, inspectPages, openPage, signIn, startBrowser, startPortal, visit } from './portal.mjs';

const hub = await startPortal({ lab: false });
const kArticle = 'e2e-mtu';
let browser;
let application;

async function openAs(login) {
  const page = await openPage(browser);
  await page.addInitScript(() => localStorage.setItem('quipu.language', 'en'));
  if (login) await signIn(page, hub, login);
  return page;
}

const team = (id, organisation) => ({
  id,
  organisation,
  name: `PERT ${organisation.toUpperCase()}`,
  constituency: 'Connected universities',
  languages: ['es'],
  contacts: [
    { kind: 'email', value: `pert@${organisation}.example`, sight: 'public' },
    { kind: 'phone', value: '+56 2 2337 0300', sight: 'accredited' },
  ],
  members: [],
});

before(async () => {
  browser = await startBrowser();
  const page = await openAs('demo-administrator');
  if (!hub.fixture) {
    await askAs(page, hub, '/articles', { method: 'POST', body: { id: kArticle, category: 'performance', readers: 'public', links: ['link:santiago-panama'], texts: { es: { title: 'El MTU', summary: 'Conexiones que se detienen', body: '## Síntoma\n\nSe detiene.' } } } });
    for (const [id, organisation] of [['pert-rnp', 'rnp'], ['pert-cudi', 'cudi']]) await askAs(page, hub, '/pert/teams', { method: 'POST', body: team(id, organisation) });
  }
  application = hub.fixture ? 2 : (await askAs(page, hub, '/pert/accreditations', { method: 'POST', body: { team: 'pert-cudi', evidence: {} } })).number;
  await page.context().close();
});
after(async () => {
  await browser?.close();
  await hub.stop();
});

test('every page for whoever may publish', (t) =>
  inspectPages(t, browser, hub, 'demo-administrator', [
    '/knowledge',
    '/knowledge?view=table',
    ...(hub.fixture ? ['/knowledge/mtu', '/knowledge/mtu/edit', '/knowledge/mtu/versions'] : [`/knowledge/${kArticle}`, `/knowledge/${kArticle}/edit`, `/knowledge/${kArticle}/versions`]),
    '/knowledge/new',
    '/pert',
    '/pert/pert-rnp',
    '/pert/pert-rnp/edit',
    '/pert/new',
    '/accreditations',
    `/accreditations/${application}`,
    '/requests',
    '/requests/new?to=pert-cudi',
    '/meetings',
    '/meetings/new',
    '/notifications',
  ]));

test('every page for whoever is not signed in', (t) => inspectPages(t, browser, hub, null, ['/knowledge', '/pert', '/pert/pert-rnp', '/meetings', '/requests', '/accreditations', '/knowledge/nowhere']));

test('an article is written with its preview, published, read by anybody, and its versions compared', { skip: hub.fixture && 'the fixture keeps no text' }, async () => {
  const page = await openAs('demo-administrator');
  await visit(page, `${hub.url}/knowledge/new`);
  await page.getByLabel('Category').fill('performance');
  await page.getByRole('button', { name: /^Português/ }).click();
  await page.getByLabel('Title').fill('Perda em rajadas');
  await page.getByLabel('Text').fill('## Como medir\n\n- primeiro isto\n\n<script>alert(1)</script>');
  await page.locator('.page').getByRole('heading', { name: 'Como medir' }).waitFor();
  assert.equal(await page.locator('.page script').count(), 0);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL(/\/knowledge\/(?!new)[^/]+$/);
  const path = new URL(page.url()).pathname;
  await page.getByRole('button', { name: 'Publish' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Publish' }).click();
  await page.getByRole('button', { name: 'Withdraw' }).waitFor();

  const files = page.getByRole('region', { name: 'Files' });
  await files.locator('input[type=file]').setInputFiles({ name: 'gráfico ñ.txt', mimeType: 'text/plain', buffer: Buffer.from('1 2 3\n') });
  await files.getByRole('button', { name: 'Attach', exact: true }).click();
  await files.getByRole('link', { name: 'gráfico ñ.txt', exact: true }).waitFor();

  const visitor = await openAs(null);
  await visit(visitor, hub.url + path);
  await visitor.getByRole('heading', { name: 'Perda em rajadas' }).waitFor();
  const download = visitor.waitForEvent('download');
  await visitor.getByRole('link', { name: 'gráfico ñ.txt', exact: true }).click();
  assert.equal((await download).suggestedFilename(), 'gráfico ñ.txt');
  assert.equal(await visitor.getByRole('button', { name: 'Attach', exact: true }).count(), 0);
  await visitor.getByText('It is not written in English yet.').waitFor();
  await visitor.context().close();

  await visit(page, `${hub.url}${path}/edit?language=pt`);
  await page.getByLabel('Text').fill('## Como medir\n\n- primeiro aquilo');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL(`${hub.url}${path}`);
  await files.getByRole('button', { name: 'Remove gráfico ñ.txt' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove gráfico ñ.txt' }).click();
  await files.getByText('gráfico ñ.txt').waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'Versions' }).click();
  await page.locator('.gone', { hasText: 'primeiro isto' }).waitFor();
  await page.locator('.new', { hasText: 'primeiro aquilo' }).waitFor();
  await page.context().close();
});

test('private contacts of a team are not for everybody', async () => {
  const page = await openAs(null);
  await visit(page, `${hub.url}/pert/pert-rnp`);
  await page.getByText('pert@rnp.example').first().waitFor();
  if (!hub.fixture) assert.doesNotMatch(await page.locator('body').innerText(), /2337 0300/);
  await page.context().close();
});

test('a team shows what is asked, and submits it', { skip: hub.fixture && 'the fixture has other criteria' }, async () => {
  const page = await openAs('demo-administrator');
  await visit(page, `${hub.url}/accreditations/${application}`);
  const fields = page.locator('form textarea');
  await fields.first().waitFor();
  for (const field of await fields.all()) await field.fill('Two people, named in the directory.');
  await page.getByRole('button', { name: 'Save what is shown' }).click();
  await page.getByText(/still missing/).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Submit it' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Submit it' }).click();
  await page.getByText('being reviewed').first().waitFor();
  await page.context().close();
});

test('a team asks another, and gets its answer', async () => {
  const page = await openAs('demo-administrator');
  await visit(page, `${hub.url}/requests/new?to=pert-cudi`);
  await page.getByLabel('Asking team').selectOption('pert-rnp');
  await page.getByLabel('What it is').fill('Queues towards Tijuana');
  await page.getByLabel('Question').fill('Which queues do you use?');
  await page.getByRole('button', { name: 'Send the request' }).click();
  await page.waitForURL(/\/requests\/\d+$/);
  await page.getByRole('button', { name: 'Answer it' }).click();
  await page.getByRole('dialog').getByLabel('Answer').fill('fq_codel, since March.');
  await page.getByRole('dialog').getByRole('button', { name: 'Answer it' }).click();
  await page.getByText('fq_codel, since March.').first().waitFor();
  await page.context().close();
});

test('a meeting is called, and its minutes are written', { skip: hub.fixture && 'the fixture has one meeting' }, async () => {
  const page = await openAs('demo-administrator');
  await visit(page, `${hub.url}/meetings/new`);
  await page.getByLabel('Meeting').fill('Monthly call');
  await page.getByLabel('Agenda').fill('- open cases');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL(/\/meetings\/\d+$/);
  await page.getByRole('listitem').filter({ hasText: 'open cases' }).waitFor();
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByLabel('Minutes').fill('**Agreed**: measure hourly.');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('strong', { hasText: 'Agreed' }).waitFor();
  await page.context().close();
});

test('a notice rings the bell, and is read', async () => {
  const page = await openAs('demo-administrator');
  await visit(page, `${hub.url}/notifications`);
  if (!hub.fixture) await page.getByRole('button', { name: 'Send me a test' }).click();
  await page.getByRole('button', { name: /unread notifications?/ }).first().waitFor();
  await page.getByRole('button', { name: /\d+ unread|One unread/ }).waitFor();
  await page.getByRole('button', { name: 'Mark all as read' }).click();
  await page.getByRole('button', { name: 'No unread notification' }).waitFor();
  await page.context().close();
});

test('quiet hours and ways are chosen by rules', async () => {
  const page = await openAs('demo-administrator');
  await visit(page, `${hub.url}/me?part=notifications`);
  await page.getByRole('button', { name: 'Make a rule' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('checkbox', { name: 'cases' }).check();
  await dialog.getByLabel('When').selectOption('daily');
  await dialog.getByLabel('Quiet from').fill('22:00');
  await dialog.getByLabel('Quiet until').fill('07:00');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('gathered every day').waitFor();
  await page.context().close();
});

test('Ctrl-K finds articles, teams and the registry, accents or not', async () => {
  const page = await openAs('demo-administrator');
  await visit(page, `${hub.url}/services`);
  for (const [text, name] of [
    [hub.fixture ? 'ventana' : 'el mtu', hub.fixture ? /ventana/i : /El MTU/],
    ['pert rnp', /PERT RNP/],
    ['sao paulo', /São Paulo/],
  ]) {
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill(text);
    await page.getByRole('option', { name }).first().waitFor();
    await page.keyboard.press('Escape');
  }
  await page.context().close();
});
