// How safe an organisation's prefixes are, in one word; the worst that holds.

import type { MemberRow } from './types';

export type Safety = 'safe' | 'none' | 'open' | 'loose' | 'invalid';

/**
 * invalid: a route of it is invalid; open: something announced, or all that it has, is not covered; loose: a VRP allows
 * more than is announced (RFC 9319); none: it has no prefix, and nothing of it is announced.
 */
export function safetyOf(row: MemberRow): Safety {
  if (row.invalid > 0) return 'invalid';
  if (row.not_found > 0 || (row.prefixes > 0 && row.vrps === 0)) return 'open';
  if (row.prefixes === 0 && row.announced === 0) return 'none';
  return row.loose > 0 ? 'loose' : 'safe';
}
