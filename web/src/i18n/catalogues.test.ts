import { parse, TYPE, type MessageFormatElement } from '@formatjs/icu-messageformat-parser';
import { describe, expect, it } from 'vitest';
import { compileCatalogue, compileMessage } from '../../plugins/messages';
import en from './en.json';
import es from './es.json';
import { formatMessage } from './message';
import pt from './pt.json';

function parameters(elements: MessageFormatElement[]): string[] {
  return elements.flatMap((element) => {
    if (element.type === TYPE.plural || element.type === TYPE.select)
      return [
        `${element.value}:${element.type === TYPE.plural ? 'plural' : 'select'}`,
        ...Object.values(element.options).flatMap((option) => parameters(option.value)),
      ];
    if (element.type === TYPE.argument || element.type === TYPE.number) return [element.value];
    return [];
  });
}

const catalogues: Record<string, Record<string, string>> = { es, pt, en };
const distinct = (text: string) => [...new Set(parameters(parse(text)))].sort();

describe('catalogues', () => {
  it.each(['es', 'pt'])('%s has the keys of English, no more and no fewer', (language) => {
    expect(Object.keys(catalogues[language]!).sort()).toEqual(Object.keys(en).sort());
  });

  it.each(['es', 'pt'])('%s takes the parameters of English', (language) => {
    for (const [key, text] of Object.entries(en)) {
      // A plural in one language may be a plain number in another; its name has to be the same.
      const names = (message: string) => [...new Set(distinct(message).map((name) => name.split(':')[0]))];
      expect(names(catalogues[language]![key]!), key).toEqual(names(text));
    }
  });

  it.each(['es', 'pt', 'en'])('%s compiles, and says something everywhere', (language) => {
    compileCatalogue(catalogues[language]!);
    for (const [key, text] of Object.entries(catalogues[language]!)) expect(text.trim(), key).not.toBe('');
  });
});

describe('messages', () => {
  const say = (text: string, values = {}, locale = 'en') => formatMessage(compileMessage(text), values, locale);

  it('chooses the plural form of the language and writes its digits', () => {
    const text = '{n, plural, =0 {none} one {one link} other {# links}}';
    expect(say(text, { n: 0 })).toBe('none');
    expect(say(text, { n: 1 })).toBe('one link');
    expect(say(text, { n: 1234 }, 'es')).toBe('1234 links');
    expect(say(text, { n: 12345 }, 'pt')).toBe('12.345 links');
  });

  it('counts nought as one in Portuguese only where the language does', () => {
    expect(say('{n, plural, one {# par} other {# pares}}', { n: 0 }, 'pt')).toBe('0 par');
    expect(say('{n, plural, one {# par} other {# pares}}', { n: 0 }, 'es')).toBe('0 pares');
  });

  it('nests selections', () => {
    const text = '{n, plural, other {{who, select, us {our {n, number} links} other {{n, number} links of {who}}}}}';
    expect(say(text, { n: 3, who: 'us' })).toBe('our 3 links');
    expect(say(text, { n: 3, who: 'RNP' })).toBe('3 links of RNP');
  });

  it('says nothing for a value that is missing', () => {
    expect(say('a{b}c')).toBe('ac');
  });

  it('refuses what is not ICU message format, and names the key', () => {
    expect(() => compileCatalogue({ 'shell.home': 'a {b' })).toThrow(/shell\.home/);
  });
});
