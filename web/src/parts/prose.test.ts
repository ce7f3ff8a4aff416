import { describe, expect, it } from 'vitest';
import { ownSource, safeHref } from './prose';

const here = 'https://portal.example/knowledge/mtu';

describe('links of prose', () => {
  it.each(['https://example.org/', 'mailto:a@example.org', '/cases/41', '#step-2', 'other?x=1'])('%s is kept', (text) =>
    expect(safeHref(text, here)).toBe(text),
  );
  it.each(['javascript:alert(1)', ' javascript:alert(1)', 'java\nscript:alert(1)', 'data:text/html,x', 'http://['])(
    '%s is not',
    (text) => expect(safeHref(text, here)).toBeNull(),
  );
});

describe('pictures of prose', () => {
  it('come from this site', () => {
    expect(ownSource('/files/a.png', here)).toBe('/files/a.png');
    expect(ownSource('https://other.example/a.png', here)).toBeNull();
    expect(ownSource('//other.example/a.png', here)).toBeNull();
  });
});
