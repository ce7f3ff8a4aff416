// Numbers, units and dates in the reader's language. A measured figure is never shown finer than its clock's error.

import { locale } from '../i18n/index.svelte';

const cache = new Map<string, Intl.NumberFormat>();

function format(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${locale()} ${JSON.stringify(options)}`;
  let found = cache.get(key);
  if (!found) cache.set(key, (found = new Intl.NumberFormat(locale(), options)));
  return found;
}

export const kNone = '–';
const kThin = '\u00a0'; // between a number and its unit, unbroken

export function count(value: number): string {
  return format({}).format(value);
}

export function decimal(value: number, digits: number): string {
  return format({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/**
 * Decimals of a millisecond that a clock with this error (microseconds) can vouch for: an error of 80 us leaves one
 * decimal, of 2 ms none.
 */
export function decimalsFor(errorUs: number | null | undefined): number {
  if (!errorUs || errorUs <= 0) return 3;
  return Math.min(3, Math.max(0, -Math.ceil(Math.log10(errorUs / 1000) - 1e-9)));
}

/** "12.3", without its unit, rounded to what the clock can vouch for. */
export function milliseconds(us: number | null | undefined, errorUs?: number | null): string {
  if (us === null || us === undefined) return kNone;
  const digits = decimalsFor(errorUs);
  const step = Math.max(errorUs ?? 0, 1000 * 10 ** -digits);
  if (us > 0 && us < step)
    return `<${kThin}${decimal(Math.ceil(step / 10) / 100, step >= 1000 && step % 1000 === 0 ? 0 : Math.max(digits, 1))}`;
  return decimal(us / 1000, digits);
}

export function delay(us: number | null | undefined, errorUs?: number | null): string {
  const text = milliseconds(us, errorUs);
  return text === kNone ? text : `${text}${kThin}ms`;
}

/** A fraction as percent; what is not nothing never reads as 0 %. */
export function percent(fraction: number | null | undefined): string {
  if (fraction === null || fraction === undefined) return kNone;
  const digits = fraction === 0 || fraction >= 0.1 ? 0 : fraction >= 0.001 ? 1 : 2;
  return `${decimal(fraction * 100, digits)}${kThin}%`;
}

const kScales: [number, string][] = [
  [1e12, 'Tb/s'],
  [1e9, 'Gb/s'],
  [1e6, 'Mb/s'],
  [1e3, 'kb/s'],
];

export function capacity(bps: number | null | undefined): string {
  if (bps === null || bps === undefined) return kNone;
  const [size, unit] = kScales.find(([scale]) => bps >= scale) ?? [1, 'b/s'];
  return `${format({ maximumSignificantDigits: 3 }).format(bps / size)}${kThin}${unit}`;
}

export function distance(metres: number | null | undefined): string {
  if (metres === null || metres === undefined) return kNone;
  if (metres < 1000) return `${count(metres)}${kThin}m`;
  return `${format({ maximumFractionDigits: metres < 100_000 ? 1 : 0 }).format(metres / 1000)}${kThin}km`;
}

/** A day, "2011-10-28", in words. */
export function day(text: string | null | undefined): string {
  if (!text) return kNone;
  const date = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  return Number.isNaN(date.getTime())
    ? text
    : new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeZone: 'UTC' }).format(date);
}

/** A moment in the reader's time zone. */
export function moment(text: string | number | null | undefined, style: 'short' | 'medium' = 'medium'): string {
  if (text === null || text === undefined || text === '') return kNone;
  return new Intl.DateTimeFormat(locale(), { dateStyle: style, timeStyle: style }).format(new Date(text));
}

export function clock(text: string | number | null | undefined): string {
  if (text === null || text === undefined || text === '') return kNone;
  return new Intl.DateTimeFormat(locale(), { timeStyle: 'medium' }).format(new Date(text));
}

const kSteps: [number, Intl.RelativeTimeFormatUnit][] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
];

export function ago(text: string, now: number): string {
  const seconds = (new Date(text).getTime() - now) / 1000;
  const [size, unit] = kSteps.find(([step]) => Math.abs(seconds) >= step) ?? [1, 'second'];
  return new Intl.RelativeTimeFormat(locale(), { numeric: 'auto', style: 'short' }).format(
    Math.round(seconds / size),
    unit,
  );
}

const kNumeral = new Intl.Collator(['es', 'pt', 'en'], { numeric: true, sensitivity: 'base' });

export function compare(x: unknown, y: unknown): number {
  if (typeof x === 'number' && typeof y === 'number') return x - y;
  return kNumeral.compare(String(x ?? ''), String(y ?? ''));
}

/** A file's size: "1.4 MB". */
export function octets(size: number): string {
  const [scale, unit]: [number, string] = size >= 1e6 ? [1e6, 'MB'] : size >= 1e3 ? [1e3, 'kB'] : [1, 'B'];
  return `${format({ maximumFractionDigits: 1 }).format(size / scale)}${kThin}${unit}`;
}
