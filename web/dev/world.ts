// The fixture's state: a registry with history, links that can be taken down, and measurements computed from the paths.

import {
  kKinds,
  type Difference,
  type JournalEvent,
  type Kind,
  type MeasuredRecord,
  type Pair,
  type PairState,
} from '../src/api/types';
import { shortest } from './graph';
import { judge } from './measure';
import { kObjects, type Plain } from './redclara';

export interface Stored {
  object: Plain;
  version: number;
  changed: string;
  changed_by: string;
}

const kUsPerKm = 5; // light in fibre
const kClockError = 80; // us
const kStart = '2026-01-10T12:00:00Z';

/** A number in [0, 1) that depends only on the text. */
export function chance(text: string): number {
  let hash = 2166136261;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 2246822519);
  return ((hash ^ (hash >>> 13)) >>> 0) / 4294967296;
}

const within = (day: string, since: unknown, until: unknown) =>
  (typeof since !== 'string' || since <= day) && (typeof until !== 'string' || until > day);

export class World {
  readonly tables = new Map<Kind, Map<string, Stored>>();
  readonly revisions: (Difference & { changed: string; why: string })[] = [];
  readonly events: JournalEvent[] = [];
  readonly down = new Set<string>();
  readonly listeners = new Set<(event: JournalEvent) => void>();

  constructor() {
    for (const kind of kKinds) {
      const rows = kObjects[kind].map((object): [string, Stored] => [
        object.id,
        { object, version: 1, changed: kStart, changed_by: 'import' },
      ]);
      this.tables.set(kind, new Map(rows));
    }
    this.happened(
      'RegistryImported',
      'import:redclara-2011.toml',
      { source: 'redclara-2011.toml', created: 60, changed: 0, removed: 0 },
      7200,
    );
    this.happened('AgentEnrolled', 'agent:santiago', { agent: 'santiago', detail: 'from 10.99.0.3' }, 7100);
    this.happened(
      'LabLinkSet',
      'link:buenos-aires-santiago',
      { link: 'buenos-aires-santiago', state: 'down', impairment: '' },
      4200,
    );
    this.happened(
      'DelayRose',
      'pair:buenos-aires/santiago',
      { from: 'buenos-aires', to: 'santiago', before_us: 8500, after_us: 30500 },
      4100,
    );
    this.happened(
      'LabLinkSet',
      'link:buenos-aires-santiago',
      { link: 'buenos-aires-santiago', state: 'up', impairment: '' },
      3600,
    );
    this.happened(
      'DelayFell',
      'pair:buenos-aires/santiago',
      { from: 'buenos-aires', to: 'santiago', before_us: 30500, after_us: 8500 },
      3500,
    );
    this.happened('LossBegan', 'pair:caracas/miami', { from: 'caracas', to: 'miami', before: 0, after: 0.024 }, 900);
  }

  happened(type: string, subject: string, body: Record<string, unknown>, secondsAgo = 0): void {
    const time = new Date(Date.now() - secondsAgo * 1000).toISOString();
    const event = { id: this.events.length + 1, time, type, subject, actor: secondsAgo ? 'quipu' : 'local', body };
    this.events.push(event);
    for (const listener of this.listeners) listener(event);
  }

  entry(kind: Kind, id: string): Stored | undefined {
    return this.tables.get(kind)?.get(id);
  }

  /** The collection as it stood on a day. */
  all(kind: Kind, day: string): (Plain & { version: number; changed: string; changed_by: string })[] {
    return [...this.tables.get(kind)!.values()]
      .filter(({ object }) =>
        kind === 'links'
          ? within(day, object['activated'] ?? object['planned'] ?? object['tendered'], object['retired'])
          : within(day, object['since'], object['until']),
      )
      .map(({ object, ...record }) => ({ ...object, ...record }))
      .sort((x, y) => (x.id < y.id ? -1 : 1));
  }

  inService(day: string): Plain[] {
    return this.all('links', day).filter((link) => within(day, link['activated'] ?? '9999', link['retired']));
  }

