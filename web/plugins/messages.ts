// Compiles the ICU messages of src/i18n/*.json while building, so that no parser travels to the reader. A catalogue becomes
// {key: string | Node[]}; src/i18n/message.ts formats the nodes.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse, TYPE, type MessageFormatElement } from '@formatjs/icu-messageformat-parser';
import type { Plugin } from 'vite';
import type { Message, Node } from '../src/i18n/message';

function compileNodes(elements: MessageFormatElement[]): Node[] {
  return elements.map((element): Node => {
    switch (element.type) {
      case TYPE.literal:
        return element.value;
      case TYPE.argument:
        return ['v', element.value];
      case TYPE.number:
        return ['n', element.value];
      case TYPE.pound:
        return ['#'];
      case TYPE.plural: {
        const options = Object.entries(element.options).map(([name, option]) => [name, compileNodes(option.value)]);
        return [
          'p',
          element.value,
          Object.fromEntries(options) as Record<string, Node[]>,
          element.pluralType === 'ordinal',
        ];
      }
      case TYPE.select: {
        const options = Object.entries(element.options).map(([name, option]) => [name, compileNodes(option.value)]);
        return ['s', element.value, Object.fromEntries(options) as Record<string, Node[]>];
      }
      default:
        throw new Error(`the catalogues use only arguments, numbers, plural and select (found type ${element.type})`);
    }
  });
}

/** Parses one message; throws with the parser's words when it is not ICU message format. */
export function compileMessage(text: string): Message {
  const nodes = compileNodes(parse(text));
  return nodes.every((node) => typeof node === 'string') ? nodes.join('') : nodes;
}

export function compileCatalogue(catalogue: Record<string, string>): Record<string, Message> {
  return Object.fromEntries(
    Object.entries(catalogue).map(([key, text]) => {
      try {
        return [key, compileMessage(text)];
      } catch (error) {
        throw new Error(`${key}: ${(error as Error).message} in "${text}"`);
      }
    }),
  );
}

const kPrefix = 'messages:';

/** `import('messages:es')` gives the compiled catalogue of src/i18n/es.json. */
export function messages(): Plugin {
  return {
    name: 'quipu-messages',
    resolveId(id) {
      return id.startsWith(kPrefix) ? `\0${id}` : null;
    },
    async load(id) {
      if (!id.startsWith(`\0${kPrefix}`)) return null;
      const file = fileURLToPath(new URL(`../src/i18n/${id.slice(kPrefix.length + 1)}.json`, import.meta.url));
      this.addWatchFile(file);
      const compiled = compileCatalogue(JSON.parse(await readFile(file, 'utf8')) as Record<string, string>);
      return `export default ${JSON.stringify(compiled)}`;
    },
  };
}
