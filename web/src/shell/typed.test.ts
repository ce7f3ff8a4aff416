import { expect, test } from 'vitest';
import { typedAfter } from './typed';

const press = (key: string, held: Partial<{ ctrlKey: boolean; metaKey: boolean; altKey: boolean }> = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  ...held,
});

test('letters typed before the field is there are kept in their order', () => {
  const keys = ['S', 'ã', 'o', 'x', 'Backspace', ' ', 'P'];
  expect(keys.reduce((text, key) => typedAfter(text, press(key)) ?? text, '')).toBe('São P');
  expect(typedAfter('', press('Backspace'))).toBe('');
  expect(typedAfter('a😀', press('Backspace'))).toBe('a');
});

test('a key that writes nothing is left to whom it belongs', () => {
  for (const key of ['Enter', 'Escape', 'Tab', 'ArrowDown', 'Shift', 'F5', 'Dead'])
    expect(typedAfter('a', press(key))).toBeNull();
  expect(typedAfter('a', press('k', { ctrlKey: true }))).toBeNull();
  expect(typedAfter('a', press('k', { metaKey: true }))).toBeNull();
});
