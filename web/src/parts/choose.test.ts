import { describe, expect, it } from 'vitest';
import { chosen, labelled } from './choose';

const teams = labelled([
  { id: 'rnp', name: 'PERT São Paulo' },
  { id: 'reuna', name: 'PERT Chile' },
  { id: 'old', name: 'pert chile' },
  { id: 'nameless', name: '' },
]);

describe('choosing by name', () => {
  it('tells two of one name apart', () =>
    expect(new Map(teams.map((one) => [one.id, one.name]))).toEqual(
      new Map([
        ['nameless', 'nameless'],
        ['old', 'pert chile (old)'],
        ['reuna', 'PERT Chile (reuna)'],
        ['rnp', 'PERT São Paulo'],
      ]),
    ));
  it('minds neither case nor accents', () => expect(chosen(teams, ' pert sao paulo ')?.id).toBe('rnp'));
  it('takes an id too', () => expect(chosen(teams, 'old')?.id).toBe('old'));
  it('takes nothing for what is not there, or is not clear', () => {
    expect(chosen(teams, 'PERT Chile')).toBeNull();
    expect(chosen(teams, '  ')).toBeNull();
  });
});
