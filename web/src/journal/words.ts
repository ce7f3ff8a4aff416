// What an event says, as a sentence in the reader's language, and where it leads.

import type { JournalEvent } from '../api/types';
import { known, t } from '../i18n/index.svelte';
import { capacity, delay, percent } from '../lib/format';
import { readObject } from '../lib/objects';

export type NameOf = (kind: string, id: string) => string;

/** "Delay from Santiago to Lima rose from 17 ms to 31 ms." Events that the portal does not know are named by their type. */
export function eventSentence(event: JournalEvent, nameOf: NameOf): string {
  const body = event.body;
  const text = (name: string) => String(body[name] ?? '');
  const number = (name: string) => Number(body[name] ?? 0);
  const values: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(body))
    if (typeof value === 'string' || typeof value === 'number') values[name] = value;
  if ('from' in body) values['from'] = nameOf('sites', text('from'));
  if ('to' in body) values['to'] = nameOf('sites', text('to'));
  if ('before_us' in body) {
    values['before'] = delay(number('before_us'), 100);
    values['after'] = delay(number('after_us'), 100);
  } else if ('before_bps' in body) {
    values['before'] = capacity(number('before_bps'));
    values['after'] = capacity(number('after_bps'));
  } else if (event.type === 'LossBegan' || event.type === 'LossEnded') {
    values['before'] = percent(number('before'));
    values['after'] = percent(number('after'));
  }
  if (event.type === 'WaysCompared') values['verdict'] = known(`compare.short.${text('verdict')}`) ?? text('verdict');
  if ('link' in body) values['link'] = nameOf('links', text('link'));
  if ('agent' in body) values['agent'] = nameOf('sites', text('agent'));
  if (event.type === 'LabHijackSet' || event.type.startsWith('Clock')) values['site'] = nameOf('sites', text('site'));
  if ('by_us' in body) {
    values['by'] = delay(Math.abs(number('by_us')), 100);
    values['side'] = number('by_us') > 0 ? 'ahead' : 'behind';
  } else values['side'] = 'unknown';
  values['titled'] = text('title') ? 'yes' : 'no';
  values['reason'] = text('why') || text('impairment') ? 'yes' : 'no';
  if (event.type === 'ObjectChanged') {
    values['name'] = nameOf(text('kind'), text('id'));
    values['kind'] = known(`kind.${text('kind')}`) ?? text('kind');
  }
  return known(`event.${event.type}`, values) ?? t('event.other', { type: event.type, subject: event.subject });
}

/** The page of an event's subject, or null where there is none. */
export function eventPath(event: JournalEvent): string | null {
  const at = event.subject.indexOf(':');
  const [kind, rest] = [event.subject.slice(0, at), event.subject.slice(at + 1)];
  const id = rest.split('/').map(encodeURIComponent).join('/');
  if (kind === 'pair') return `/measure/${id}`;
  if (kind === 'link') return `/links/${id}`;
  if (kind === 'agent') return `/agents`;
  if (kind === 'service') return '/services';
  if (kind === 'rpki') return '/rpki';
  if (kind === 'import') return '/journal';
  if (event.type === 'ObjectChanged') return event.body['action'] === 'removed' ? null : `/${kind}/${id}`;
  return readObject(event.subject).path;
}

/** How much an event asks for attention. */
export function eventTone(event: JournalEvent): 'good' | 'watch' | 'bad' | 'unknown' {
  switch (event.type) {
    case 'LossBegan':
    case 'AgentLost':
    case 'ServiceFailed':
    case 'OutageBegan':
      return 'bad';
    case 'DelayRose':
    case 'ClockWentWrong':
    case 'PathChanged':
    case 'AgentRevoked':
    case 'ProblemReported':
    case 'RpkiChangeHeld':
    case 'ThroughputFell':
    case 'ThroughputTestFailed':
    case 'CaseOpened':
    case 'CaseEscalated':
      return 'watch';
    case 'LossEnded':
    case 'DelayFell':
    case 'ThroughputRose':
    case 'ClockRightAgain':
    case 'AgentConnected':
    case 'RpkiChangeReleased':
    case 'CaseClosed':
    case 'OutageEnded':
      return 'good';
    case 'LabLinkSet':
      return event.body['state'] === 'down' ? 'bad' : 'good';
    default:
      return 'unknown';
  }
}
