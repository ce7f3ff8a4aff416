#!/usr/bin/env node
// Measurement's pages over a hub that has measured nothing yet, and over figures that the test lays under them: what they say,
// that they fit and can be read, and that their choices stand in the address. The mesh itself is tested by portal.test.mjs.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, faultsOf, grave, inspectPages, openPage, settled, startBrowser, startPortal, visit } from './portal.mjs';

const hub = await startPortal({ lab: false });
let browser;
before(async () => {
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await hub.stop();
});

const sites = ['santiago', 'panama', 'lima'];
const figures = {
  sent: 90,
  received: 90,
  lost: 0,
  duplicated: 0,
  reordered: 0,
  loss: 0,
  negative: 0,
  clock_error_us: 10,
  ipdv_us: 40,
  pdv_us: 90,
  ttl: 252,
  delay_min_us: 31_300,
  delay_p05_us: 31_310,
  delay_p25_us: 31_320,
  delay_median_us: 31_330,
  delay_p75_us: 31_350,
  delay_p95_us: 31_400,
  delay_p99_us: 31_900,
  delay_max_us: 38_000,
};
const good = { interactive: 'good', bulk: 'good', usual: 'good' };
const pairOf = (from, to) => ({
  from,
  to,
  ...figures,
  time: '2026-01-10T12:00:00Z',
  step_s: 60,
  state: 'good',
  baseline_us: 31_320,
  floor_us: 31_250,
  above_floor_us: 80,
  sessions: 1,
  provisional: false,
  quality: from === 'lima' ? { ...good, interactive: 'fair', bulk: 'poor' } : good,
});
const pairs = sites.flatMap((from) => sites.filter((to) => to !== from).map((to) => pairOf(from, to)));
const since = '2026-01-10T12:00:00Z';
const until = '2026-01-10T13:00:00Z';
const minutes = Array.from({ length: 60 }, (_one, i) =>
  new Date(Date.parse(since) + i * 60_000).toISOString().replace('.000', ''),
);
const heat = {
  since,
  until,
  step_s: 60,
  clock_error_us: 10,
  bounds_us: [31_000, 31_500, 32_000, 38_500],
  steps: minutes.map((time) => ({
    time,
    received: 90,
    lost: 0,
    counts: [80, 9, 1],
  })),
};
const event = {
  id: 1,
  time: '2026-01-10T12:20:00Z',
  type: 'DelayRose',
  subject: 'pair:santiago/panama',
  actor: 'system',
  body: { from: 'santiago', to: 'panama', before_us: 31_300, after_us: 35_000 },
};

/** Lays these answers under a page: a mesh of three points and an hour of one pair. */
async function withFigures(page) {
  const answer = (path, body) => page.route(`**/api/v1${path}`, (route) => route.fulfill({ json: body }));
  await page.route('**/api/v1/measure/stream*', (route) =>
    route.fulfill({ contentType: 'text/event-stream', body: ': nothing more\n\n' }),
  );
  await answer('/measure/pairs?*', { items: pairs, next: null });
  await answer('/measure/links?*', {
    items: [
      {
        id: 'santiago-panama',
        a: 'santiago',
        b: 'panama',
        state: 'up',
        floor_us: 6250,
        above_floor_us: 25_080,
        forward: pairs[0],
        backward: pairs[1],
      },
    ],
    next: null,
  });
  await answer('/measure/records?*', {
    items: minutes.map((time) => ({ time, step_s: 60, ...figures })),
    next: null,
  });
  await answer('/measure/histograms?*', heat);
  await page.route('**/api/v1/journal/events?*subject=pair%3Asantiago%2Fpanama*', (route) =>
    route.fulfill({ json: { items: [event], next: null } }),
  );
  return page;
}

