// A small network in RedCLARA's shape for developing and testing the portal without a hub. The true one is in networks/.

import type { Kind } from '../src/api/types';

export type Plain = Record<string, unknown> & { id: string };

const km = 1000;
const mbps = 1_000_000;
const stm1 = 155_520_000;
const stm4 = 622_080_000;

function pop(
  id: string,
  name: string,
  country: string,
  latitude: number,
  longitude: number,
  since = '2004-11-01',
): Plain {
  return { id, name, country, latitude, longitude, pop: true, organisation: 'redclara', since };
}

function nren(id: string, name: string, country: string, language = 'es', since = '2004-11-01'): Plain {
  return { id, name, type: 'nren', parent: 'redclara', country, language, since };
}

function link(
  id: string,
  a: string,
  b: string,
  capacity: number,
  technology: string,
  length: number,
  rest: object,
): Plain {
  return { id, a, b, capacity, technology, medium: 'leased', length: length * km, ...rest };
}

export const kObjects: Record<Kind, Plain[]> = {
  organisations: [
    {
      id: 'redclara',
      name: 'RedCLARA',
      full_name: 'Cooperación Latino Americana de Redes Avanzadas',
      type: 'regional',
      since: '2004-06-10',
    },
    nren('rnp', 'RNP', 'BR', 'pt'),
    nren('reuna', 'REUNA', 'CL'),
    nren('cudi', 'CUDI', 'MX'),
    nren('rau', 'RAU', 'UY', 'es', '2005-02-01'),
    nren('renata', 'RENATA', 'CO', 'es', '2006-01-21'),
    nren('cedia', 'CEDIA', 'EC', 'es', '2006-03-01'),
    nren('raap', 'RAAP', 'PE', 'es', '2005-05-01'),
    nren('reacciun', 'REACCIUN', 'VE', 'es', '2005-01-01'),
    nren('ragie', 'RAGIE', 'GT', 'es', '2005-08-01'),
    nren('raices', 'RAICES', 'SV', 'es', '2005-08-01'),
    nren('innovared', 'INNOVARED', 'AR', 'es', '2004-11-01'),
    nren('conare', 'CONARE', 'CR', 'es', '2008-02-01'),
    {
      id: 'usp',
      name: 'USP',
      full_name: 'Universidade de São Paulo',
      type: 'institution',
      parent: 'rnp',
      country: 'BR',
      language: 'pt',
    },
    {
      id: 'udelar',
      name: 'UdelaR',
      full_name: 'Universidad de la República',
      type: 'institution',
      parent: 'rau',
      country: 'UY',
    },
  ],
  people: [
    {
      id: 'noc-redclara',
      name: 'NOC RedCLARA',
      language: 'es',
      roles: [{ organisation: 'redclara', role: 'noc' }],
      contacts: [{ kind: 'email', value: 'noc@redclara.example', visibility: 'public' }],
    },
  ],
  sites: [
    pop('buenos-aires', 'Buenos Aires', 'AR', -34.6, -58.38),
    pop('santiago', 'Santiago', 'CL', -33.45, -70.67),
    pop('sao-paulo', 'São Paulo', 'BR', -23.55, -46.63),
    pop('montevideo', 'Montevideo', 'UY', -34.9, -56.19, '2005-02-01'),
    pop('lima', 'Lima', 'PE', -12.05, -77.04, '2005-05-01'),
    pop('guayaquil', 'Guayaquil', 'EC', -2.19, -79.89, '2006-03-01'),
    pop('bogota', 'Bogotá', 'CO', 4.71, -74.07, '2006-01-21'),
    pop('caracas', 'Caracas', 'VE', 10.48, -66.9, '2005-01-01'),
    pop('panama', 'Panamá', 'PA', 8.98, -79.52),
    pop('san-salvador', 'San Salvador', 'SV', 13.69, -89.19, '2005-08-01'),
    pop('guatemala', 'Guatemala', 'GT', 14.63, -90.51, '2005-08-01'),
    pop('tijuana', 'Tijuana', 'MX', 32.51, -117.04),
    pop('miami', 'Miami', 'US', 25.76, -80.19, '2008-04-01'),
    {
      id: 'usp-butanta',
      name: 'USP Butantã',
      organisation: 'usp',
      country: 'BR',
      latitude: -23.56,
      longitude: -46.73,
      pop: false,
    },
  ],
  equipment: [
    { id: 'santiago-router', site: 'santiago', type: 'router', vendor: 'Juniper', model: 'M10i', since: '2004-11-01' },
    { id: 'panama-router', site: 'panama', type: 'router', vendor: 'Juniper', model: 'M10i', since: '2004-11-01' },
  ],
  links: [
    link('buenos-aires-santiago', 'buenos-aires', 'santiago', stm1, 'STM-1', 1700, { activated: '2004-11-01' }),
    link('buenos-aires-sao-paulo', 'buenos-aires', 'sao-paulo', stm1, 'STM-1', 2600, { activated: '2004-11-01' }),
    link('panama-tijuana', 'panama', 'tijuana', stm1, 'STM-1', 6500, { activated: '2004-11-01' }),
    link('santiago-panama-2004', 'santiago', 'panama', stm1, 'STM-1', 7200, {
      activated: '2004-11-01',
      retired: '2011-07-06',
    }),
    link('buenos-aires-montevideo', 'buenos-aires', 'montevideo', 45 * mbps, 'DS-3', 320, { activated: '2005-02-01' }),
    link('santiago-lima', 'santiago', 'lima', stm1, 'STM-1', 3400, { activated: '2005-05-01' }),
    link('panama-san-salvador', 'panama', 'san-salvador', 45 * mbps, 'DS-3', 1700, { activated: '2005-08-01' }),
    link('san-salvador-guatemala', 'san-salvador', 'guatemala', 45 * mbps, 'DS-3', 280, { activated: '2005-08-01' }),
    link('guatemala-tijuana', 'guatemala', 'tijuana', 45 * mbps, 'DS-3', 4300, { activated: '2005-09-01' }),
    link('caracas-miami', 'caracas', 'miami', 45 * mbps, 'DS-3', 2900, { activated: '2008-04-01' }),
    link('sao-paulo-miami', 'sao-paulo', 'miami', stm4, 'STM-4', 8600, { activated: '2008-04-01' }),
    link('bogota-panama', 'bogota', 'panama', stm1, 'STM-1', 1100, { activated: '2006-01-21' }),
    link('guayaquil-bogota', 'guayaquil', 'bogota', stm1, 'STM-1', 1300, { activated: '2006-03-01' }),
    link('santiago-panama', 'santiago', 'panama', stm4, 'STM-4', 7200, {
      activated: '2011-07-06',
      contracted: '2011-03-01',
    }),
    link('sao-paulo-panama', 'sao-paulo', 'panama', stm4, 'STM-4', 9800, { activated: '2011-09-06' }),
    link('santiago-sao-paulo', 'santiago', 'sao-paulo', stm4, 'STM-4', 3500, { activated: '2011-09-06' }),
    link('guayaquil-lima', 'guayaquil', 'lima', 622 * mbps, 'Gigabit Ethernet', 1600, { activated: '2011-10-03' }),
    link('bogota-caracas', 'bogota', 'caracas', 622 * mbps, 'Gigabit Ethernet', 1500, { activated: '2011-10-28' }),
    link('caracas-panama', 'caracas', 'panama', 622 * mbps, 'Gigabit Ethernet', 2100, { activated: '2011-10-28' }),
    link('lima-antofagasta-plan', 'lima', 'santiago', 10_000 * mbps, '10 Gigabit Ethernet', 3200, {
      planned: '2011-11-01',
      tendered: '2011-11-15',
    }),
  ],
  as_numbers: [{ id: 'as27750', value: '27750', organisation: 'redclara' }],
  prefixes: [
    { id: '200-0-204-0--22', value: '200.0.204.0/22', organisation: 'redclara' },
    { id: '2001-1348--32', value: '2001:1348::/32', organisation: 'redclara' },
  ],
  domains: [{ id: 'redclara-net', value: 'redclara.net', organisation: 'redclara' }],
  realms: [{ id: 'rnp-br', value: 'rnp.br', organisation: 'rnp' }],
  telephone_prefixes: [{ id: '56', value: '+56', organisation: 'reuna' }],
};

