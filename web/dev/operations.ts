// The fixture's network operations: an outage, maintenance windows, availability, one rota.

import type { MaintenanceWindow, Outage, Rota, Shift } from '../src/desk/operations/types';
import { whatIf } from './failures';
import { Refusal, type Call } from './refusal';
import { today, type World } from './world';

const at = (hours: number) => new Date(Date.now() + hours * 3.6e6).toISOString();
const list = <T>(items: T[]) => ({ items, next: null });

const outages: Outage[] = [
  {
    id: 1,
    cause: 'link:buenos-aires-santiago',
    part: 'link',
    object: 'buenos-aires-santiago',
    state: 'open',
    severity: 'major',
    began: at(-6),
    named: at(-5.98),
    flaps: 1,
    down_s: 21_600,
    suspects: [
      { part: 'link', id: 'buenos-aires-santiago', likelihood: 0.98 },
      { part: 'point', id: 'santiago', likelihood: 0.02 },
    ],
    pairs_affected: 6,
    pairs_cut: 0,
    pairs_rerouted: 6,
    organisations: ['innovared', 'reuna'],
    organisations_cut_off: [],
    case: '41',
    pairs: [
      {
        from: 'buenos-aires',
        to: 'santiago',
        lost: 34,
        before: ['buenos-aires', 'santiago'],
        after: ['buenos-aires', 'montevideo', 'sao-paulo', 'santiago'],
        before_us: 8500,
        after_us: 30_500,
      },
    ],
  },
];

const windows: MaintenanceWindow[] = [
  {
    id: 1,
    title: 'Cambio de tarjeta en Panamá',
    description: 'Se cambia la tarjeta del enlace; el tráfico va por Miami mientras tanto.',
    organisation: '',
    links: ['santiago-panama'],
    sites: [],
    begin: at(70),
    end: at(73),
    notices_s: [864_000, 172_800, 3600],
    state: 'planned',
    planned_by: 'person:ana-quispe',
    version: 1,
    expected: {
      pairs_cut: 0,
      pairs_rerouted: 9,
      worst_stretch: 1.8,
      sites_cut_off: [],
      organisations_cut_off: [],
      affected: ['reuna', 'ragie'],
    },
  },
  {
    id: 2,
    title: 'Energía en Bogotá',
    description: '',
    organisation: 'renata',
    links: [],
    sites: ['bogota'],
    begin: at(-300),
    end: at(-296),
    notices_s: [864_000],
    state: 'over',
    planned_by: 'person:joao-silva',
    version: 4,
    expected: {
      pairs_cut: 12,
      pairs_rerouted: 4,
      worst_stretch: 1.2,
      sites_cut_off: ['bogota'],
      organisations_cut_off: ['renata'],
      affected: ['renata'],
    },
    report: {
      actual_begin: at(-299.9),
      actual_end: at(-295.5),
      early_s: 0,
      late_s: 1800,
      outages: [1],
      unexpected: ['link:bogota-caracas'],
      unaffected: [],
      pairs_expected: 16,
      pairs_seen: 18,
      organisations_expected: ['renata'],
      organisations_seen: ['renata', 'reacciun'],
    },
  },
];

const rotas: Rota[] = [
  {
    id: 'noc',
    name: 'NOC',
    organisation: 'redclara',
    people: ['ana', 'joao'],
    zone: 'America/Santiago',
    first: '2026-11-02',
    days: 7,
    handover: '09:00',
    version: 1,
  },
];

const shifts = (): Shift[] =>
  Array.from({ length: 5 }, (_one, i) => ({
    rota: 'noc',
    person: i % 2 ? 'joao-silva' : 'ana-quispe',
    name: i % 2 ? 'João Silva' : 'Ana Quispe',
    begin: at(-60 + i * 168),
    end: at(108 + i * 168),
    overridden: i === 2,
  }));

/** undefined: not a route of these. */
export function operations(call: Call, world: World): unknown {
  const [first, second, third] = call.parts;
  const { method, query } = call;
  const body = () => JSON.parse(call.body || '{}') as Record<string, unknown>;
  if (first === 'outages') {
    if (!second) return list(outages.filter((one) => !query.get('state') || one.state === query.get('state')));
    return outages.find((one) => String(one.id) === second);
  }
  if (first === 'maintenance') {
    if (!second && method === 'GET')
      return list(
        windows.filter(
          (one) =>
            (!query.get('since') || one.end > query.get('since')!) &&
            (!query.get('until') || one.begin < query.get('until')!),
        ),
      );
    const given = body() as Partial<MaintenanceWindow>;
    if (!second) {
      const effect = whatIf(world, world.inService(today()), given.sites ?? [], given.links ?? []);
      const made = {
        ...windows[0]!,
        ...given,
        id: windows.length + 1,
        report: undefined,
        expected: { ...effect, sites_cut_off: effect.cut_off, affected: [] },
      };
      windows.push(made);
      return made;
    }
    const found = windows.find((one) => String(one.id) === second);
    if (!found) throw new Refusal(404, 'Not found', `There is no maintenance ${second}`, { code: 'not-found' });
    if (method === 'PUT') Object.assign(found, given, { version: found.version + 1 });
    if (method === 'DELETE') found.state = 'cancelled';
    if (third === 'end') found.state = 'over';
    return found;
  }
  if (first === 'availability') {
    const by = query.get('by') ?? 'link';
    const items =
      by === 'link' ? world.inService(today()) : world.all(by === 'site' ? 'sites' : 'organisations', today());
    return list(
      items.map((one, i) => {
        const down = i % 4 === 0 ? 1800 * (i + 1) : 0;
        return {
          id: one.id,
          name: String(one['name'] ?? one.id),
          availability: 1 - down / 2_592_000,
          measured: 1 - (down + 3600) / 2_592_000,
          in_service_s: 2_592_000,
          down_s: down,
          planned_s: 3600,
          outages: down ? 1 : 0,
          ...(down ? { mtbf_s: 2_592_000 - down, mttr_s: down } : {}),
        };
      }),
    );
  }
  if (first === 'on-call') {
    if (!second) return list(shifts().slice(0, 1));
    if (second === 'shifts') return list(shifts());
    if (second === 'rotas') {
      if (method === 'POST') rotas.push({ ...(body() as unknown as Rota), version: 1 });
      return third ? rotas.find((one) => one.id === third) : method === 'GET' ? list(rotas) : rotas[rotas.length - 1];
    }
    if (second === 'overrides')
      return list([{ id: 1, rota: 'noc', person: 'ana-quispe', begin: at(276), end: at(300), why: 'Congreso' }]);
    if (second === 'feeds')
      return method === 'POST'
        ? {
            id: 'f1',
            rota: '',
            person: '',
            made_by: 'person:ana-quispe',
            made: at(0),
            address: '/api/v1/on-call.ics?token=qf_83hdk2',
          }
        : list([]);
  }
  return undefined;
}
