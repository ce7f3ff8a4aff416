// The fixture's desk: some cases of the network of 2011, and what can be done with them.

import type { Attachment, Case, CaseState, Entry, Evidence, Queue, QueueState, Visibility } from '../src/desk/types';
import { me } from './access';
import { Refusal, type Call } from './refusal';
import type { World } from './world';

const ago = (hours: number) => new Date(Date.now() - hours * 3.6e6).toISOString();
const list = <T>(items: T[]) => ({ items, next: null });

const kSteps: Partial<Record<CaseState, CaseState[]>> = {
  new: ['working', 'solved'],
  working: ['waiting', 'watching', 'solved'],
  waiting: ['working', 'solved'],
  watching: ['working', 'solved'],
  solved: ['working', 'closed'],
  closed: ['working'],
};

function make(number: number, queue: Queue, state: CaseState, title: string, more: Partial<Case> = {}): Case {
  return {
    number,
    version: 3,
    queue,
    state,
    priority: 'normal',
    title,
    description: '',
    language: 'es',
    visibility: 'members',
    teams: [],
    organisations: [],
    objects: [],
    opened: ago(number % 7 || 7),
    opened_by: 'system',
    changed: ago(1),
    answer: { paused: false, late: false, done: ago(1) },
    solution: { paused: state === 'waiting', late: false, due: state === 'waiting' ? undefined : ago(-5) },
    escalation: 0,
    reopened: 0,
    notes: 2,
    evidence: 0,
    attachments: 0,
    watchers: 1,
    ...more,
  };
}

const cases = new Map<number, Case>(
  [
    make(41, 'operations', 'working', 'Buenos Aires–Santiago está caído', {
      priority: 'urgent',
      owner: 'person:ana-quispe',
      description:
        'El enlace no lleva tráfico desde las 14:02. Cuatro pares perdieron paquetes; el tráfico va por Montevideo.',
      organisations: ['innovared', 'reuna'],
      objects: ['link:buenos-aires-santiago', 'pair:buenos-aires/santiago'],
      cause: 'link:buenos-aires-santiago',
      evidence: 2,
      attachments: 1,
      watchers: 4,
      country: 'CL',
      escalation: 1,
    }),
    make(42, 'performance', 'new', 'Videoconferencias lentas entre Guatemala y Tijuana', {
      organisations: ['ragie', 'cudi'],
      objects: ['pair:guatemala/tijuana'],
      opened_by: 'person:joao-silva',
      answer: { paused: false, late: true, due: ago(0.5) },
      teams: ['pert-cudi'],
    }),
    make(43, 'help', 'waiting', 'No puedo entrar con mi institución', {
      opened_by: 'mail:maria@usp.br',
      language: 'pt',
    }),
    make(39, 'operations', 'solved', 'Pérdida de paquetes hacia Caracas', {
      owner: 'person:joao-silva',
      organisations: ['reacciun'],
      solution: { paused: false, late: false, done: ago(20) },
      objects: ['link:bogota-caracas'],
      closed: ago(20),
    }),
  ].map((one) => [one.number, one]),
);

const file = (id: number, name: string, size: number, who: string): Attachment => ({
  id,
  name,
  media_type: 'text/plain',
  size,
  sha256: '…',
  time: ago(0),
  who,
  visibility: 'public',
});
const files = new Map([[41, [file(1, 'traza.txt', 4211, 'mail:noc@innovared.example')]]]);

const line = (
  id: number,
  kind: string,
  hours: number,
  who: string,
  name: string,
  text: string,
  more: Partial<Entry> = {},
): Entry => ({
  id,
  time: ago(hours),
  kind,
  who,
  who_name: name,
  visibility: 'public',
  text,
  unverified: false,
  ...more,
});

const lines = new Map<number, Entry[]>([
  [
    41,
    [
      line(1, 'opened', 6, 'system', 'Quipu', ''),
      line(2, 'changed', 5.5, 'person:ana-quispe', 'Ana Quispe', '', {
        changes: [
          { field: 'owner', before: '', after: 'person:ana-quispe' },
          { field: 'state', before: 'new', after: 'working' },
        ],
      }),
      line(
        3,
        'note',
        5,
        'person:ana-quispe',
        'Ana Quispe',
        'El proveedor confirma un corte de fibra cerca de Mendoza.\nEstima cuatro horas.',
      ),
      line(4, 'note', 4, 'person:ana-quispe', 'Ana Quispe', 'Contacto del proveedor: guardia nocturna, interno 214.', {
        visibility: 'private',
      }),
      line(
        5,
        'note',
        3,
        'mail:noc@innovared.example',
        'NOC INNOVARED',
        'Gracias. De nuestro lado vemos el tráfico por Montevideo.',
        { unverified: true, attachments: [1] },
      ),
      line(6, 'escalated', 2, 'system', 'Quipu', ''),
    ],
  ],
]);

