import { describe, expect, it } from 'vitest';
import { endOf, readRange, stamp, stepFor } from './range';

const now = Date.parse('2026-01-10T12:00:00Z');
const read = (query: string) => readRange(new URLSearchParams(query), now);

describe('the span of a chart', () => {
  it('ends now by default', () => {
    expect(read('')).toEqual({ since: now - 3_600_000, until: now, step: 60, preset: '1h' });
    expect(read('range=7d')).toMatchObject({ since: now - 7 * 86_400_000, preset: '7d' });
    expect(read('range=forever').preset).toBe('1h');
  });

  it('is what the address says', () => {
    expect(read('since=2026-01-10T10:00:00Z&until=2026-01-10T10:30:00Z')).toEqual({
      since: now - 7_200_000,
      until: now - 5_400_000,
      step: 60,
      preset: null,
    });
  });

  it('does not believe an address whose end comes first', () => {
    expect(read('since=2026-01-10T11:00:00Z&until=2026-01-10T10:30:00Z').preset).toBe('1h');
    expect(read('since=yesterday&until=now').preset).toBe('1h');
  });

  it('never asks for more points than a chart can show', () => {
    for (const hours of [1, 6, 24, 24 * 7, 24 * 30])
      expect((hours * 3600) / stepFor(hours * 3_600_000)).toBeLessThanOrEqual(400);
  });

  it('ends with the day as of which the network is shown', () => {
    expect(stamp(endOf('2026-01-08', now))).toBe('2026-01-09T00:00:00Z');
    expect(endOf('2026-01-10', now)).toBe(now);
    expect(endOf(null, now)).toBe(now);
  });

  it('writes moments to the second', () => {
    expect(stamp(now + 123)).toBe('2026-01-10T12:00:00Z');
  });
});