// A clock that is wrong, a change with its evidence, a comparison.
const wrongClock = { clock_fault: ['panama'] };
const kept = {
  id: 'santiago.panama.DelayRose.1768047600',
  from: 'santiago',
  to: 'panama',
  type: 'DelayRose',
  minute: '2026-01-10T12:20:00Z',
  complete: true,
};
const around = minutes.map((time, i) => ({
  time,
  step_s: 60,
  ...figures,
  ...(i < 20 ? {} : { delay_median_us: 40_330, ttl: 250 }),
  ...(i < 5 ? wrongClock : {}),
}));
const evidence = {
  ...kept,
  forward: around,
  backward: minutes.map((time) => ({ time, step_s: 60, ...figures })),
  from_point: minutes.map((time) => ({
    time,
    clock: 'synchronised',
    clock_error_us: 10,
    late_worst_us: 300,
    own_drops: 0,
    clock_fault: false,
  })),
  to_point: [],
};
const way = (hops) => ({
  sent: 200,
  lost: 1,
  loss: 0.005,
  round_trip_median_us: 62_000,
  segments: hops.map((to, i) => ({
    from: i ? hops[i - 1] : 'santiago',
    to,
    link: '',
    share_us: 15_000,
    queue_us: 4000,
  })),
  there: hops,
  back: [...hops].reverse(),
  failed: '',
});
const difference = { median_us: 4100, low_us: 4000, high_us: 4200, pairs: 199 };
const comparison = {
  id: 7,
  from: 'santiago',
  host: 'panama',
  to: 'panama',
  target: '192.0.2.9',
  asked: until,
  by: '',
  state: 'done',
  reason: '',
  outcome: {
    verdict: 'queueing',
    slower: 'research',
    there: difference,
    back: difference,
    round_trip: difference,
    least_us: 600,
    clock_error_us: 10,
    amount_us: 4100,
    at: 'Lima – Panama City',
    part_at: 'Santiago',
    better_route: [],
    light_us: 25_000,
    ...wrongClock,
    research: way(['Lima', 'Panama City']),
    commodity: way(['192.0.2.1', 'Panama City']),
  },
};

/** The same with Panama's clock wrong, and what is kept of that hour. */
async function withWrongClock(page) {
  await withFigures(page);
  const answer = (path, body) => page.route(`**/api/v1${path}`, (route) => route.fulfill({ json: body }));
  await page.route('**/api/v1/measure/pairs?*', (route) => {
    const step_s = new URL(route.request().url()).searchParams.get('span') === 'day' ? 86_400 : 60;
    const marked = pairs.map((one) => ({
      ...one,
      step_s,
      ...(one.from === 'panama' || one.to === 'panama' ? wrongClock : {}),
    }));
    return route.fulfill({ json: { items: marked, next: null } });
  });
  const [forward, backward] = pairs;
  const link = {
    id: 'santiago-panama',
    a: 'santiago',
    b: 'panama',
    state: 'up',
    floor_us: 6250,
    above_floor_us: 25_080,
  };
  await answer('/measure/links?*', {
    items: [{ ...link, forward, backward, ...wrongClock }],
    next: null,
  });
  await answer('/measure/summary*', {
    ...(await ask(hub, '/measure/summary')),
    ...wrongClock,
  });
  await answer('/measure/records?*', { items: around, next: null });
  await answer('/measure/evidence*', { items: [kept], next: null });
  await answer(`/measure/evidence/${kept.id}*`, evidence);
  await answer('/measure/comparisons*', { items: [comparison], next: null });
  await answer('/measure/comparisons/7*', comparison);
  return page;
}
const chartOf = '/measure/santiago/panama?since=2026-01-10T12:00:00Z&until=2026-01-10T13:00:00Z';

test('empty pages say how to begin, fit, and can be read', (t) =>
  inspectPages(t, browser, hub, null, [
    '/measure?profile=bulk',
    '/measure?as_of=2011-11-01',
    '/measure/bogota/caracas?as_of=2011-11-01',
    '/measure?span=week',
    '/measure/statement',
    '/measure/statement/reuna',
    '/measure/evidence',
    '/measure/evidence/none',
    '/measure/compare',
    '/measure/points',
    '/?colour=floor',
  ]));

