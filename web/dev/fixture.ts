// Answers the hub's API from memory inside Vite's development and preview servers. Never part of the built portal.

import type { IncomingMessage } from 'node:http';
import type { Connect, Plugin } from 'vite';
import { kKinds, type Failure, type Kind } from '../src/api/types';
import { access } from './access';
import { desk } from './desk';
import { community } from './knowledge';
import { failuresOf, whatIf } from './failures';
import { kSchemas, type Plain } from './redclara';
import { measureViews } from './measure';
import { operations } from './operations';
import { Refusal, type Call } from './refusal';
import { today, World } from './world';

const kPrefix = '/api/v1';
let requests = 0;

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

const fold = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

function check(kind: Kind, object: Plain, world: World): void {
  const schema = kSchemas[kind] as { properties: Record<string, Record<string, unknown>>; required: string[] };
  const faults: { where: string; what: string }[] = [];
  for (const name of schema.required)
    if (object[name] === undefined || object[name] === '') faults.push({ where: name, what: 'is required' });
  for (const [name, value] of Object.entries(object)) {
    const rules = schema.properties[name];
    if (!rules) faults.push({ where: name, what: 'is not a field of this kind' });
    else if (rules['x-reference'] && !world.entry(rules['x-reference'] as Kind, String(value)))
      faults.push({ where: name, what: `no ${String(rules['x-reference'])} has the id "${String(value)}"` });
    else if (typeof value === 'number' && rules['maximum'] !== undefined && value > Number(rules['maximum']))
      faults.push({ where: name, what: `must be at most ${String(rules['maximum'])}` });
  }
  if (faults.length) throw new Refusal(422, 'Invalid', 'The object has faults', { code: 'invalid', faults });
}

