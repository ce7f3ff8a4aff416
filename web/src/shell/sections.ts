// The portal's sections and the pages in each. What a reader may not use is left out of the menu; its page says why.

import { me } from '../access/me.svelte';
import type { Permission } from '../access/types';
import type { Key } from '../i18n/index.svelte';

export interface Entry {
  path: string;
  key: Key;
  permission?: Permission;
  /** Other addresses that belong to it. */
  also?: string[];
}

export interface Section {
  key: Key;
  entries: Entry[];
}

const sections: Section[] = [
  {
    key: 'section.network',
    entries: [
      { path: '/links', key: 'nav.links' },
      { path: '/sites', key: 'nav.sites' },
      {
        path: '/registry',
        key: 'nav.registry',
        also: [
          '/organisations',
          '/people',
          '/equipment',
          '/as_numbers',
          '/prefixes',
          '/domains',
          '/realms',
          '/telephone_prefixes',
          '/import',
          '/new',
          '/edit',
        ],
      },
      { path: '/what-if', key: 'nav.whatIf' },
      { path: '/outages', key: 'nav.outages' },
      { path: '/availability', key: 'nav.availability' },
    ],
  },
  { key: 'nav.measure', entries: [{ path: '/measure', key: 'nav.measure' }] },
  { key: 'nav.rpki', entries: [{ path: '/rpki', key: 'nav.rpki' }] },
  {
    key: 'section.desk',
    entries: [
      { path: '/work', key: 'nav.work', permission: 'own' },
      { path: '/cases', key: 'nav.cases' },
      { path: '/calendar', key: 'nav.calendar' },
      { path: '/maintenance', key: 'nav.maintenance' },
      { path: '/on-call', key: 'nav.onCall' },
    ],
  },
  { key: 'nav.knowledge', entries: [{ path: '/knowledge', key: 'nav.knowledge' }] },
  {
    key: 'section.pert',
    entries: [
      { path: '/pert', key: 'nav.teams', also: ['/accreditations'] },
      { path: '/requests', key: 'nav.requests' },
      { path: '/meetings', key: 'nav.meetings' },
    ],
  },
  {
    key: 'section.house',
    entries: [
      { path: '/journal', key: 'nav.journal' },
      { path: '/lab', key: 'nav.lab' },
      { path: '/services', key: 'nav.services', also: ['/agents'] },
      { path: '/accounts', key: 'nav.accounts', permission: 'manage-people' },
      { path: '/audit', key: 'nav.audit', permission: 'manage-people' },
      { path: '/roles', key: 'nav.roles' },
      { path: '/api', key: 'nav.api' },
    ],
  },
];

/** The sections with what the reader may use of them. */
export function offered(): Section[] {
  return sections
    .map((section) => ({
      ...section,
      entries: section.entries.filter((entry) => !entry.permission || me.may(entry.permission)),
    }))
    .filter((section) => section.entries.length > 0);
}

export function isAt(entry: Entry, path: string): boolean {
  return [entry.path, ...(entry.also ?? [])].some((one) => path === one || path.startsWith(`${one}/`));
}