test('pages with figures fit, too, and can be read', (t) =>
  inspectPages(
    t,
    browser,
    hub,
    null,
    [
      '/measure?span=day&profile=interactive',
      '/measure?view=list',
      '/measure/evidence?type=DelayRose',
      `/measure/evidence/${kept.id}`,
      `/measure/evidence/${kept.id}?view=table`,
      '/measure/compare?id=7',
      '/?colour=floor',
    ],
    withWrongClock,
  ));

test('a clock that is wrong is marked in the grid, over the pair, on the map and in the comparison', async () => {
  const page = await withWrongClock(await openPage(browser));
  await visit(page, `${hub.url}/measure`);
  await page.locator('[data-clock="wrong"]').first().waitFor();
  assert.equal(await page.locator('[data-clock="wrong"]').count(), 4);
  assert.match(
    await page.locator('[data-clock="wrong"]').first().getAttribute('aria-label'),
    /Clock wrong: Panama City/,
  );
  await page.getByLabel('Time shown').selectOption('day');
  await page.waitForURL(`${hub.url}/measure?span=day`);
  await page.getByText('Each pair over the last day.').waitFor();
  await page.getByText(/The clock at Panama City was wrong for some of this time/).waitFor();
  await visit(page, hub.url + chartOf);
  await page.getByText(/Those times are hatched below/).waitFor();
  await visit(page, `${hub.url}/?colour=floor`);
  await page.locator('[data-clock="panama"]').waitFor();
  assert.equal(await page.locator('[data-link="santiago-panama"]').getAttribute('data-state'), 'clock');
  await visit(page, `${hub.url}/measure/compare?id=7`);
  await page.getByText(/The clock at Panama City was wrong for some of this time/).waitFor();
  await page.context().close();
});

test('the evidence of a change says what was before and after it, and is found from the change', async () => {
  const page = await withWrongClock(await openPage(browser));
  await page.route('**/api/v1/journal/events?*subject=pair%3Asantiago%2Fpanama*', (route) =>
    route.fulfill({
      json: {
        items: [{ ...event, body: { ...event.body, evidence: kept.id } }],
        next: null,
      },
    }),
  );
  await visit(page, hub.url + chartOf);
  await page
    .getByRole('link', {
      name: /^Evidence: Delay from Santiago to Panama City rose/,
    })
    .first()
    .click();
  await page.waitForURL(`${hub.url}/measure/evidence/${kept.id}`);
  await page
    .getByRole('heading', {
      level: 1,
      name: /^Delay from Santiago to Panama City rose/,
    })
    .waitFor();
  const figuresOf = async (row) => page.getByRole('row', { name: row }).first().innerText();
  assert.match(await figuresOf(/^Delay/), /31\.33\sms\s+40\.33\sms/);
  assert.match(await figuresOf(/^TTL on arrival/), /252\s+250/);
  await page.getByText('It told nothing in this time.').waitFor();
  await page.getByRole('button', { name: 'Show the table' }).click();
  await page.getByRole('status').getByText('120 rows', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Other changes of this pair' }).click();
  await page.getByRole('link', { name: 'Delay rose' }).waitFor();
  await page.context().close();
});

test('the grid is judged by a profile, in words and marks, in the order that one likes', async () => {
  const page = await withFigures(await openPage(browser));
  await visit(page, `${hub.url}/measure`);
  const cell = page.locator('[data-cell="0,1"]');
  await cell.waitFor();
  assert.deepEqual(await page.locator('tbody th').allInnerTexts(), ['Panama City', 'Lima', 'Santiago']);
  await page.getByLabel('Judged by').selectOption('bulk');
  await page.waitForURL(`${hub.url}/measure?profile=bulk`);
  assert.match(await page.locator('[data-limits="bulk"]').innerText(), /50\sms above light/);
  assert.equal(await page.locator('[data-state="poor"]').count(), 2);
  assert.match(await page.locator('[data-state="poor"] .mark').nth(0).innerText(), /poor/);
  await page.getByLabel('Order').selectOption('worst');
  await page.getByRole('button', { name: 'Above light' }).click();
  await page.waitForURL(`${hub.url}/measure?profile=bulk&order=worst&metric=above`);
  assert.deepEqual(await page.locator('tbody th').allInnerTexts(), ['Lima', 'Panama City', 'Santiago']);
  assert.match(await cell.getAttribute('aria-label'), /Lima to Panama City: Above light 0\.08\sms, poor/);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await faultsOf(page), [], colorScheme);
  }
  assert.deepEqual(grave(page.complaints), []);
  await page.context().close();
});