function version(call: Call, current: number): void {
  const match = call.request.headers['if-match']?.replace(/"/g, '');
  if (!match)
    throw new Refusal(428, 'Precondition required', 'Send If-Match with the version that you changed', {
      code: 'precondition_required',
    });
  if (match !== String(current))
    throw new Refusal(412, 'Precondition failed', `It is at version ${current} now`, { code: 'precondition_failed' });
}

function registry(world: World, call: Call, kind: Kind): unknown {
  const [, id, sub] = call.parts;
  const day = call.query.get('as_of') ?? today();
  if (!id && call.method === 'POST') {
    const object = JSON.parse(call.body) as Plain;
    object.id ||= fold(String(object['value'] ?? '')).replace(/[^a-z0-9]+/g, '-');
    check(kind, object, world);
    if (world.entry(kind, object.id))
      throw new Refusal(409, 'Conflict', `${kind} has "${object.id}" already`, { code: 'conflict' });
    world.apply(kind, object.id, object, call.query.get('why') ?? '');
    call.response.statusCode = 201;
    call.response.setHeader('ETag', '"1"');
    return { ...object, version: 1 };
  }
  if (!id) {
    const known = new Set(['as_of', 'q', 'limit', 'cursor', 'fields']);
    const q = fold(call.query.get('q') ?? '');
    const items = world
      .all(kind, day)
      .filter((object) => !q || fold(JSON.stringify(object)).includes(q))
      .filter((object) =>
        [...call.query].every(([name, value]) => known.has(name) || String((object as Plain)[name]) === value),
      );
    return { items, next: null };
  }
  if (sub === 'history') {
    const made = world.revisions.filter((revision) => revision.kind === kind && revision.id === id);
    const first = made[0]?.before ?? world.entry(kind, id)?.object ?? null;
    const imported = {
      version: 1,
      changed: '2026-01-10T12:00:00Z',
      effective: '2004-06-10',
      who: 'import',
      why: 'redclara-2011.toml',
      action: 'created',
      before: null,
      after: first,
    };
    const items = [
      ...(made[0]?.action === 'created' ? [] : [imported]),
      ...made.map((revision) => ({ ...revision, effective: revision.changed.slice(0, 10), who: 'local' })),
    ];
    return { items, next: null };
  }
  const entry = world.entry(kind, id);
  if (!entry)
    throw new Refusal(404, 'Not found', `${kind} has no "${id}"`, {
      code: 'not_found',
      hint: 'Look it up with Ctrl-K',
    });
  if (call.method === 'PUT') {
    version(call, entry.version);
    const object = JSON.parse(call.body) as Plain;
    check(kind, object, world);
    const difference = world.apply(kind, id, object, call.query.get('why') ?? '');
    call.response.setHeader('ETag', `"${difference.version}"`);
    return { ...object, version: difference.version };
  }
  if (call.method === 'DELETE') {
    version(call, entry.version);
    world.apply(kind, id, null, call.query.get('why') ?? '');
    return {};
  }
  call.response.setHeader('ETag', `"${entry.version}"`);
  const { object, ...record } = entry;
  return { ...object, ...record };
}

function timeline(world: World) {
  const items = ['sites', 'links', 'organisations'].flatMap((kind) =>
    [...world.tables.get(kind as Kind)!.values()].flatMap(({ object }) =>
      ['planned', 'activated', 'retired', 'since', 'until']
        .filter((what) => typeof object[what] === 'string')
        .map((what) => ({
          date: object[what] as string,
          kind,
          id: object.id,
          what,
          name: String(object['name'] ?? object.id),
        })),
    ),
  );
  return { items: items.sort((x, y) => (x.date < y.date ? -1 : 1)), next: null };
}

function search(world: World, text: string) {
  const wanted = fold(text);
  const items = kKinds.flatMap((kind) =>
    world
      .all(kind, today())
      .filter((object) =>
        fold(`${object.id} ${String(object['name'] ?? '')} ${String(object['value'] ?? '')}`).includes(wanted),
      )
      .map((object) => ({
        kind,
        id: object.id,
        name: String(object['name'] ?? object['value'] ?? object.id),
        detail: String(object['country'] ?? ''),
      })),
  );
  return { items: items.slice(0, 20), next: null };
}

function inspect(world: World, call: Call): unknown {
  const list = (name: string) => (call.query.get(name) ?? '').split(',').filter(Boolean);
  const links = world.inService(call.query.get('as_of') ?? today());
  const [sites, failed] = [list('sites'), list('links')];
  if (sites.length + failed.length > 0) return whatIf(world, links, sites, failed, true);
  const items: Failure[] = failuresOf(world, links, Number(call.query.get('order') ?? 1));
  return { items: items.slice(0, Number(call.query.get('limit') ?? 100)), next: null };
}

function importText(world: World, call: Call): unknown {
  const dryRun = call.query.get('dry_run') === 'true';
  if (call.query.get('format') !== 'json')
    throw new Refusal(422, 'Invalid', 'The fixture imports JSON only', {
      code: 'invalid',
      faults: [{ where: 'line 1', what: 'is not JSON' }],
    });
  const file = JSON.parse(call.body) as Partial<Record<Kind, Plain[]>>;
  const differences = Object.entries(file).flatMap(([kind, objects]) =>
    objects.map((object) => world.apply(kind as Kind, object.id, object, 'import', dryRun)),
  );
  return { differences };
}

function measure(world: World, call: Call): unknown {
  const [, what, from, to] = call.parts;
  const view = measureViews(world, call);
  if (view !== undefined) return view;
  if (what === 'pairs' && from && to) return world.pair(from, to);
  if (what === 'throughput' || what === 'calendar') return { items: [], next: null };
  if (what === 'pairs') return { items: world.pairs(), next: null };
  if (what === 'points') {
    const sites = [...new Set(world.pairs().map((pair) => pair.from))].sort();
    const items = sites.map((site, i) => ({
      ...{ site, state: i === 1 ? 'clock_wrong' : 'good', time: new Date().toISOString(), clock: 'synchronised' },
      ...{
        clock_error_us: 900 + 40 * i,
        clock_offset_us: 3,
        clock_fault: i === 1,
        late_median_us: 21,
        late_worst_us: 340,
      },
      ...(i === 1 ? { clock_fault_us: 5200, clock_fault_since: new Date(Date.now() - 6e5).toISOString() } : {}),
      ...(i === 1 ? { clock_fault_cause: 'step' } : {}),
      ...{ own_drops: i === 2 ? 14 : 0, refused: 0, processor: 0.004, memory: 9_400_000 },
    }));
    return { items, next: null };
  }
  if (what === 'links') {
    const items = world.inService(today()).map((link) => {
      const [a, b] = [String(link['a']), String(link['b'])];
      const [forward, backward] = [world.pair(a, b), world.pair(b, a)];
      const worst = [forward.state, backward.state];
      const state = world.down.has(link.id) ? 'down' : worst.some((s) => s !== 'good') ? 'degraded' : 'up';
      const { floor_us, above_floor_us } = forward;
      const { clock_fault } = forward;
      return { id: link.id, a, b, state, floor_us, above_floor_us, forward, backward, clock_fault };
    });
    return { items, next: null };
  }
  if (what === 'summary') {
    const links = (measure(world, { ...call, parts: ['measure', 'links'] }) as { items: { state: string }[] }).items;
    const pairs = world.pairs();
    const count = (state: string) => pairs.filter((pair) => pair.state === state).length;
    return {
      links_up: links.filter((link) => link.state === 'up').length,
      links_down: links.filter((link) => link.state === 'down').length,
      links_degraded: links.filter((link) => link.state === 'degraded').length,
      pairs_total: pairs.length,
      pairs_good: count('good'),
      pairs_slow: count('slow'),
      pairs_lossy: count('lossy'),
      pairs_down: count('down'),
      pairs_unknown: 0,
      last_record: pairs[0]?.time ?? null,
      clock_fault: world.wrongClocks(Date.now()),
    };
  }
  const until = Date.parse(call.query.get('until') ?? new Date().toISOString());
  const since = Date.parse(call.query.get('since') ?? new Date(until - 3.6e6).toISOString());
  const step = Math.max(60, Number(call.query.get('step') ?? 60));
  const items = [];
  for (let time = Math.ceil(since / (step * 1000)) * step * 1000; time <= until; time += step * 1000)
    items.push(world.record(call.query.get('from')!, call.query.get('to')!, time, step));
  return { items, next: null };
}

function stream(world: World, call: Call): void {
  const { response, parts } = call;
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  response.write(': hello\n\n');
  if (parts[0] === 'journal') {
    const listener = (event: { id: number | string }) =>
      response.write(`id: ${event.id}\nevent: event\ndata: ${JSON.stringify(event)}\n\n`);
    world.listeners.add(listener);
    response.on('close', () => world.listeners.delete(listener));
    return;
  }
  const send = () => response.write(`event: pairs\ndata: ${JSON.stringify(world.pairs())}\n\n`);
  const timer = setInterval(send, 5000);
  world.listeners.add(send);
  response.on('close', () => {
    clearInterval(timer);
    world.listeners.delete(send);
  });
}

function lab(world: World, call: Call): unknown {
  const [, , id] = call.parts;
  const rows = world.inService(today()).map((link) => ({
    id: link.id,
    a: link['a'],
    b: link['b'],
    state: world.down.has(link.id) ? 'down' : 'up',
    delay_us: { forward: Number(link['length']) / 200, backward: Number(link['length']) / 200 },
    jitter_us: 0,
    loss: 0,
    reorder: 0,
    duplicate: 0,
    rate_bps: link['capacity'],
    frames: 120_000,
    dropped: 0,
  }));
  if (call.method === 'PATCH' && id) {
    const { state } = JSON.parse(call.body) as { state?: string };
    if (state === 'down') world.down.add(id);
    else world.down.delete(id);
    world.happened('LabLinkSet', `link:${id}`, { link: id, state: state ?? 'up', impairment: '' });
    return { ...rows.find((row) => row.id === id), state: state ?? 'up' };
  }
  const nodes = world.pops().map((site) => ({ site, namespace: `quipu-${site}`, state: 'up', agent: 'connected' }));
  return { running: true, network: 'redclara-2011', nodes, links: rows, bgp: 'off', hijacks: [] };
}

function journal(world: World, call: Call): unknown {
  const { query } = call;
  let items = world.events.filter(
    (event) =>
      (!query.get('type') || event.type === query.get('type')) &&
      (!query.get('subject') || event.subject.startsWith(query.get('subject')!)) &&
      (!query.get('since') || event.time >= query.get('since')!) &&
      (!query.get('until') || event.time <= query.get('until')!),
  );
  if (query.get('newest_first') === 'true') items = items.reverse();
  return { items: items.slice(0, Number(query.get('limit') ?? 100)), next: null };
}

const kOpenApi = {
  openapi: '3.1.0',
  info: { title: 'Quipu', version: 'fixture' },
  paths: {
    '/api/v1/sites': {
      get: {
        summary: 'Sites',
        tags: ['registry'],
        parameters: [{ name: 'as_of', in: 'query', schema: { type: 'string', format: 'date' } }],
      },
    },
    '/api/v1/sites/{id}': {
      get: {
        summary: 'One site',
        tags: ['registry'],
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
      },
    },
    '/api/v1/measure/pairs': { get: { summary: 'The last minute of each ordered pair', tags: ['measure'] } },
    '/api/v1/journal/events': {
      get: {
        summary: 'What happened',
        tags: ['journal'],
        parameters: [{ name: 'limit', in: 'query', schema: { type: 'integer' } }],
      },
    },
  },
};

function answer(world: World, call: Call): unknown {
  const [first, second] = call.parts;
  if ((kKinds as readonly string[]).includes(first ?? '')) return registry(world, call, first as Kind);
  switch (`${first}/${second ?? ''}`) {
    case 'registry/timeline':
      return timeline(world);
    case 'registry/search':
      return search(world, call.query.get('q') ?? '');
    case 'registry/schemas':
      return kSchemas;
    case 'registry/what-if':
      return inspect(world, call);
    case 'registry/import':
      return importText(world, call);
    case 'registry/export':
      return Object.fromEntries(kKinds.map((kind) => [kind, world.all(kind, today())]));
    case 'journal/events':
      return journal(world, call);
    case 'about/':
      return {
        name: 'Quipu',
        version: '0.1.0',
        started: '2026-01-10T12:00:00Z',
        network: 'redclara-2011',
        loopback_only: true,
        time: new Date().toISOString(),
      };
    case 'services/':
      return {
        items: ['registry', 'measure', 'agents', 'lab'].map((name) => ({
          name,
          state: 'running',
          since: '2026-01-10T12:00:00Z',
          restarts: 0,
        })),
        next: null,
      };
    case 'agents/':
      return {
        items: world.pops().map((id, i) => ({
          id,
          address: `10.99.0.${i + 2}`,
          connected: id !== 'miami',
          revoked: false,
          enrolled: '2026-01-10T12:00:00Z',
          seen: new Date().toISOString(),
          version: '0.1.0',
          facts: {},
        })),
        next: null,
      };
    case 'reports/':
      if (call.method === 'POST') {
        world.happened('ProblemReported', 'report:1', JSON.parse(call.body) as Record<string, unknown>);
        call.response.statusCode = 201;
        return { id: '1' };
      }
      return { items: [], next: null };
    case 'openapi.json/':
      return kOpenApi;
  }
  const found = access(call) ?? desk(call, world) ?? operations(call, world) ?? community(call, world);
  if (found !== undefined) return found;
  if (first === 'measure') return measure(world, call);
  if (first === 'lab') return lab(world, call);
  throw new Refusal(404, 'Not found', `No route ${call.method} /${call.parts.join('/')}`, { code: 'not_found' });
}

function middleware(world: World): Connect.NextHandleFunction {
  return (request, response, next) => {
    const url = new URL(request.url ?? '/', 'http://fixture');
    if (!url.pathname.startsWith(kPrefix)) return next();
    void (async () => {
      const id = `fixture-${++requests}`;
      response.setHeader('X-Request-Id', id);
      const parts = url.pathname
        .slice(kPrefix.length + 1)
        .split('/')
        .map(decodeURIComponent);
      const call = {
        method: request.method ?? 'GET',
        parts,
        query: url.searchParams,
        body: await bodyOf(request),
        request,
        response,
      };
      if (parts[0] === 'notifications' && parts[1] === 'stream') {
        response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
        return void response.write(': hello\n\n');
      }
      if (parts[1] === 'stream') return stream(world, call);
      try {
        const value = answer(world, call);
        response.setHeader('Content-Type', 'application/json');
        response.end(JSON.stringify(value));
      } catch (error) {
        const refusal = error instanceof Refusal ? error : new Refusal(500, 'Internal error', (error as Error).message);
        response.statusCode = refusal.status;
        response.setHeader('Content-Type', 'application/problem+json');
        const { status, title, message: detail, rest } = refusal;
        response.end(
          JSON.stringify({
            type: 'about:blank',
            title,
            status,
            detail,
            instance: url.pathname,
            request_id: id,
            ...rest,
          }),
        );
      }
    })();
  };
}

/** The policy that the hub sends with the portal's files. */
const kPolicy = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

export function fixture(): Plugin {
  const world = new World();
  return {
    name: 'quipu-fixture',
    configureServer(server) {
      server.middlewares.use(middleware(world));
    },
    configurePreviewServer(server) {
      server.middlewares.use((_request, response, next) => {
        response.setHeader('Content-Security-Policy', kPolicy);
        next();
      });
      server.middlewares.use(middleware(world));
    },
  };
}
