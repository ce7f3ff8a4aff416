import { expect, it } from 'vitest';
import { marksAlong } from './marks';

it('events that would lie on one another are one mark; those outside are none', () => {
  const at = (minute: number) => ({ time: new Date(minute * 60_000).toISOString(), minute });
  const marks = marksAlong([at(50), at(10), at(11), at(-1), at(101)], 0, 100 * 60_000, 0.02);
  expect(marks.map((mark) => [mark.at, mark.events.map((event) => event.minute)])).toEqual([
    [0.1, [10, 11]],
    [0.5, [50]],
  ]);
});
