// Choosing from a list by what things are called, not by their ids.

import { fold } from '../shell/pages';

export interface Choice {
  id: string;
  name: string;
}

/** What each is called in a list; where two have one name, the id tells them apart. In the order of the names. */
export function labelled(choices: Choice[]): Choice[] {
  const times = new Map<string, number>();
  for (const { name } of choices) times.set(fold(name), (times.get(fold(name)) ?? 0) + 1);
  return choices
    .map(({ id, name }) => ({ id, name: name && times.get(fold(name)) === 1 ? name : name ? `${name} (${id})` : id }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** Which one of a labelled list the text names: by its label, without regard to case and accents, or by its id. */
export function chosen(choices: Choice[], text: string): Choice | null {
  const wanted = text.trim();
  if (!wanted) return null;
  return choices.find((one) => one.id === wanted) ?? choices.find((one) => fold(one.name) === fold(wanted)) ?? null;
}
