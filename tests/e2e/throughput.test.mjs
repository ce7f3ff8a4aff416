#!/usr/bin/env node
// The calendar of throughput tests in a browser: the real hub, whose calendar is empty without agents, and a day's tests put in its
// place, as the API tells them.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inspectPages, keysShown, faultsOf, grave, openPage, settled, signIn, startBrowser, startPortal, until, visit } from './portal.mjs';

const hub = await startPortal({ lab: false });
const skipped = !hub.data && 'it needs a hub of its own';
let browser;

before(async () => {
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await hub.stop();
});

const noon = () => {
  const time = new Date();
  time.setUTCHours(16, 0, 0, 0); // 13:00 in Montevideo, where the test's browser is
  return time.getTime();
};
const at = (minutes) => new Date(noon() + minutes * 60_000).toISOString();
const planned = (id, from, to, minutes, more = {}) => ({
  id,
  from,
  to,
  start: at(minutes),
  begins: at(minutes),
  until: at(minutes + 0.3),
  protocol: 'tcp',
  duration_us: 10_000_000,
  streams: 1,
  rate_bps: 0,
  origin: 'regular',
  state: 'planned',
  links: ['santiago-panama'],
  expected_octets: 777_600_000,
  ...more,
});
const tests = [
  planned(1, 'santiago', 'panama', -120, { state: 'done' }),
  planned(2, 'panama', 'santiago', -60, { state: 'failed', why: 'santiago: Address already in use' }),
  planned(3, 'santiago', 'panama', -30, { state: 'cancelled' }),
  planned(4, 'bogota', 'caracas', -20, { state: 'expired', links: null }),
  planned(5, 'santiago', 'panama', 240, { origin: 'asked' }),
];
const refusal = {
  wanted: at(240),
  from: 'panama',
  to: 'santiago',
  origin: 'asked',
  reason: 'link-busy',
  what: 'the link santiago-panama on its path is in use',
  object: 'santiago-panama',
  other: 5,
  other_from: 'santiago',
  other_to: 'panama',
  other_begins: at(240),
  other_until: at(240.3),
  next_free: at(241),
};
const result = (test, from, to, minutes, more = {}) => ({
  test,
  from,
  to,
  start: at(minutes),
  protocol: 'tcp',
  streams: 1,
  duration_us: 10_000_000,
  origin: 'regular',
  ok: true,
  error: '',
  sent_bps: 480e6,
  received_bps: 470e6,
  sent_octets: 6e8,
  received_octets: 5.9e8,
  retransmits: 12,
  rtt_min_us: 61_000,
  rtt_mean_us: 63_000,
  ...more,
});
const results = [
  result(1, 'santiago', 'panama', -120),
  result(6, 'santiago', 'panama', -480, { received_bps: 455e6 }),
  result(2, 'panama', 'santiago', -60, { ok: false, received_bps: 0, error: 'santiago: Address already in use' }),
  result(7, 'panama', 'santiago', -400),
];

/** Puts a day in the place of the hub's own. */
async function withTests(page) {
  const list = (items) => (route) => route.fulfill({ json: { items, next: null } });
  await page.route(/\/api\/v1\/measure\/calendar\?/, list(tests));
  await page.route(/\/api\/v1\/measure\/calendar\/refusals/, list([refusal]));
  await page.route(
    /\/api\/v1\/measure\/calendar\/points/,
    list([
      { site: 'santiago', state: 'able', iperf3: '3.12' },
      { site: 'panama', state: 'able', iperf3: '3.12' },
      { site: 'bogota', state: 'without-iperf', problem: 'iperf3 is not installed' },
      { site: 'caracas', state: 'away', problem: 'its agent is away' },
    ]),
  );
  await page.route(/\/api\/v1\/measure\/calendar\/proof/, (route) =>
    route.fulfill({ json: { kept: true, tests: 5, ran: 2, points: 4, links: 1, compared: 8, overlaps: [] } }),
  );
  await page.route(/\/api\/v1\/measure\/throughput/, (route) => {
    const from = new URL(route.request().url()).searchParams.get('from');
    return route.fulfill({ json: { items: results.filter((one) => one.from === from), next: null } });
  });
  page.asked = [];
  await page.route(/\/api\/v1\/measure\/calendar\/check/, (route) => {
    const taken = new URL(route.request().url()).searchParams.get('from') === 'panama';
    return route.fulfill({ json: taken ? { free: false, refusal } : { free: true, test: tests[4] } });
  });
  await page.route(/\/api\/v1\/measure\/tests$/, (route) => {
    page.asked.push(route.request().postDataJSON());
    return route.fulfill({ status: 201, json: tests[4] });
  });
}

