// About how many guesses a password withstands, in bits: what a guesser tries is words, runs on paper and on the
// keyboard, repetitions, and one's own name. It advises only; what is refused the hub decides.

export type Strength = 'weak' | 'fair' | 'good' | 'strong';

const kRows = ['1234567890-=', 'qwertyuiop[]', "asdfghjkl;'", 'zxcvbnm,./'];
/** A word is one of tens of thousands, and the longer the rarer. */
const kWord = 11;
const kLetterOfWord = 0.5;

function keyOf(letter: string): [number, number] | null {
  for (const [row, keys] of kRows.entries()) {
    const column = keys.indexOf(letter);
    if (column >= 0) return [row, column];
  }
  return null;
}

/** Whether one follows the other by itself: the same, the next one, or a neighbour on the keyboard. */
export function isNear(a: string, b: string): boolean {
  if (Math.abs(a.charCodeAt(0) - b.charCodeAt(0)) <= 1) return true;
  const [from, to] = [keyOf(a), keyOf(b)];
  if (!from || !to) return false;
  const right = to[1] - from[1];
  switch (to[0] - from[0]) {
    case 0:
      return Math.abs(right) === 1;
    case 1:
      return right === 0 || right === -1;
    case -1:
      return right === 0 || right === 1;
    default:
      return false;
  }
}

/** Letters that can be spoken are a word of some language. */
function isWord(piece: string): boolean {
  if (!/^\p{L}{3,}$/u.test(piece)) return false;
  const vowels = piece.normalize('NFD').match(/[aeiouy]/g)?.length ?? 0;
  return vowels / piece.length > 0.2 && vowels / piece.length < 0.8;
}

function bitsOfPiece(piece: string): number {
  const each = /^\d+$/.test(piece) ? Math.log2(10) : /^\p{L}+$/u.test(piece) ? Math.log2(26) : 5;
  let bits = 0;
  for (let at = 0; at < piece.length; at++) bits += at > 0 && isNear(piece[at - 1]!, piece[at]!) ? 1 : each;
  return isWord(piece) ? Math.min(bits, kWord + kLetterOfWord * piece.length) : bits;
}

/** `own`: names and addresses of whoever it is for, which are guessed at once. */
export function bitsOf(password: string, own: string[] = []): number {
  const known = new Set(own.flatMap((text) => text.toLowerCase().match(/\p{L}{3,}/gu) ?? []));
  let bits = 0;
  for (const piece of password.match(/\p{L}+|\d+|[^\p{L}\d]+/gu) ?? []) {
    const lower = piece.toLowerCase();
    if (piece !== lower) bits += piece.slice(1) === lower.slice(1) ? 1 : 4;
    // A blank between words is what everybody puts there.
    if (piece !== ' ') bits += known.has(lower) ? 1 : bitsOfPiece(lower);
    known.add(lower);
  }
  return bits;
}

export function strengthOf(password: string, own: string[] = []): Strength {
  const bits = bitsOf(password, own);
  return bits < 36 ? 'weak' : bits < 50 ? 'fair' : bits < 64 ? 'good' : 'strong';
}