function evidenceOf(one: Case, world: World): Evidence[] {
  if (!one.evidence) return [];
  const end = Math.floor(Date.parse(one.opened) / 60_000) * 60_000;
  const records = Array.from({ length: 60 }, (_one, i) =>
    world.record('buenos-aires', 'santiago', end - (60 - i) * 60_000, 60),
  );
  return [
    {
      id: 1,
      kind: 'series',
      object: 'pair:buenos-aires/santiago',
      title: 'measure.minute buenos-aires/santiago',
      description: 'Median 8.5 ms until 14:02, then nothing arrived.',
      since: new Date(end - 3.6e6).toISOString(),
      until: new Date(end).toISOString(),
      frozen: one.opened,
      columns: [
        { name: 'time', unit: 's', values: records.map((record) => Date.parse(record.time) / 1000) },
        {
          name: 'delay_median',
          unit: 'us',
          values: records.map((record, i) => (i > 52 ? null : record.delay_median_us)),
        },
        { name: 'delay_p95', unit: 'us', values: records.map((record, i) => (i > 52 ? null : record.delay_p95_us)) },
        { name: 'loss', unit: 'fraction', values: records.map((_record, i) => (i > 52 ? 1 : 0)) },
      ],
    },
    {
      id: 2,
      kind: 'path',
      object: 'pair:buenos-aires/santiago',
      title: 'path',
      description: 'The shortest way before the failure.',
      frozen: one.opened,
      hops: [
        { site: 'buenos-aires', link: 'buenos-aires-santiago', metres: 1_700_000 },
        { site: 'santiago', metres: 0 },
      ],
    },
  ];
}

function caller(): string {
  const who = me();
  if (!who) throw new Refusal(401, 'Unauthorized', 'Nobody is signed in', { code: 'unauthenticated' });
  return `person:${who.id}`;
}

function queues(): QueueState[] {
  const open = [...cases.values()].filter((one) => !['solved', 'closed', 'merged'].includes(one.state));
  return (['operations', 'performance', 'help', 'security'] as const).map((queue) => {
    const mine = open.filter((one) => one.queue === queue);
    return {
      queue,
      open: mine.length,
      unanswered: mine.filter((one) => !one.answer.done).length,
      late: mine.filter((one) => one.answer.late).length,
      unowned: mine.filter((one) => !one.owner).length,
      waiting: mine.filter((one) => one.state === 'waiting').length,
      may_work: me()?.roles.some((grant) => grant.role !== 'viewer' && grant.role !== 'member') ?? false,
      states: ['new', 'working', 'waiting', 'watching', 'solved', 'closed'],
      steps: kSteps,
      promises: ['urgent: answered within 15 min', 'normal: answered within 2 h of working time'],
    };
  });
}