test('the empty calendar', { skip: skipped }, (t) => inspectPages(t, browser, hub, null, ['/measure/calendar', '/measure/calendar?view=table']));
test('the empty calendar for an administrator', { skip: skipped }, (t) => inspectPages(t, browser, hub, 'demo-administrator', ['/measure/calendar']));

test('a day of tests: as a grid and as a table, in three languages, on a telephone, light and dark', { skip: skipped }, async (t) => {
  const page = await openPage(browser);
  await signIn(page, hub);
  await withTests(page);
  for (const path of ['/measure/calendar', '/measure/calendar?by=link', '/measure/calendar?by=site', '/measure/calendar?view=table', '/measure/santiago/panama', '/measure/santiago/panama?throughput.view=table'])
    await t.test(path, async () => {
      page.complaints.length = 0;
      await page.setViewportSize({ width: 1280, height: 900 });
      await visit(page, hub.url + path);
      await settled(page);
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        assert.deepEqual(await faultsOf(page), [], colorScheme);
      }
      await page.setViewportSize({ width: 360, height: 740 });
      for (const language of ['es', 'pt', 'en']) {
        await page.locator(`header button[lang="${language}"]`).click();
        await until(() => page.locator('html').getAttribute('lang'), (lang) => lang === language);
        await settled(page);
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(width <= 360, `the page is ${width} pixels wide in ${language}`);
        assert.deepEqual(await keysShown(page), [], language);
      }
      assert.deepEqual(grave(page.complaints), []);
    });
  await page.context().close();
});

test('whoever may asks for a test, and is told why there is no place for it', { skip: skipped }, async () => {
  const page = await openPage(browser);
  await page.addInitScript(() => localStorage.setItem('quipu.language', 'en'));
  await withTests(page);
  await visit(page, `${hub.url}/measure/calendar`);
  await page.getByText('Tests are asked for by those who operate one of the two ends.').waitFor();
  await page.getByText('None of the 5 tests of this day shared a point or a link with another.').waitFor();
  await page.getByText('it has no iperf3').waitFor();
  assert.equal(await page.locator('.day .test').count(), 5);

  await signIn(page, hub);
  await visit(page, `${hub.url}/measure/calendar`);
  await page.getByRole('combobox', { name: 'From', exact: true }).selectOption('panama');
  await page.getByRole('combobox', { name: 'To', exact: true }).selectOption('santiago');
  await page.locator('form').getByText('is in use by test 5').waitFor();
  await page.locator('form').getByText('The next free start is').waitFor();
  await page.getByRole('combobox', { name: 'To', exact: true }).selectOption('');
  await page.getByRole('combobox', { name: 'From', exact: true }).selectOption('santiago');
  await page.getByRole('combobox', { name: 'To', exact: true }).selectOption('panama');
  await page.getByRole('combobox', { name: 'Protocol' }).selectOption('udp');
  await page.getByRole('spinbutton', { name: 'Rate, Mb/s' }).fill('20');
  await page.getByRole('spinbutton', { name: 'Connections at a time' }).fill('4');
  await page.getByText('There is a place at').waitFor();
  await page.getByRole('button', { name: 'Ask for a test' }).click();
  await page.getByRole('status').getByText('The test starts on').waitFor();
  assert.deepEqual(page.asked, [{ from: 'santiago', to: 'panama', duration: '10s', protocol: 'udp', streams: 4, rate: 20_000_000 }]);
  await page.context().close();
});
