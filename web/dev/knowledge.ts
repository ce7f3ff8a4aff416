// The fixture's articles, eduPERT, notices and search.

import type { ArticleSummary } from '../src/desk/knowledge/types';
import type { Accreditation, Meeting, Team, TechnicalRequest } from '../src/desk/pert/types';
import type { Notice, Rule } from '../src/notify/types';
import { me } from './access';
import { Refusal, type Call } from './refusal';
import { today, type World } from './world';

const at = (hours: number) => new Date(Date.now() + hours * 3.6e6).toISOString();
const list = <T>(items: T[]) => ({ items, next: null });
const fold = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

const kBody = `## Síntoma

Las conexiones empiezan bien y luego **se detienen**.

## Qué mirar

- \`ping -M do -s 1472\`
- el MTU de cada tramo

| tramo | MTU |
| --- | --- |
| campus | 1500 |
| túnel | 1476 |

Véase [el caso](/cases/41).`;
const kHtml = `<h2 id="sintoma">Síntoma</h2><p>Las conexiones empiezan bien y luego <strong>se detienen</strong>.</p><h2 id="que-mirar">Qué mirar</h2><ul><li><code>ping -M do -s 1472</code></li><li>el MTU de cada tramo</li></ul><table><thead><tr><th>tramo</th><th>MTU</th></tr></thead><tbody><tr><td>campus</td><td>1500</td></tr><tr><td>túnel</td><td>1476</td></tr></tbody></table><p>Véase <a href="/cases/41">el caso</a>.</p>`;

const articles = new Map<string, ArticleSummary>(
  [
    ['mtu', 'performance', 'MTU: conexiones que se detienen', 'published'],
    ['tcp-window', 'performance', 'La ventana TCP y el producto retardo por ancho de banda', 'published'],
    ['corte-mendoza', 'network', 'Corte de fibra cerca de Mendoza', 'draft'],
  ].map(([id, category, title, state]) => [
    id!,
    {
      id: id!,
      category: category!,
      language: 'es',
      title: title!,
      summary: 'Cómo reconocerlo, cómo medirlo y qué cambiar.',
      languages: id === 'mtu' ? ['es', 'pt', 'en'] : ['es'],
      state: state as ArticleSummary['state'],
      readers: 'public',
      links: ['case:41', 'link:buenos-aires-santiago'],
      changed: at(-30),
      version: 3,
    },
  ]),
);

function knowledge(call: Call): unknown {
  const [first, id, sub, which, more] = call.parts;
  if (first !== 'articles') return undefined;
  const body = () => JSON.parse(call.body || '{}') as Record<string, unknown>;
  if (id === 'preview') return { html: kHtml, headings: [] };
  if (!id)
    return call.method === 'POST'
      ? { id: 'mtu' }
      : list([...articles.values()].filter((one) => one.state === 'published' || me()));
  const found = articles.get(id);
  if (!found) throw new Refusal(404, 'Not found', `There is no article "${id}"`, { code: 'not-found' });
  if (sub === 'state') found.state = body()['state'] as ArticleSummary['state'];
  if (sub === 'attachments') return list([]);
  if (sub === 'versions' && !which)
    return list(
      [3, 2, 1].map((version) => ({
        version,
        time: at(-30 * (4 - version)),
        who: 'person:ana-quispe',
        action: version === 1 ? 'created' : version === 2 ? 'changed' : 'published',
        why: version === 2 ? 'se agregó la tabla' : '',
      })),
    );
  if (more === 'difference')
    return {
      before: Number(call.query.get('against')),
      after: Number(which),
      texts: [
        {
          language: 'es',
          field: 'body',
          lines: [
            { sign: ' ', text: '## Qué mirar' },
            { sign: '-', text: 'el MTU' },
            { sign: '+', text: '- el MTU de cada tramo' },
          ],
        },
      ],
    };
  const text = { title: found.title, summary: found.summary, body: kBody };
  call.response.setHeader('ETag', `"${found.version}"`);
  return {
    ...found,
    texts: Object.fromEntries(found.languages.map((language) => [language, text])),
    language: found.languages.includes(call.query.get('language') ?? '') ? call.query.get('language') : 'es',
    html: kHtml,
    headings: [
      { level: 2, id: 'sintoma', text: 'Síntoma' },
      { level: 2, id: 'que-mirar', text: 'Qué mirar' },
    ],
    created: at(-100),
    changed_by: 'person:ana-quispe',
    from_case: 41,
  };
}

