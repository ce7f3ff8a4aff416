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

/** Undefined for what the fixture answers elsewhere. */
export function measureViews(world: World, call: Call): unknown {
  switch (call.parts[1]) {
    case 'profiles':
      return { items: kProfiles, next: null };
    case 'histograms':
      return histograms(world, call);
    case 'statement':
      return statement(world, call);
    default:
      return undefined;
  }
}
