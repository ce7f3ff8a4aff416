// What the browser tests share: a hub with RedCLARA's network, a Chromium, and small questions to both.
//
//   QUIPU_E2E=fixture   the portal against its fixture instead of the real hub (while developing the portal)
//   QUIPU_E2E=URL       the portal of a hub that runs already

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const requireWeb = createRequire(join(root, 'web', 'package.json'));

const kProgram = join(root, 'build', 'release', 'bin', 'quipu');
const kChromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);
const kReady = 180_000; // ms for the network to stand

/** Ends the script as one test that was left out, visibly. */
export function skip(why) {
  console.log(`skipped: ${why}`);
  process.exit(77);
}

function need(path, why) {
  if (!path || !existsSync(path)) skip(why);
}

/** Runs until a line of its output holds an address; answers that and how to stop it. */
function startServer(command, args, options = {}) {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let said = '';
  const exited = new Promise((done) => child.once('exit', done));
  const stop = async () => {
    if (child.exitCode === null) child.kill('SIGINT');
    const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await exited;
    clearTimeout(late);
  };
  const url = new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`no address within ${kReady} ms:\n${said}`)), kReady);
    const take = (chunk) => {
      said += chunk;
      const found = said.replace(/\x1b\[[0-9;]*m/g, '').match(/https?:\/\/(127\.0\.0\.1|localhost|\[::1\]):\d+/);
      if (!found) return;
      clearTimeout(timer);
      done(found[0]);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    void exited.then((code) => {
      clearTimeout(timer);
      fail(new Error(`${command} ended with ${code}:\n${said}`));
    });
  });
  return { url, stop };
}

async function startFixture() {
  need(join(root, 'build', 'web', 'index.html'), 'the portal is not built (tools/build-web)');
  const vite = join(root, 'web', 'node_modules', 'vite', 'bin', 'vite.js');
  const server = startServer(process.execPath, [vite, 'preview', '--port', '0'], { cwd: join(root, 'web') });
  return { url: await server.url, stop: server.stop, lab: true, fixture: true };
}

/** With root the whole network is brought up and measured, unless the hub alone will do; without, the hub alone. */
async function startHub(lab, options) {
  need(kProgram, 'build/release/bin/quipu is not built');
  need(join(root, 'build', 'web', 'index.html'), 'the portal is not built (tools/build-web)');
  const data = mkdtempSync(join(tmpdir(), 'quipu-e2e-'));
  const whole = lab && process.getuid() === 0;
  const server = startServer(kProgram, ['run', ...(whole ? options : ['--hub-only']), '--port', '0', '--data', data]);
  const stop = async () => {
    await server.stop();
    rmSync(data, { recursive: true, force: true });
  };
  try {
    return { url: await server.url, stop, lab: whole, fixture: false, data };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A hub with RedCLARA's network, its lab if wished, with these options of `quipu run`; its demonstration accounts sign in without a password. */
export async function startPortal({ lab = true, options = [] } = {}) {
  need(kChromium, 'Chromium is not installed');
  need(join(root, 'web', 'node_modules', 'playwright-core'), "the portal's packages are not installed (tools/build-web)");
  const wish = process.env.QUIPU_E2E ?? '';
  if (/^https?:/.test(wish)) return { url: wish, stop: async () => {}, lab: true, fixture: false };
  return wish === 'fixture' ? startFixture() : startHub(lab, options);
}

export async function startBrowser() {
  const { chromium } = requireWeb('playwright-core');
  const args = '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';
  return chromium.launch({ executablePath: kChromium, args: args.split(' ') });
}

/** A page of its own, with everything that it complains about collected in `page.complaints`. */
export async function openPage(browser, options = {}) {
  const { width = 1280, height = 900, dark = false, language = 'en', still = true } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    locale: language,
    timezoneId: 'America/Montevideo',
    reducedMotion: still ? 'reduce' : 'no-preference',
  });
  const page = await context.newPage();
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') page.complaints.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol.startsWith('http') && !['127.0.0.1', 'localhost'].includes(hostname)) page.complaints.push(`third party: ${request.url()}`);
  });
  return page;
}

