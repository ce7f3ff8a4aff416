// Words and tones of cases.

import { me } from '../access/me.svelte';
import { known, t, type Key } from '../i18n/index.svelte';
import type { Case, CaseState, Queue } from './types';

export const stateWord = (state: CaseState) => t(`case.state.${state}` as Key);
export const queueWord = (queue: Queue) => t(`queue.${queue}` as Key);

/** "person:ana" as people read it. */
export function whoName(who: string, name = ''): string {
  if (name) return name;
  if (who === me.info?.caller) return me.name;
  if (who === 'system' || who === 'local') return known(`who.${who}`) ?? who;
  return who.replace(/^(person|mail|token):/, '');
}

/** Whether to offer the team's work on a case. */
export function mayWork(one: Pick<Case, 'organisations'>): boolean {
  if (one.organisations.length === 0) return me.may('work-cases');
  return one.organisations.some((organisation) => me.may('work-cases', organisation));
}
