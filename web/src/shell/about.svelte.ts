// Which hub this is; asked once, and again after a failure when somebody looks.

import { get } from '../api/client';
import type { About } from '../api/types';

class AboutHub {
  value = $state.raw<About | null>(null);

  async ask(): Promise<void> {
    try {
      this.value = await get<About>('/about');
    } catch {
      this.value = null; // The pages themselves say that the hub does not answer.
    }
  }
}

export const about = new AboutHub();
