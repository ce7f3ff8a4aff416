// The colours of words keep WCAG's contrast of 4.5 to 1 on both papers, light and dark.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('./base.css', import.meta.url), 'utf8');

function tokens(selector: string): Record<string, string> {
  const start = css.indexOf(`${selector} {`);
  const block = css.slice(start, css.indexOf('}', start));
  return Object.fromEntries(
    [...block.matchAll(/--([a-z0-9-]+):\s*(#[0-9a-f]{6})/g)].map((match) => [match[1]!, match[2]!]),
  );
}

function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(x: string, y: string): number {
  const [high, low] = [luminance(x), luminance(y)].sort((p, q) => q - p) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const light = tokens(':root');
const dark = { ...light, ...tokens(":root[data-theme='dark']") };

describe.each([
  ['light', light],
  ['dark', dark],
])('%s', (_name, colours) => {
  it.each(['ink', 'quiet', 'accent', 'good', 'watch', 'bad', 'unknown'])(
    '%s can be read on paper and on cards',
    (name) => {
      for (const ground of ['paper', 'raised'])
        expect(contrast(colours[name]!, colours[ground]!)).toBeGreaterThanOrEqual(4.5);
    },
  );

  it('the primary action can be read', () => {
    expect(contrast(colours['on-accent']!, colours['accent']!)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(['series-1', 'series-2'])('%s of the directions can be told from the paper', (name) => {
    expect(contrast(colours[name]!, colours['paper']!)).toBeGreaterThanOrEqual(3);
  });
});

it('dark is the same, whether chosen or the system’s', () => {
  expect(tokens(":root:not([data-theme='light'])")).toEqual(tokens(":root[data-theme='dark']"));
});
