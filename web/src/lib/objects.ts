// Objects named KIND:ID, as the journal, cases and articles name them: where their pages are.

import { kKinds, type Kind } from '../api/types';

const kPlural: Record<string, string> = {
  link: 'links',
  site: 'sites',
  organisation: 'organisations',
  person: 'people',
  prefix: 'prefixes',
  domain: 'domains',
  realm: 'realms',
  as_number: 'as_numbers',
  telephone_prefix: 'telephone_prefixes',
  equipment: 'equipment',
};

const kPages: Record<string, string> = {
  case: '/cases',
  cases: '/cases',
  article: '/knowledge',
  articles: '/knowledge',
  team: '/pert',
  teams: '/pert',
  meeting: '/meetings',
  meetings: '/meetings',
  request: '/requests',
  accreditation: '/accreditations',
  maintenance: '/maintenance',
  outage: '/outages',
  account: '/accounts',
};

export interface ObjectName {
  kind: string;
  id: string;
  /** The registry's collection, if it is an object of the registry. */
  collection: Kind | null;
  path: string | null;
}

export function readObject(text: string): ObjectName {
  const at = text.indexOf(':');
  const [kind, id] = at < 0 ? ['', text] : [text.slice(0, at), text.slice(at + 1)];
  const plural = kPlural[kind] ?? kind;
  const collection = (kKinds as readonly string[]).includes(plural) ? (plural as Kind) : null;
  const escaped = id.split('/').map(encodeURIComponent).join('/');
  if (collection) return { kind, id, collection, path: `/${collection}/${escaped}` };
  if (kind === 'pair') return { kind, id, collection, path: `/measure/${escaped}` };
  if (kind === 'service') return { kind, id, collection, path: '/services' };
  if (kind === 'rpki') return { kind, id, collection, path: '/rpki' };
  if (kind === 'agent') return { kind, id, collection, path: '/agents' };
  const page = kPages[kind];
  return { kind, id, collection, path: page ? `${page}/${escaped}` : null };
}
