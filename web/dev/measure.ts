// Profiles, histograms and statements of the fixture: in shape as the hub's, in content no more than the eye needs.

import type { Pair, Profile, Verdict } from '../src/api/types';
import { Refusal, type Call } from './refusal';
import { type World } from './world';

const kProfiles: Profile[] = [
  { id: 'interactive', delay_watch_us: 20_000, delay_bad_us: 60_000, loss_watch: 0.001, loss_bad: 0.01 },
  { id: 'bulk', delay_watch_us: 50_000, delay_bad_us: 150_000, loss_watch: 0.0001, loss_bad: 0.001 },
  { id: 'usual', delay_watch_us: 2000, delay_bad_us: 10_000, loss_watch: 0.01, loss_bad: 0.05 },
].map((one) => ({ ...one, jitter_watch_us: 5000, jitter_bad_us: 20_000 }) as Profile);

export function judge(pair: Pair): Pair['quality'] {
  const verdict = (profile: Profile): Verdict => {
    const loss = pair.lost >= 2 ? (pair.loss ?? 0) : 0;
    const above = profile.id === 'usual' ? 0 : (pair.above_floor_us ?? 0);
    if (pair.received === 0 || loss > profile.loss_bad || above > profile.delay_bad_us) return 'poor';
    return loss > profile.loss_watch || above > profile.delay_watch_us ? 'fair' : 'good';
  };
  return Object.fromEntries(kProfiles.map((one) => [one.id, verdict(one)])) as Pair['quality'];
}

function histograms(world: World, call: Call): unknown {
  const [from, to] = [call.query.get('from')!, call.query.get('to')!];
  const step = Number(call.query.get('step') ?? 60);
  const since = Math.floor(Date.parse(call.query.get('since')!) / (step * 1000)) * step * 1000;
  const until = Date.parse(call.query.get('until')!);
  const records = [];
  for (let time = since; time < until; time += step * 1000) records.push(world.record(from, to, time, step));
  const low = Math.min(...records.map((record) => record.delay_min_us ?? Infinity));
  const rows = Number.isFinite(low) ? 12 : 0;
  const bounds = Array.from({ length: rows ? rows + 1 : 0 }, (_one, i) => Math.round(low * 1.016 ** i));
  const steps = records.map((record) => ({
    time: record.time,
    received: record.received,
    lost: record.lost,
    counts: Array.from({ length: rows }, (_one, row) =>
      row === 0 ? Math.round(record.received * 0.8) : row < 4 ? Math.round((record.received * 0.2) / 3 ** row) : 0,
    ),
  }));
  return { since, until, step_s: step, clock_error_us: 10, bounds_us: bounds, steps };
}

function statement(world: World, call: Call): unknown {
  const id = call.parts[2]!;
  const entry = world.entry('organisations', id);
  if (!entry) throw new Refusal(404, 'Not found', `there is no organisation ${id}`, { code: 'not-found' });
  const pops = world.pops();
  const own = pops.filter((site) => world.entry('sites', site)?.object['organisation'] === id);
  const nameOf = (site: string) => String(world.entry('sites', site)?.object['name'] ?? site);
  const way = (from: string, to: string) => ({
    ...world.pair(from, to),
    usual_us: world.pair(from, to).baseline_us,
    silent_minutes: 0,
    slow_hours: 0,
    clock_fault_hours: world.wrongClocks(Date.now()).some((site) => site === from || site === to) ? 16 : 0,
  });
  const destinations = own.flatMap((from) =>
    pops
      .filter((to) => to !== from)
      .map((to) => ({
        from,
        to,
        from_name: nameOf(from),
        name: nameOf(to),
        there: way(from, to),
        back: way(to, from),
        sentences: ['As a rule it was as usual.'],
      })),
  );
  const name = String(entry.object['name']);
  const title = `How the network was for ${name}`;
  const summary = [destinations.length ? `${destinations.length} ways were measured.` : 'Nothing was measured.'];
  return {
    organisation: id,
    name,
    language: call.query.get('language') ?? 'en',
    zone: 'UTC',
    title,
    summary,
    destinations,
    outages: [],
    text: `${title}\n\n${summary.join(' ')}\n`,
  };
}

const kNow = Math.floor(Date.now() / 60_000) * 60_000;