function one(call: Call, world: World): unknown {
  const [, id, sub, which] = call.parts;
  const found = cases.get(Number(id));
  if (!found)
    throw new Refusal(404, 'Not found', `There is no case ${id}`, {
      code: 'not-found',
      hint: 'Look it up among all cases',
    });
  const told = lines.get(found.number) ?? [line(1, 'opened', 3, found.opened_by, '', '')];
  lines.set(found.number, told);
  const add = (entry: Entry) => {
    told.push({ ...entry, id: told.length + 1 });
    found.version++;
    found.changed = new Date().toISOString();
    world.happened('CaseNoteAdded', `case:${found.number}`, { number: found.number });
  };
  if (!sub) {
    if (call.method === 'PATCH') {
      const body = JSON.parse(call.body) as Partial<Case>;
      const changes = Object.entries(body).map(([field, after]) => ({
        field,
        before: (found as unknown as Record<string, unknown>)[field],
        after,
      }));
      Object.assign(found, body);
      if (body.state === 'solved') found.closed = new Date().toISOString();
      add(line(0, body.state ? 'moved' : 'changed', 0, caller(), me()!.name, '', { changes }));
    }
    call.response.setHeader('ETag', `"${found.version}"`);
    return found;
  }
  switch (`${call.method} ${sub}`) {
    case 'GET timeline':
      return list(told.filter((entry) => entry.visibility !== 'private' || me()));
    case 'POST notes': {
      const body = JSON.parse(call.body) as { text: string; visibility: Visibility; state?: CaseState };
      add(line(0, 'note', 0, caller(), me()!.name, body.text, { visibility: body.visibility }));
      if (body.state) found.state = body.state;
      return { number: told.length };
    }
    case 'GET evidence':
      return list(evidenceOf(found, world));
    case 'POST evidence':
      found.evidence++;
      return { number: found.evidence };
    case 'GET attachments':
      return list(files.get(found.number) ?? []);
    case 'POST attachments': {
      const mine = files.get(found.number) ?? [];
      const name = call.query.get('name') ?? 'file';
      mine.push(file(mine.length + 1, name, call.body.length, caller()));
      files.set(found.number, mine);
      add(line(0, 'attached', 0, caller(), me()!.name, name));
      return { number: mine.length };
    }
    case 'GET candidates':
      return list(me() ? [{ id: caller(), name: me()!.name }] : []);
    case 'GET watchers':
      return list(me() && found.watchers > 1 ? [{ id: caller(), language: 'es', since: ago(5) }] : []);
    case 'PUT watchers':
      found.watchers++;
      return {};
    case 'DELETE watchers':
      found.watchers--;
      return {};
    case 'POST merge': {
      const { into } = JSON.parse(call.body) as { into: number };
      found.state = 'merged';
      found.merged_into = into;
      return cases.get(into);
    }
    case 'POST split': {
      const { title } = JSON.parse(call.body) as { title: string };
      const number = Math.max(...cases.keys()) + 1;
      cases.set(number, make(number, found.queue, 'new', title));
      return { number };
    }
    case 'POST article':
      return { id: 'corte-mendoza' };
  }
  throw new Refusal(404, 'Not found', `No route ${call.method} /cases/${id}/${sub}/${which ?? ''}`, {
    code: 'not-found',
  });
}

/** undefined: not a route of these. */
export function desk(call: Call, world: World): unknown {
  const [first, second] = call.parts;
  const { query } = call;
  if (first === 'desk' && second === 'queues') return list(queues());
  if (first !== 'cases') return undefined;
  if (second === 'statistics')
    return list(
      ['2026-11', '2026-10'].flatMap((month) =>
        (['operations', 'performance', 'help'] as const).map((queue, i) => ({
          month,
          queue,
          organisation: '',
          opened: 12 - i * 3,
          answered: 11 - i * 3,
          answered_in_time: 10 - i * 3,
          solved: 9 - i * 2,
          solved_in_time: 8 - i * 2,
          still_open: 2,
          median_answer_s: 1800 + i * 600,
          median_solution_s: 40_000 + i * 9000,
        })),
      ),
    );
  if (second) return one(call, world);
  if (call.method === 'POST') {
    const body = JSON.parse(call.body) as Partial<Case>;
    const number = Math.max(...cases.keys()) + 1;
    cases.set(
      number,
      make(number, body.queue ?? 'help', 'new', body.title ?? '', {
        ...body,
        number,
        opened_by: caller(),
        answer: { paused: false, late: false, due: ago(-2) },
      }),
    );
    call.response.statusCode = 201;
    return { number };
  }
  const is = (name: keyof Case) => (row: Case) => !query.get(name) || String(row[name] ?? '') === query.get(name);
  const items = [...cases.values()]
    .filter(is('queue'))
    .filter(is('state'))
    .filter(is('priority'))
    .filter(
      (row) => !query.get('owner') || (query.get('owner') === 'none' ? !row.owner : row.owner === query.get('owner')),
    )
    .filter(
      (row) =>
        !query.get('open') || (query.get('open') === 'true') === !['solved', 'closed', 'merged'].includes(row.state),
    )
    .filter(
      (row) =>
        !query.get('text') || `${row.number} ${row.title}`.toLowerCase().includes(query.get('text')!.toLowerCase()),
    )
    .sort((x, y) => y.number - x.number);
  return list(items);
}