const text = (description: string, rest: object = {}) => ({ type: 'string', maxLength: 200, description, ...rest });
const date = (description: string) => ({ type: 'string', format: 'date', description });
const slug = text('Short stable name', { pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$' });
const reference = (collection: string, description: string) => text(description, { 'x-reference': collection });

const resource = {
  type: 'object',
  properties: {
    id: slug,
    value: text('The number, prefix or name itself'),
    organisation: reference('organisations', 'Its owner'),
    note: text('What else is to be known'),
    since: date('Held since'),
    until: date('Held until'),
  },
  required: ['value', 'organisation'],
};

export const kSchemas: Record<Kind, object> = {
  organisations: {
    type: 'object',
    properties: {
      id: slug,
      name: text('Name in use'),
      full_name: text('Full legal name', { maxLength: 400 }),
      type: { type: 'string', enum: ['regional', 'nren', 'institution', 'provider'], description: 'What it is' },
      parent: reference('organisations', 'Organisation that it is connected through'),
      country: text('ISO 3166-1 alpha-2 code', { maxLength: 2 }),
      language: text('Language of its people: es, pt, en', { maxLength: 8 }),
      website: text('Address of its site', { format: 'uri' }),
      since: date('Connected since'),
      until: date('Connected until'),
      source: text('Where the facts come from'),
    },
    required: ['id', 'name', 'type'],
  },
  people: {
    type: 'object',
    properties: {
      id: slug,
      name: text('Full name'),
      language: text('es, pt, en', { maxLength: 8 }),
      roles: {
        type: 'array',
        description: 'What they do, and where',
        items: {
          type: 'object',
          properties: {
            organisation: reference('organisations', 'Where'),
            role: text('technical, security, pert, noc…'),
          },
          required: ['organisation', 'role'],
        },
      },
      contacts: {
        type: 'array',
        description: 'How to reach them',
        items: {
          type: 'object',
          properties: {
            kind: text('email, phone, sip, chat, pgp'),
            value: text('The address or number'),
            visibility: { type: 'string', enum: ['public', 'members', 'private'], description: 'Who may see it' },
          },
          required: ['kind', 'value'],
        },
      },
      source: text('Where the facts come from'),
    },
    required: ['id', 'name'],
  },
  sites: {
    type: 'object',
    properties: {
      id: slug,
      name: text('Name in use'),
      organisation: reference('organisations', 'Whose it is'),
      country: text('ISO 3166-1 alpha-2 code', { maxLength: 2 }),
      latitude: { type: 'number', minimum: -90, maximum: 90, description: 'Degrees north' },
      longitude: { type: 'number', minimum: -180, maximum: 180, description: 'Degrees east' },
      pop: { type: 'boolean', description: 'A point of presence: has a router and a measurement point' },
      address: text('Street and town'),
      since: date('In use since'),
      until: date('In use until'),
      source: text('Where the facts come from'),
    },
    required: ['id', 'name'],
  },
  equipment: {
    type: 'object',
    properties: {
      id: slug,
      site: reference('sites', 'Where it stands'),
      type: text('router, switch, transponder, server, measurement-point'),
      vendor: text('Maker'),
      model: text('Model'),
      serial_number: text('Serial number'),
      note: text('What else is to be known'),
      since: date('Installed'),
      until: date('Removed'),
    },
    required: ['id', 'site', 'type'],
  },
  links: {
    type: 'object',
    properties: {
      id: slug,
      a: reference('sites', 'One end'),
      b: reference('sites', 'Other end'),
      capacity: {
        type: 'integer',
        minimum: 1,
        'x-unit': 'b/s',
        description: "Bits per second each way; text such as '622 Mb/s' is read too",
      },
      technology: text('STM-4, Gigabit Ethernet…'),
      medium: {
        type: 'string',
        enum: ['fibre', 'submarine', 'radio', 'satellite', 'copper', 'leased'],
        description: 'What carries it',
      },
      provider: reference('organisations', 'Who provides it'),
      length: {
        type: 'integer',
        minimum: 0,
        'x-unit': 'm',
        description: "Length of the cable in metres; '3450 km' is read too",
      },
      planned: date('Date planned'),
      tendered: date('Date of the tender'),
      contracted: date('Date of the contract'),
      installed: date('Date installed'),
      activated: date('In service since'),
      retired: date('Out of service since'),
      source: text('Where the facts come from'),
      note: text('What else is to be known'),
    },
    required: ['id', 'a', 'b', 'capacity'],
  },
  as_numbers: resource,
  prefixes: resource,
  domains: resource,
  realms: resource,
  telephone_prefixes: resource,
};
