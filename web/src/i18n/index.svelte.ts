// The portal's sentences in the reader's language.

import { session, type Language } from '../lib/session.svelte';
import type en from './en.json';
import { formatMessage, type Message, type Values } from './message';

export type Key = keyof typeof en;

const loaders: Record<Language, () => Promise<{ default: Record<string, Message> }>> = {
  es: () => import('messages:es'),
  pt: () => import('messages:pt'),
  en: () => import('messages:en'),
};

let current = $state.raw<{ catalogue: Record<string, Message>; language: Language }>({ catalogue: {}, language: 'en' });

/** Loads the language's catalogue; the portal changes at once when it is there. */
export async function speak(language: Language): Promise<void> {
  const { default: catalogue } = await loaders[language]();
  if (session.language !== language) return;
  current = { catalogue, language };
  document.documentElement.lang = language;
}

/** The language whose words are shown; formats of numbers and dates follow it. */
export function locale(): Language {
  return current.language;
}

export function t(key: Key, values: Values = {}): string {
  const message = current.catalogue[key];
  return message === undefined ? key : formatMessage(message, values, current.language);
}

/** For names that data makes, such as an event's type: the words, or null where the catalogue has none. */
export function known(key: string, values: Values = {}): string | null {
  const message = current.catalogue[key];
  return message === undefined ? null : formatMessage(message, values, current.language);
}
