// What is typed after the key that opens the palette and before its field is there.

type Key = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>;

/** The text with this key typed after it; null for a key that belongs to no text. */
export function typedAfter(text: string, key: Key): string | null {
  if (key.ctrlKey || key.metaKey || key.altKey) return null;
  if (key.key === 'Backspace') return [...text].slice(0, -1).join('');
  return [...key.key].length === 1 ? text + key.key : null;
}
