// Whose turn it is in an accreditation.

import type { Accreditation } from './types';

/** Who asks: their account, their home, whether they may publish for it, and whether they coordinate. */
export interface Reviewer {
  caller: string;
  home: string;
  mayReview: boolean;
  coordinates: boolean;
}

/** What this person could do next: a review of another organisation's team, or the decision. */
export function waitsFor(one: Accreditation, who: Reviewer): 'review' | 'decision' | null {
  if (one.organisation === who.home) return null;
  if (one.state === 'reviewed' && who.coordinates) return 'decision';
  const reviewed = (one.reviews ?? []).some((review) => review.reviewer === who.caller);
  return one.state === 'submitted' && who.mayReview && who.home !== '' && !reviewed ? 'review' : null;
}