  apply(kind: Kind, id: string, object: Plain | null, why: string, dryRun = false): Difference {
    const table = this.tables.get(kind)!;
    const old = table.get(id);
    const action = !object ? 'removed' : old ? 'changed' : 'created';
    const version = (old?.version ?? 0) + 1;
    const difference: Difference = { kind, id, action, before: old?.object ?? null, after: object, version };
    if (dryRun) return difference;
    const changed = new Date().toISOString();
    if (object) table.set(id, { object, version, changed, changed_by: 'local' });
    else table.delete(id);
    this.revisions.push({ ...difference, changed, why });
    this.happened('ObjectChanged', `${kind}:${id}`, { kind, id, action, version, why });
    return difference;
  }

  private live(): Plain[] {
    return this.inService(today()).filter((link) => !this.down.has(link.id));
  }

  private lossOf(from: string, to: string): number {
    return from === 'caracas' && to === 'miami' ? 0.024 : 0;
  }

  record(from: string, to: string, time: number, step: number, links = this.live()): MeasuredRecord {
    const path = shortest(links, from, to);
    const key = `${from}>${to}@${Math.floor(time / 60_000)}`;
    const swing = 1 + 0.25 * Math.sin(time / 7.2e6 + chance(`${from}${to}`) * 6);
    const base = path ? Math.round(path.km * kUsPerKm + path.sites.length * 90) : null;
    const noise = (name: string, size: number) => Math.round((chance(key + name) * size + size) * swing);
    const sent = Math.round((90 * step) / 60);
    const lost = path ? Math.round(sent * this.lossOf(from, to) * (0.5 + chance(`${key}loss`))) : sent;
    const at = (extra: number) => (base === null ? null : base + extra);
    return {
      time: new Date(time).toISOString(),
      step_s: step,
      sent,
      received: sent - lost,
      lost,
      duplicated: 0,
      reordered: 0,
      delay_min_us: at(0),
      delay_p05_us: at(noise('a', 40)),
      delay_p25_us: at(noise('a', 90)),
      delay_median_us: at(noise('a', 150)),
      delay_p75_us: at(noise('a', 240)),
      delay_p95_us: at(noise('a', 700)),
      delay_p99_us: at(noise('a', 1100)),
      delay_max_us: at(noise('a', 2500)),
      ipdv_us: path ? noise('i', 110) : null,
      pdv_us: path ? noise('a', 700) : null,
      ttl: path ? 255 - path.sites.length + 1 : null,
      clock_error_us: kClockError,
      clock_fault: this.wrongClocks(time).filter((site) => site === from || site === to),
    };
  }

  /** One point's clock is wrong, and has been so for ten minutes of every hour. */
  wrongClocks(time: number): string[] {
    const site = this.pops().sort()[1];
    return site && (time % 3.6e6 < 6e5 || time > Date.now() - 2 * 60_000) ? [site] : [];
  }

  pair(from: string, to: string, links = this.live()): Pair {
    const now = Math.floor(Date.now() / 60_000) * 60_000;
    const record = this.record(from, to, now, 60, links);
    const normal = shortest(this.inService(today()), from, to);
    const baseline = normal ? Math.round(normal.km * kUsPerKm + 300) : null;
    const loss = record.sent ? record.lost / record.sent : null;
    const state: PairState =
      record.delay_median_us === null
        ? 'down'
        : loss !== null && loss > 0.01
          ? 'lossy'
          : baseline !== null && record.delay_median_us > baseline * 1.2 + 500
            ? 'slow'
            : 'good';
    const slow = state === 'good' && from === 'tijuana' && to === 'guatemala';
    const floor = normal ? Math.round(normal.km * kUsPerKm) : null;
    const above =
      floor === null || record.delay_median_us === null ? null : Math.max(0, record.delay_median_us - floor);
    const pair: Pair = {
      from,
      to,
      ...record,
      loss,
      state: slow ? 'slow' : state,
      baseline_us: baseline,
      floor_us: floor,
      above_floor_us: above,
      sessions: 1,
    };
    return { ...pair, quality: judge(pair) };
  }

  pops(): string[] {
    return this.all('sites', today())
      .filter((site) => site['pop'])
      .map((site) => site.id);
  }

  pairs(): Pair[] {
    const links = this.live();
    const pops = this.pops();
    return pops.flatMap((from) => pops.filter((to) => to !== from).map((to) => this.pair(from, to, links)));
  }
}

export function today(): string {
  return new Date().toISOString().slice(0, 10);
}
