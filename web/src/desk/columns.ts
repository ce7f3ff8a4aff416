// What a table of cases shows.

import type { Snippet } from 'svelte';
import { t, type Key } from '../i18n/index.svelte';
import { moment } from '../lib/format';
import type { Column } from '../parts/DataTable.svelte';
import type { Names } from '../registry/names.svelte';
import type { Case } from './types';
import { queueWord, stateWord, whoName } from './words';

interface Cells {
  title: Snippet<[Case]>;
  state: Snippet<[Case]>;
  due: Snippet<[Case]>;
}

/** When it has to be answered or, once it is, solved. */
export function dueOf(row: Case): string {
  if (row.closed) return '';
  return (row.answer.done ? row.solution.due : row.answer.due) ?? '';
}

export function caseColumns(cells: Cells, names: Names): Column<Case>[] {
  return [
    { key: 'number', label: t('case.number'), value: (row) => row.number, number: true },
    { key: 'title', label: t('case.title'), value: (row) => row.title, cell: cells.title },
    { key: 'queue', label: t('case.queue'), value: (row) => row.queue, text: (row) => queueWord(row.queue) },
    {
      key: 'state',
      label: t('field.state'),
      value: (row) => row.state,
      text: (row) => stateWord(row.state),
      cell: cells.state,
    },
    {
      key: 'priority',
      label: t('case.priority'),
      value: (row) => row.priority,
      text: (row) => t(`priority.${row.priority}` as Key),
    },
    {
      key: 'owner',
      label: t('case.owner'),
      value: (row) => row.owner ?? '',
      text: (row) => (row.owner ? whoName(row.owner) : t('case.nobody')),
    },
    {
      key: 'organisations',
      label: t('case.organisations'),
      value: (row) => row.organisations.join(' '),
      text: (row) => row.organisations.map((id) => names.of('organisations', id)).join(', '),
    },
    { key: 'due', label: t('case.due'), value: dueOf, cell: cells.due },
    {
      key: 'changed',
      label: t('case.changed'),
      value: (row) => row.changed,
      text: (row) => moment(row.changed, 'short'),
    },
  ];
}