/** One change of each kind, hours apart. */
function kept(
  world: World,
): { id: string; from: string; to: string; type: string; minute: string; complete: boolean }[] {
  const [a, b, c] = world.pops() as [string, string, string];
  return (['DelayRose', 'LossBegan', 'LossEnded', 'DelayFell'] as const).map((type, i) => {
    const [from, to] = i < 3 ? [a, b] : [c, a];
    const minute = kNow - (20 + 200 * i) * 60_000;
    const time = new Date(minute).toISOString();
    return { id: `${from}.${to}.${type}.${minute / 1000}`, from, to, type, minute: time, complete: i > 0 };
  });
}

function evidence(world: World, call: Call): unknown {
  const id = call.parts[2];
  const all = kept(world);
  if (!id) {
    const wanted = (key: 'from' | 'to' | 'type') => call.query.get(key);
    const items = all.filter((one) =>
      (['from', 'to', 'type'] as const).every((key) => !wanted(key) || one[key] === wanted(key)),
    );
    return { items, next: null };
  }
  const one = all.find((each) => each.id === id);
  if (!one) throw new Refusal(404, 'Not found', `there is no evidence ${id}`, { code: 'not-found' });
  const decided = Date.parse(one.minute);
  const times = Array.from({ length: one.complete ? 91 : 75 }, (_one, i) => decided + (i - 60) * 60_000);
  const record = (from: string, to: string, time: number) => {
    const told = world.record(from, to, time, 60);
    if (time < decided || from !== one.from || !one.type.startsWith('Delay')) return told;
    const moved = Object.entries(told).map(([key, value]) =>
      key.startsWith('delay_') && typeof value === 'number' ? [key, value + 9000] : [key, value],
    );
    return Object.fromEntries(moved) as typeof told;
  };
  const point = (site: string) =>
    times.map((time) => ({
      time: new Date(time).toISOString(),
      clock: 'synchronised',
      clock_error_us: 900,
      late_worst_us: 340,
      own_drops: 0,
      clock_fault: world.wrongClocks(time).includes(site),
    }));
  return {
    ...one,
    forward: times.map((time) => record(one.from, one.to, time)),
    backward: times.map((time) => record(one.to, one.from, time)),
    from_point: point(one.from),
    to_point: one.complete ? point(one.to) : [],
  };
}

function comparisons(world: World, call: Call): unknown {
  const [from, to] = world.pops() as [string, string];
  const difference = (median: number) => ({
    median_us: median,
    low_us: median - 40,
    high_us: median + 55,
    pairs: 197,
  });
  const way = (hops: string[], us: number, queue: number) => ({
    ...{ sent: 200, lost: 1, loss: 0.005, round_trip_median_us: 2 * hops.length * us, failed: '' },
    segments: hops.map((hop, i) => ({
      from: i === 0 ? from : hops[i - 1],
      to: hop,
      link: '',
      share_us: us,
      queue_us: i === 1 ? queue : 0,
      ...(i < 2 ? { floor_us: Math.round(us * 0.9) } : {}),
    })),
    there: hops,
    back: [...hops].reverse(),
  });
  const outcome = {
    verdict: 'queueing',
    slower: 'research',
    there: difference(4800),
    back: difference(-90),
    round_trip: difference(4710),
    ...{ least_us: 600, clock_error_us: 410, amount_us: 4700, at: 'Panamá – São Paulo', part_at: from },
    ...{ better_route: [], light_us: 18_000, clock_fault: world.wrongClocks(Date.now()).slice(0, 1) },
    research: way(['Panamá', 'São Paulo', 'Santiago'], 9000, 4700),
    commodity: way(['192.0.2.1', 'Santiago'], 12_000, 0),
  };
  const one = (id: number) => ({
    ...{ id, from, host: to, to, target: '192.0.2.9', by: '', reason: '' },
    ...{ asked: new Date(kNow - id * 6e5).toISOString(), state: 'done', outcome },
  });
  const id = Number(call.parts[2] ?? 0);
  return id ? one(id) : { items: [2, 1].map(one), next: null };
}

/** Undefined for what the fixture answers elsewhere. */
export function measureViews(world: World, call: Call): unknown {
  switch (call.parts[1]) {
    case 'profiles':
      return { items: kProfiles, next: null };
    case 'histograms':
      return histograms(world, call);
    case 'statement':
      return statement(world, call);
    case 'evidence':
      return evidence(world, call);
    case 'comparisons':
      return comparisons(world, call);
    case 'comparison-points':
      return { items: world.pops().map((site) => ({ site })), next: null };
    case 'paths':
      return { items: [], next: null };
    default:
      return undefined;
  }
}
