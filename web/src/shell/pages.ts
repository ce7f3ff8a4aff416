// The portal's own pages as the palette finds them: by their name in the reader's language, and by words of all three.

import { kKinds } from '../api/types';
import { t, type Key } from '../i18n/index.svelte';

interface PageName {
  path: string;
  key: Key;
  /** Folded words of the three languages. */
  words: string;
}

const pages: PageName[] = [
  { path: '/', key: 'nav.map', words: 'map mapa inicio home' },
  {
    path: '/measure',
    key: 'nav.measure',
    words: 'measure medir mesh malla malha delay demora retardo atraso perfsonar',
  },
  { path: '/links', key: 'nav.links', words: 'links enlaces enlaces circuitos' },
  { path: '/sites', key: 'nav.sites', words: 'sites sitios pontos puntos pop' },
  { path: '/registry', key: 'nav.registry', words: 'registry registro' },
  { path: '/what-if', key: 'nav.whatIf', words: 'what if failure falla falha que pasaria e se' },
  { path: '/journal', key: 'nav.journal', words: 'journal diario events eventos' },
  { path: '/lab', key: 'nav.lab', words: 'lab laboratorio emulator' },
  { path: '/services', key: 'nav.services', words: 'services servicios servicos state estado' },
  { path: '/agents', key: 'agents.title', words: 'agents agentes' },
  { path: '/api', key: 'nav.api', words: 'api openapi curl' },
  { path: '/import', key: 'import.title', words: 'import importar' },
  ...kKinds
    .filter((kind) => kind !== 'links' && kind !== 'sites')
    .map((kind): PageName => ({ path: `/${kind}`, key: `kinds.${kind}`, words: kind.replace('_', ' ') })),
];

export function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

export function pagesFor(text: string): PageName[] {
  const wanted = fold(text);
  if (!wanted) return pages.slice(0, 8);
  return pages.filter((page) => fold(t(page.key)).includes(wanted) || page.words.includes(wanted)).slice(0, 6);
}