const teams: Team[] = (
  [
    ['pert-reuna', 'reuna', 'PERT REUNA', 'accredited'],
    ['pert-rnp', 'rnp', 'PERT RNP', 'applying'],
    ['pert-cudi', 'cudi', 'PERT CUDI', 'registered'],
  ] as [string, string, string, Team['standing']][]
).map(([id, organisation, name, standing]) => ({
  id,
  organisation,
  name,
  standing,
  constituency: 'Universidades y laboratorios conectados.',
  hours: 'lunes a viernes, 9 a 18',
  time_zone: 'America/Santiago',
  languages: ['es', 'en'],
  website: 'https://www.reuna.cl/pert',
  contacts: [
    { kind: 'email', value: `pert@${organisation}.example`, sight: 'public' },
    { kind: 'phone', value: '+56 2 2337 0300', note: 'de noche', sight: 'accredited' },
  ],
  pgp_fingerprint: 'A1B2 C3D4 E5F6 0718 2930 4142 5364 7586 9708 1920',
  members: [],
  accredited_until: standing === 'accredited' ? '2028-11-01' : undefined,
  version: 2,
  changed: at(-200),
  changed_by: 'person:carla-rojas',
}));

const history = [
  { time: at(-60), who: 'person:joao-silva', action: 'created' },
  { time: at(-50), who: 'person:joao-silva', action: 'submit' },
];
const accreditations: Accreditation[] = [
  {
    number: 1,
    team: 'pert-rnp',
    organisation: 'rnp',
    state: 'submitted',
    evidence: { people: 'Dos personas, con suplente.' },
    reviews: [
      { reviewer: 'person:carla-rojas', organisation: 'reuna', approves: true, note: 'Completo.', time: at(-20) },
    ],
    reminded_days: 0,
    history,
    version: 3,
  },
  {
    number: 2,
    team: 'pert-cudi',
    organisation: 'cudi',
    state: 'draft',
    evidence: {},
    reviews: [],
    reminded_days: 0,
    history: history.slice(0, 1),
    version: 1,
  },
];
const requests: TechnicalRequest[] = [
  {
    number: 1,
    from: 'pert-reuna',
    to: 'pert-cudi',
    subject: 'Configuración de colas hacia Tijuana',
    question: '¿Qué política de colas usan en el enlace a Guatemala?\nVemos pérdida en horas pico.',
    performance_case: 42,
    state: 'asked',
    asked: at(-100),
    due: at(-4),
    reminded: true,
    overdue: true,
    history: [{ time: at(-100), who: 'person:carla-rojas', action: 'ask' }],
    version: 1,
  },
];
const meetings: Meeting[] = [
  {
    number: 1,
    title: 'Reunión mensual de eduPERT',
    begins: at(100),
    ends: at(101.5),
    place: 'Montevideo',
    url: 'https://meet.example/edupert',
    agenda: '- casos abiertos',
    minutes: '',
    teams: [],
    participants: [],
    state: 'planned',
    public: true,
    organiser: 'person:ana-quispe',
    version: 1,
    changed: at(-10),
    agenda_html: '<ul><li>casos abiertos</li><li>acreditaciones</li></ul>',
    minutes_html: '',
  },
];

function pert(call: Call): unknown {
  const [first, what, id, sub] = call.parts;
  if (first !== 'pert') return undefined;
  const body = JSON.parse(call.body || '{}') as Record<string, unknown>;
  const pick = <T>(items: T[], key: (one: T) => string): T => {
    const found = items.find((one) => key(one) === id);
    if (!found) throw new Refusal(404, 'Not found', `There is no ${what} ${id}`, { code: 'not-found' });
    return found;
  };
  const make = call.method === 'POST' && !id;
  switch (what) {
    case 'teams':
      if (make) teams.push({ ...teams[2]!, ...(body as Partial<Team>) });
      return make ? teams[teams.length - 1] : id ? pick(teams, (one) => one.id) : list(teams);
    case 'criteria':
      return list([
        { id: 'people', text: 'Al menos dos personas con nombre', mandatory: true },
        { id: 'hours', text: 'Horario de atención publicado', mandatory: true },
        { id: 'tools', text: 'Herramientas de medición propias', mandatory: false },
      ]);
    case 'accreditations': {
      if (make) return { ...accreditations[1]!, number: 2 };
      if (!id)
        return list(accreditations.filter((one) => !call.query.get('team') || one.team === call.query.get('team')));
      const found = pick(accreditations, (one) => String(one.number));
      if (sub === 'evidence') found.evidence = body['evidence'] as Record<string, string>;
      if (sub === 'steps') found.state = body['step'] === 'submit' ? 'submitted' : String(body['step']);
      return found;
    }
    case 'requests': {
      if (make)
        requests.push({
          ...requests[0]!,
          ...(body as Partial<TechnicalRequest>),
          number: requests.length + 1,
          overdue: false,
        });
      if (make) return requests[requests.length - 1];
      if (!id) return list(requests);
      const found = pick(requests, (one) => String(one.number));
      if (body['step'] === 'answer') Object.assign(found, { state: 'answered', answer: body['note'] });
      return found;
    }
    case 'meetings':
      return make ? meetings[0] : id ? pick(meetings, (one) => String(one.number)) : list(meetings);
  }
  return undefined;
}

