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
  {
    path: '/measure/points',
    key: 'points.title',
    words: 'measurement points puntos de medicion pontos de medicao clock reloj relogio ntp',
  },
  {
    path: '/measure/compare',
    key: 'compare.title',
    words: 'compare comparar commodity proveedor provedor slower mas lenta mais lenta delay verification',
  },
  {
    path: '/measure/evidence',
    key: 'kept.title',
    words: 'evidence evidencia changes cambios mudancas delay rose loss began detection deteccion deteccao',
  },
  {
    path: '/measure/calendar',
    key: 'throughput.calendar',
    words: 'throughput caudal vazao bandwidth ancho de banda iperf bwctl calendar calendario tests pruebas testes',
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
  { path: '/work', key: 'nav.work', words: 'work trabajo trabalho mine' },
  { path: '/cases', key: 'nav.cases', words: 'cases casos tickets queues colas filas incident' },
  {
    path: '/measure/statement',
    key: 'statement.title',
    words: 'statement informe declaracion declaracao institution institucion instituicao month mes',
  },
  { path: '/cases/new', key: 'case.new', words: 'new case nuevo caso novo caso help ayuda ajuda problem' },
  { path: '/calendar', key: 'nav.calendar', words: 'calendar calendario ical ics' },
  { path: '/maintenance', key: 'nav.maintenance', words: 'maintenance mantenimiento manutencao window ventana janela' },
  { path: '/on-call', key: 'nav.onCall', words: 'on call guardia plantao turno rota' },
  { path: '/outages', key: 'nav.outages', words: 'outages cortes interrupcoes fallas falhas' },
  { path: '/availability', key: 'nav.availability', words: 'availability disponibilidad disponibilidade uptime sla' },
  { path: '/rpki', key: 'nav.rpki', words: 'rpki roa vrp routes rutas rotas origin validation validacion validacao' },
  {
    path: '/rpki/validity',
    key: 'rpki.validity',
    words: 'rpki validity valid validez valida validade route ruta rota',
  },
  { path: '/rpki/members', key: 'rpki.members', words: 'rpki members miembros membros institutions prefixes prefijos' },
  { path: '/rpki/invalids', key: 'rpki.invalids', words: 'rpki invalid invalidas hijack secuestro sequestro' },
  { path: '/rpki/routers', key: 'rpki.routers', words: 'rpki rtr routers encaminadores roteadores' },
  { path: '/knowledge', key: 'nav.knowledge', words: 'knowledge conocimiento conhecimento articles wiki' },
  { path: '/pert', key: 'team.directory', words: 'edupert pert teams equipos equipes directory' },
  { path: '/requests', key: 'request.title', words: 'requests pedidos' },
  { path: '/meetings', key: 'meeting.title', words: 'meetings reuniones reunioes' },
  { path: '/accreditations', key: 'accreditation.all', words: 'accreditation acreditacion credenciamento' },
  { path: '/me', key: 'profile.title', words: 'profile perfil password contrasena senha passkey tokens sessions' },
  { path: '/notifications', key: 'nav.notifications', words: 'notifications avisos' },
  { path: '/accounts', key: 'nav.accounts', words: 'people accounts roles cuentas contas usuarios' },
  { path: '/audit', key: 'nav.audit', words: 'audit auditoria log' },
  { path: '/roles', key: 'role.table', words: 'roles papeis permissions permisos' },
  { path: '/signin', key: 'signin.title', words: 'sign in login entrar ingresar' },
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
