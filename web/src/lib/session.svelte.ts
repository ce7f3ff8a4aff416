// What the reader chose: language, light or dark, and the day as of which the portal shows the network.

import { address, place, setQuery } from './router.svelte';

export const kLanguages = ['es', 'pt', 'en'] as const;
export type Language = (typeof kLanguages)[number];
export const kThemes = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof kThemes)[number];

function kept<T extends string>(name: string, allowed: readonly T[]): T | null {
  try {
    return allowed.find((value) => value === localStorage.getItem(name)) ?? null;
  } catch {
    return null; // a browser that keeps nothing
  }
}

function keep(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // The choice lasts for this page only.
  }
}

/** The reader's first language that the portal speaks; English otherwise. */
export function preferredLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const found = kLanguages.find((language) => tag.toLowerCase().split('-')[0] === language);
    if (found) return found;
  }
  return 'en';
}

const kDay = /^\d{4}-\d{2}-\d{2}$/;

class Session {
  language = $state<Language>('en');
  theme = $state<Theme>('auto');
  /** "2011-10-28", or null for today. */
  asOf = $derived.by(() => {
    const day = place.get('as_of');
    return day && kDay.test(day) ? day : null;
  });

  start(): void {
    this.language = kept('quipu.language', kLanguages) ?? preferredLanguage(navigator.languages);
    this.setTheme(kept('quipu.theme', kThemes) ?? 'auto');
  }

  setLanguage(language: Language): void {
    this.language = language;
    keep('quipu.language', language);
  }

  /** The account's language, for a reader who has chosen none in this browser. */
  suggestLanguage(language: string | null): void {
    const found = kLanguages.find((one) => one === language);
    if (found && !kept('quipu.language', kLanguages)) this.language = found;
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    keep('quipu.theme', theme);
    if (theme === 'auto') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
  }
}

export const session = new Session();

/** Today where the reader is. */
export function today(): string {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

export function setAsOf(day: string | null, options?: { replace?: boolean }): void {
  setQuery({ as_of: day === today() ? null : day }, options);
}

/** An address of the portal that stays on the same day. */
export function href(path: string, query: Record<string, string | number | null | undefined> = {}): string {
  return address(path, { as_of: session.asOf, ...query });
}