test('a pair shows both directions, its histograms and what happened, over the span that the address says', async () => {
  const page = await withFigures(await openPage(browser));
  await visit(page, hub.url + chartOf);
  await settled(page);
  await page.locator('[data-heat="there"] canvas').waitFor();
  assert.match(
    await page.locator('[data-heat="there"]').getAttribute('aria-label'),
    /89\s% of the packets took between 31\.00\sms and 31\.50\sms/,
  );
  // Something is drawn: not all of the picture is as empty as its corner.
  assert.ok(
    await page.locator('[data-heat="back"] canvas').evaluate((canvas) =>
      canvas
        .getContext('2d')
        .getImageData(0, 0, canvas.width, canvas.height)
        .data.some((value) => value > 0),
    ),
  );
  const mark = page.getByRole('button', {
    name: /Delay from Santiago to Panama City rose/,
  });
  await mark.click();
  await page
    .getByRole('status')
    .getByText(/Delay from Santiago to Panama City rose/)
    .waitFor();
  await page.getByRole('button', { name: 'There', exact: true }).click();
  await page.waitForURL(`${hub.url}${chartOf.replaceAll(':', '%3A')}&way=there`);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await faultsOf(page), [], colorScheme);
  }
  await page.getByRole('button', { name: 'Show the table' }).nth(1).click();
  await page.getByRole('status').getByText('360 rows', { exact: true }).waitFor();
  for (const language of ['es', 'pt', 'en']) {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.locator(`header button[lang="${language}"]`).click();
    await page.locator(`html[lang="${language}"]`).waitFor();
    await settled(page);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 360, `the page is ${width} pixels wide in ${language}`);
  }
  await page.context().close();
});

test('the map is coloured by the delay above light, and says so in words', async () => {
  const page = await withFigures(await openPage(browser));
  await visit(page, `${hub.url}/`);
  await page.getByRole('button', { name: 'Delay above light' }).click();
  await page.waitForURL(`${hub.url}/?colour=floor`);
  const cord = page.locator('[data-link="santiago-panama"]');
  assert.equal(await cord.getAttribute('data-state'), 'far');
  assert.match(await cord.getAttribute('aria-label'), /more than 20 ms above light/);
  await page.context().close();
});

test('a statement is written by the hub, in the language that one asks for, and can be had as text', async () => {
  const page = await openPage(browser, { language: 'pt' });
  const [organisation] = (await ask(hub, '/organisations?limit=1000')).items.filter((one) => one.id === 'rnp');
  const told = await ask(hub, '/measure/statement/rnp?language=es');
  assert.match(told.title, /^Cómo estuvo la red para RNP/);
  await visit(page, `${hub.url}/measure/statement`);
  await page.getByLabel('Para').selectOption({ label: organisation.name });
  await page.waitForURL(`${hub.url}/measure/statement/rnp`);
  await page.getByRole('heading', { level: 1, name: /^Como esteve a rede para RNP/ }).waitFor();
  await page.getByRole('group', { name: 'Idioma do relatório' }).getByRole('button', { name: 'en' }).click();
  await page.getByText(/^Nothing was measured for RNP/).waitFor();
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Texto' }).click(),
  ]);
  assert.match(file.suggestedFilename(), /^statement-rnp-\d{4}-\d{2}\.txt$/);
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.getByRole('button', { name: 'Imprimir' }).isVisible(), false);
  assert.ok(await page.getByText(/^Nothing was measured for RNP/).isVisible());
  await page.context().close();
});
