// A changed field of a case in words: "Owner: nobody → Ana".

import { known, t } from '../i18n/index.svelte';
import { kNone } from '../lib/format';
import type { Names } from '../registry/names.svelte';
import type { CaseState, FieldChange, Queue } from './types';
import { queueWord, stateWord, whoName } from './words';

const kFields: Record<string, string> = {
  state: 'field.state',
  country: 'field.country',
  visibility: 'field.visibility',
};

export function fieldWord(field: string): string {
  return known(kFields[field] ?? `case.${field}`) ?? field;
}

export function valueWord(field: string, value: unknown, names?: Names): string {
  if (value === null || value === undefined || value === '') return field === 'owner' ? t('case.nobody') : kNone;
  if (Array.isArray(value)) {
    const parts = value.map((one) => (field === 'organisations' && names ? names.of(field, String(one)) : String(one)));
    return parts.join(', ') || kNone;
  }
  const text = String(value);
  if (field === 'state') return stateWord(text as CaseState);
  if (field === 'queue') return queueWord(text as Queue);
  if (field === 'priority') return known(`priority.${text}`) ?? text;
  if (field === 'visibility') return known(`visibility.${text}`) ?? text;
  if (field === 'owner') return whoName(text);
  if (field === 'language') return known(`language.${text}`) ?? text;
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}

export function changeText(change: FieldChange, names?: Names): string {
  return t('history.change', {
    field: fieldWord(change.field),
    before: valueWord(change.field, change.before, names),
    after: valueWord(change.field, change.after, names),
  });
}
