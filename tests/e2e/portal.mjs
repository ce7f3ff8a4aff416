// What the browser tests share: a hub with RedCLARA's network, a Chromium, and small questions to both.
//
//   QUIPU_E2E=fixture   the portal against its fixture instead of the real hub (while developing the portal)
//   QUIPU_E2E=URL       the portal of a hub that runs already

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const requireWeb = createRequire(join(root, 'web', 'package.json'));

const kProgram = join(root, 'build', 'release', 'bin', 'quipu');
const kNetwork = join(root, 'networks', 'redclara-2011.toml');
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

// Who the pages are opened as, on a hub that has demonstration accounts, and how questions are asked of the hub.
const kVisitor = 'demo-administrator';
const credentials = new Map(); // hub's address -> headers of a caller who may do everything

/** The local administrator's secret: whoever may read the hub's files may do everything. */
function localHeaders(data) {
  return { Authorization: `Bearer ${readFileSync(join(data, 'local.token'), 'utf8')}` };
}

/** With root the whole network is brought up and measured; without, the hub alone knows it. */
async function startHub() {
  need(kProgram, 'build/release/bin/quipu is not built');
  need(join(root, 'build', 'web', 'index.html'), 'the portal is not built (tools/build-web)');
  const data = mkdtempSync(join(tmpdir(), 'quipu-e2e-'));
  const whole = process.getuid() === 0 && spawnSync(kProgram, ['run', '--help']).status === 0;
  const server = startServer(kProgram, [whole ? 'run' : 'serve', '--port', '0', '--data', data]);
  const stop = async () => {
    await server.stop();
    rmSync(data, { recursive: true, force: true });
  };
  try {
    const url = await server.url;
    await until(() => existsSync(join(data, 'local.token')), (there) => there, { what: "the local administrator's file" });
    credentials.set(url, localHeaders(data));
    if (!whole) {
      const done = spawnSync(kProgram, ['--hub', url, 'registry', 'import', kNetwork], { encoding: 'utf8' });
      if (done.status !== 0) throw new Error(`import failed: ${done.stderr}`);
    }
    return { url, stop, lab: whole, fixture: false };
  } catch (error) {
    await stop();
    throw error;
  }
}

export async function startPortal() {
  need(kChromium, 'Chromium is not installed');
  need(join(root, 'web', 'node_modules', 'playwright-core'), "the portal's packages are not installed (tools/build-web)");
  const wish = process.env.QUIPU_E2E ?? '';
  if (/^https?:/.test(wish)) return { url: wish, stop: async () => {}, lab: true, fixture: false };
  return wish === 'fixture' ? startFixture() : startHub();
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

/** Signs the page's visitor in, as a demonstration account where there is one; as whom the hub's own files admit else. */
export async function signIn(page, url, login = kVisitor) {
  const origin = new URL(url).origin;
  const session = await page.context().request.post(`${origin}/api/v1/session`, { data: { login }, headers: { 'X-Quipu-Request': '1' } });
  if (!session.ok() && credentials.has(origin)) await page.context().setExtraHTTPHeaders(credentials.get(origin));
}

/** Opens an address of the portal and waits until it has said what it has to say. */
export async function visit(page, url) {
  if (page.visitor === undefined) {
    page.visitor = kVisitor;
    if (process.env.QUIPU_E2E !== 'fixture') await signIn(page, url);
  }
  await page.goto(url);
  await page.locator('main h1, main [role="alert"]').first().waitFor();
  await page.waitForFunction(() => document.querySelector('main')?.getAttribute('aria-busy') === 'false');
}

export async function ask(hub, path, options) {
  const headers = { ...credentials.get(hub.url), ...options?.headers };
  const response = await fetch(`${hub.url}/api/v1${path}`, { ...options, headers });
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
