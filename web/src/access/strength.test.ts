import { expect, test } from 'vitest';
import { bitsOf, isNear, strengthOf } from './strength';

test('words that have nothing to do with each other are strong, runs and common ones are not', () => {
  for (const weak of [
    'password1234',
    '123456789012',
    'qwertyuiop[]',
    '1qaz2wsx3edc',
    'aaaaaaaaaaaaaaaa',
    'abababababab',
    'lima lima lima',
  ])
    expect(strengthOf(weak), weak).toBe('weak');
  for (const good of ['trece cuerdas y un nudo', 'cuerda y nudo sobre el mar', 'ñandú, quipu y tres llamas'])
    expect(['good', 'strong'], good).toContain(strengthOf(good));
  expect(strengthOf('kT9#vLq2!xWzR4')).toBe('strong');
});

test('more is never weaker, and one’s own name counts for nothing', () => {
  const long = 'cuerda y nudo sobre el mar';
  for (let size = 1; size < long.length; size++)
    if (long[size] === ' ') expect(bitsOf(long)).toBeGreaterThanOrEqual(bitsOf(long.slice(0, size)));
  expect(bitsOf('joana prado 77', ['Joana Prado', 'joana@rnp.example'])).toBeLessThan(bitsOf('joana prado 77') / 2);
  expect(bitsOf('')).toBe(0);
});

test('neighbours on the keyboard', () => {
  expect(isNear('q', 'w') && isNear('1', 'q') && isNear('a', 'q') && isNear('x', 'x')).toBe(true);
  expect(isNear('q', 'z') || isNear('p', '1')).toBe(false);
});
