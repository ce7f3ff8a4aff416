// How safe an organisation's prefixes are, in one word; the worst that holds.

import type { MemberRow } from './types';

export type Safety = 'safe' | 'open' | 'loose' | 'invalid';

/**
 * invalid: a route of it is invalid; open: something announced, or all that it has, is not covered; loose: a VRP allows
 * more than is announced (RFC 9319).
 */
export function safetyOf(row: MemberRow): Safety {
  if (row.invalid > 0) return 'invalid';
  if (row.not_found > 0 || row.vrps === 0) return 'open';
  return row.loose > 0 ? 'loose' : 'safe';
}
