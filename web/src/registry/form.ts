// Between a registry object and what a form holds: text for every plain field, lists of such for lists.

import type { Problem, Schema } from '../api/types';
import { kHousekeeping } from './fields';

export type FormValue = string | boolean | FormRecord | FormValue[];
export type FormRecord = { [name: string]: FormValue };

export function typeOf(schema: Schema): string {
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== 'null') : schema.type;
  return type ?? 'string';
}

/** What a form begins with for a value of this schema; undefined values become empty text. */
export function toForm(schema: Schema, value: unknown): FormValue {
  switch (typeOf(schema)) {
    case 'boolean':
      return value === true;
    case 'array':
      return Array.isArray(value) ? value.map((item) => toForm(schema.items ?? {}, item)) : [];
    case 'object': {
      const record = (value ?? {}) as Record<string, unknown>;
      const fields = Object.entries(schema.properties ?? {}).filter(
        ([name, field]) => !kHousekeeping.has(name) || (name === 'id' && !field.readOnly),
      );
      return Object.fromEntries(fields.map(([name, field]) => [name, toForm(field, record[name])]));
    }
    default:
      return value === null || value === undefined ? '' : String(value);
  }
}

/** The object that the form means: empty text is left out, numbers are numbers, "622 Mb/s" goes as it is. */
export function fromForm(schema: Schema, value: FormValue): unknown {
  switch (typeOf(schema)) {
    case 'boolean':
      return value;
    case 'array': {
      const items = (value as FormValue[])
        .map((item) => fromForm(schema.items ?? {}, item))
        .filter((item) => item !== undefined);
      return items.length ? items : undefined;
    }
    case 'object': {
      const out: Record<string, unknown> = {};
      for (const [name, field] of Object.entries(schema.properties ?? {})) {
        const held = (value as FormRecord)[name];
        const item = held === undefined ? undefined : fromForm(field, held);
        if (item !== undefined) out[name] = item;
      }
      return out;
    }
    case 'integer':
    case 'number': {
      const text = String(value).trim();
      if (!text) return undefined;
      const number = Number(text.replace(',', '.'));
      return Number.isFinite(number) ? number : text;
    }
    default: {
      const text = String(value).trim();
      return text || undefined;
    }
  }
}

/** The faults that belong to a field: the hub may put where it found the object ("body.") before the field's path. */
export function faultsAt(problem: Problem | null, path: string): string[] {
  const wanted = path.replace(/\[(\d+)\]/g, '.$1');
  return (problem?.faults ?? [])
    .filter(({ where }) => {
      const place = where
        .replace(/\[(\d+)\]/g, '.$1')
        .replace(/^\//, '')
        .replace(/\//g, '.');
      return place === wanted || place.endsWith(`.${wanted}`);
    })
    .map(({ what }) => what);
}
