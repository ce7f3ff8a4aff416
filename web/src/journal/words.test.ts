import { beforeAll, describe, expect, it } from 'vitest';
import type { JournalEvent } from '../api/types';
import { speak } from '../i18n/index.svelte';
import { session } from '../lib/session.svelte';
import { eventPath, eventSentence, eventTone } from './words';

const event = (type: string, subject: string, body: Record<string, unknown>): JournalEvent => ({
  id: 1,
  time: '2026-01-10T12:00:00Z',
  type,
  subject,
  actor: '',
  body,
});
const nameOf = (_kind: string, id: string) => id.toUpperCase();
const plain = (text: string) => text.replace(/\u00a0/g, ' ');

beforeAll(async () => {
  Object.assign(globalThis, { document: { documentElement: {} } });
  session.language = 'en';
  await speak('en');
});

describe('events', () => {
  it('are sentences with names and units', () => {
    const rose = event('DelayRose', 'pair:lima/quito', {
      from: 'lima',
      to: 'quito',
      before_us: 17_000,
      after_us: 31_500,
    });
    const clock = event('ClockWentWrong', 'site:lima', { site: 'lima', cause: 'step', by_us: -5000 });
    expect(plain(eventSentence(clock, nameOf))).toBe('The clock at LIMA is behind by 5.0 ms');
    expect(eventPath(clock)).toBe('/sites/lima');
    expect(plain(eventSentence(rose, nameOf))).toBe('Delay from LIMA to QUITO rose from 17.0 ms to 31.5 ms');
    expect(eventPath(rose)).toBe('/measure/lima/quito');
    expect(eventTone(rose)).toBe('watch');
    const fell = event('ThroughputFell', 'pair:lima/quito', {
      from: 'lima',
      to: 'quito',
      before_bps: 930_000_000,
      after_bps: 410_000_000,
    });
    expect(plain(eventSentence(fell, nameOf))).toBe('Throughput from LIMA to QUITO fell from 930 Mb/s to 410 Mb/s');
    expect(eventTone(fell)).toBe('watch');
  });

  it('give the reason where there is one', () => {
    const changed = (why: string) =>
      event('ObjectChanged', 'sites:lima', { kind: 'sites', id: 'lima', action: 'changed', version: 2, why });
    expect(eventSentence(changed('moved'), nameOf)).toBe('site LIMA was changed (moved)');
    expect(eventSentence(changed(''), nameOf)).toBe('site LIMA was changed');
    expect(eventPath(changed(''))).toBe('/sites/lima');
  });

  it('of kinds that came later are still named', () => {
    const other = event('CircuitMade', 'circuit:7', {});
    expect(eventSentence(other, nameOf)).toBe('CircuitMade: circuit:7');
    expect(eventPath(other)).toBeNull();
  });

  it('of a removed object lead nowhere', () => {
    expect(
      eventPath(event('ObjectChanged', 'sites:lima', { kind: 'sites', id: 'lima', action: 'removed' })),
    ).toBeNull();
  });
});
