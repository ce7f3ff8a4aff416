// How a field of the registry is named and shown, whatever its kind.

import type { Schema } from '../api/types';
import { kKinds, type Kind } from '../api/types';
import { known } from '../i18n/index.svelte';
import { capacity, count, day, decimal, distance, kNone } from '../lib/format';
import { locale } from '../i18n/index.svelte';

export type Schemas = Record<Kind, Schema>;

export function isKind(text: string): text is Kind {
  return (kKinds as readonly string[]).includes(text);
}

/** The field's name in the reader's language; the schema's own words where the catalogue has none. */
export function fieldName(kind: string, name: string, schema?: Schema): string {
  return known(`field.${kind}.${name}`) ?? known(`field.${name}`) ?? schema?.description ?? name;
}

const kDay = /^\d{4}-\d{2}-\d{2}$/;
const regions = new Map<string, Intl.DisplayNames>();

export function countryName(code: string): string {
  let names = regions.get(locale());
  if (!names) regions.set(locale(), (names = new Intl.DisplayNames([locale()], { type: 'region' })));
  try {
    return names.of(code.toUpperCase()) ?? code;
  } catch {
    return code; // not a code that the browser knows
  }
}

/** A field's value in words, with its unit. */
export function fieldText(name: string, value: unknown): string {
  if (value === null || value === undefined || value === '') return kNone;
  if (typeof value === 'boolean') return known(value ? 'value.yes' : 'value.no') ?? String(value);
  if (typeof value === 'number') {
    if (name === 'capacity') return capacity(value);
    if (name === 'length') return distance(value);
    if (name === 'latitude' || name === 'longitude') return `${decimal(value, 3)}°`;
    return count(value);
  }
  if (typeof value === 'string') {
    if (kDay.test(value)) return day(value);
    if (name === 'country') return countryName(value);
    if (name === 'language') return known(`language.${value}`) ?? value;
    return known(`value.${value}`) ?? value;
  }
  if (Array.isArray(value)) return value.map((item) => fieldText(name, item)).join('; ');
  return Object.values(value as Record<string, unknown>)
    .map((item) => fieldText('', item))
    .join(', ');
}

/** The collection that a field's value points into, or null. */
export function referenceOf(schema: Schema | undefined): Kind | null {
  const reference = schema?.['x-reference'];
  return reference && isKind(reference) ? reference : null;
}

export function titleOf(object: Record<string, unknown>): string {
  return String(object['name'] ?? object['value'] ?? object['id'] ?? '');
}

/** Columns of a kind's table: the fields that tell objects apart. */
export const kColumns: Record<Kind, string[]> = {
  organisations: ['name', 'full_name', 'type', 'country', 'parent', 'since'],
  people: ['name', 'roles', 'language'],
  sites: ['name', 'organisation', 'country', 'pop', 'since', 'until'],
  equipment: ['id', 'site', 'type', 'vendor', 'model', 'since'],
  links: ['id', 'a', 'b', 'capacity', 'technology', 'length', 'activated', 'retired'],
  as_numbers: ['value', 'organisation', 'since'],
  prefixes: ['value', 'organisation', 'since'],
  domains: ['value', 'organisation', 'since'],
  realms: ['value', 'organisation', 'since'],
  telephone_prefixes: ['value', 'organisation', 'since'],
};

export const kChosen = new Set(['type', 'country', 'technology', 'medium', 'pop']);
export const kHousekeeping = new Set(['id', 'version', 'changed', 'changed_by']);