const notices: Notice[] = [
  {
    id: 3,
    time: at(-0.2),
    topic: 'case.note',
    severity: 'info',
    about: 'case:41',
    subject: 'Nota en el caso 41: Buenos Aires–Santiago está caído',
    text: 'NOC INNOVARED escribió: de nuestro lado vemos el tráfico por Montevideo.',
    read: false,
  },
  {
    id: 2,
    time: at(-6),
    topic: 'network.outage',
    severity: 'critical',
    about: 'case:41',
    subject: 'Buenos Aires–Santiago está caído',
    text: 'El enlace no lleva tráfico desde las 14:02.',
    read: false,
  },
  {
    id: 1,
    time: at(-40),
    topic: 'account',
    severity: 'warning',
    subject: 'Alguien probó su contraseña',
    text: 'Cinco veces.',
    read: true,
  },
];
const rules: Rule[] = [
  {
    id: 1,
    owner: 'person:ana-quispe',
    topics: ['case', 'network'],
    organisations: [],
    at_least: 'warning',
    channel: 'mail',
    when: 'at-once',
    quiet_from: '22:00',
    quiet_until: '07:00',
    version: 1,
  },
];

function notify(call: Call): unknown {
  const [first, what, id, sub] = call.parts;
  if (first !== 'notifications') return undefined;
  if (!me()) throw new Refusal(401, 'Unauthorized', 'Nobody is signed in', { code: 'unauthenticated' });
  const unread = () => notices.filter((one) => !one.read).length;
  if (!what) return list(notices.filter((one) => call.query.get('unread') !== 'true' || !one.read));
  if (what === 'read') {
    const body = JSON.parse(call.body) as { ids?: number[]; up_to?: number };
    for (const one of notices) if (body.ids?.includes(one.id) || one.id <= (body.up_to ?? 0)) one.read = true;
  }
  if (what === 'unread' || what === 'read') return { unread: unread() };
  if (what === 'test') return {};
  if (sub === 'secret') return { secret: 'qw_73hd82kd' };
  if (call.method === 'POST')
    rules.push({ ...(JSON.parse(call.body) as Rule), id: rules.length + 1, version: 1, owner: 'person:ana-quispe' });
  if (call.method === 'DELETE') rules.splice(0, rules.length, ...rules.filter((one) => String(one.id) !== id));
  return call.method === 'GET' ? list(rules) : rules[0];
}

function search(world: World, text: string): unknown {
  const wanted = fold(text);
  const hits = [
    ...(['organisations', 'sites', 'links', 'people'] as const).flatMap((kind) =>
      world.all(kind, today()).map((one) => ({
        kind: kind as string,
        id: one.id,
        name: String(one['name'] ?? one.id),
        detail: String(one['country'] ?? ''),
      })),
    ),
    ...[...articles.values()].map((one) => ({ kind: 'articles', id: one.id, name: one.title, detail: one.category })),
    ...teams.map((one) => ({ kind: 'teams', id: one.id, name: one.name, detail: one.standing as string })),
    { kind: 'cases', id: '41', name: 'Buenos Aires–Santiago está caído', detail: 'operations' },
  ].filter((hit) => fold(`${hit.id} ${hit.name}`).includes(wanted));
  return list(
    hits.slice(0, 12).map((hit) => {
      const from = fold(hit.name).indexOf(wanted);
      const pieces =
        from < 0
          ? [{ text: hit.name, hit: false }]
          : [
              { text: hit.name.slice(0, from), hit: false },
              { text: hit.name.slice(from, from + wanted.length), hit: true },
              { text: hit.name.slice(from + wanted.length), hit: false },
            ];
      return { ...hit, name_pieces: pieces, excerpt: [] };
    }),
  );
}

/** undefined: not a route of these. */
export function community(call: Call, world: World): unknown {
  if (call.parts[0] === 'search') return search(world, call.query.get('q') ?? '');
  if (call.parts[0] === 'cases' && call.parts[2] === 'article') return { id: 'corte-mendoza' };
  return knowledge(call) ?? pert(call) ?? notify(call);
}