/** Opens an address of the portal and waits until it has said what it has to say. */
export async function visit(page, url) {
  await page.goto(url);
  await page.locator('main h1, main [role="alert"]').first().waitFor();
  await page.waitForFunction(() => document.querySelector('main')?.getAttribute('aria-busy') === 'false');
}

export async function ask(hub, path, options) {
  const response = await fetch(`${hub.url}/api/v1${path}`, options);
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status} ${await response.text()}`);
  return response.status === 204 ? null : response.json();
}

/** Repeats a question until its answer is liked. */
export async function until(question, liked, { within = 30_000, every = 500, what = 'it' } = {}) {
  const end = Date.now() + within;
  for (;;) {
    const answer = await question();
    if (liked(answer)) return answer;
    if (Date.now() > end) throw new Error(`${what} did not come true within ${within} ms; last: ${JSON.stringify(answer)?.slice(0, 400)}`);
    await new Promise((done) => setTimeout(done, every));
  }
}

/** Asks as whoever is signed in on this page. */
export async function askAs(page, hub, path, { method = 'GET', body, headers = {} } = {}) {
  const response = await page.request.fetch(`${hub.url}/api/v1${path}`, {
    method,
    headers: { 'X-Quipu-Request': '1', ...headers },
    ...(body === undefined ? {} : { data: body }),
  });
  const text = await response.text();
  if (!response.ok()) throw new Error(`${method} ${path}: HTTP ${response.status()} ${text}`);
  return text ? JSON.parse(text) : null;
}

/** Signs the page's browser in as one of the demonstration accounts. */
export async function signIn(page, hub, login = 'demo-administrator') {
  await askAs(page, hub, '/session', { method: 'POST', body: { login } });
}

/** What the browser's console calls an error and is none: a page that is absent, a refusal that the page explains. */
export const grave = (complaints) => complaints.filter((one) => !/status of (401|403|404)/.test(one));

let axe;
export async function faultsOf(page) {
  axe ??= readFileSync(requireWeb.resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const words = (node) => node.any[0]?.message ?? node.all[0]?.message ?? node.none[0]?.message ?? '';
  return violations.map((one) => `${one.id}: ${one.nodes.map((node) => `${node.target.join(' ')} (${words(node)})`).join('; ')}`);
}

/** Pages that wait for data say so in words; waits for the words to go. */
export async function settled(page) {
  await page.waitForFunction(() => !/One moment|Un momento|Um momento|Working out/.test(document.querySelector('main')?.textContent ?? ''), null, { timeout: 30_000 });
}

/** A sentence that a catalogue lacks is shown as its key. */
const kKeys = JSON.parse(readFileSync(join(root, 'web', 'src', 'i18n', 'en.json'), 'utf8'));
export async function keysShown(page) {
  // What stands in <code> is a name of the hub's own: a topic, an identifier.
  const text = await page.evaluate(() => {
    const copy = document.body.cloneNode(true);
    for (const one of copy.querySelectorAll('code, script, style')) one.remove();
    return copy.textContent;
  });
  const rooms = [...new Set(Object.keys(kKeys).map((key) => key.split('.')[0]))].join('|');
  const words = text.match(new RegExp(`(?<![\\w./@-])(${rooms})(\\.[a-z][A-Za-z-]*)+\\b`, 'g')) ?? [];
  return words.filter((word) => !/\.(ics|json)$/.test(word));
}

/**
 * Each page: nothing for axe light and dark, nothing wider than 360 pixels in any language, no key, no complaint. `prepare`
 * may lay answers under the pages before the first is opened.
 */
export async function inspectPages(t, browser, hub, login, pages, prepare = async () => {}) {
  const page = await openPage(browser);
  await prepare(page);
  if (login) await signIn(page, hub, login);
  for (const path of pages)
    await t.test(`${login ?? 'anonymous'} ${path}`, async () => {
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
}
