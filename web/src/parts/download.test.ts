import { expect, it } from 'vitest';
import { toCsv } from './download';

it('writes RFC 4180, and no formula that a spreadsheet would run', () => {
  const text = toCsv(
    ['name', 'value'],
    [
      ['São Paulo, "centro"', 1.5],
      ['=HYPERLINK("x")', -3],
      [null, ['a', 'b']],
      ['+56', '-1'],
    ],
  );
  expect(text).toBe(
    'name,value\r\n"São Paulo, ""centro""",1.5\r\n"\'=HYPERLINK(""x"")",-3\r\n,"[""a"",""b""]"\r\n+56,-1\r\n',
  );
});
