// Lengths of time in words: "3 d 4 h", "25 min", in the reader's language.

import { locale } from '../i18n/index.svelte';
import { kNone } from './format';

const kUnits: [number, string][] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
];

/** The two largest units that are not nought. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return kNone;
  let rest = Math.round(Math.abs(seconds));
  const parts: string[] = [];
  for (const [size, unit] of kUnits) {
    if (size === 1 && parts.length) break; // nobody counts seconds beside minutes
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count === 0 && (parts.length > 0 || size > 1)) {
      if (parts.length) break;
      continue;
    }
    parts.push(new Intl.NumberFormat(locale(), { style: 'unit', unit, unitDisplay: 'short' }).format(count));
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}
