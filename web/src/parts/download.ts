// Tables as files, made in the browser from what is shown.

function quoted(value: unknown): string {
  const text =
    value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
  // A leading =, +, - or @ would be taken for a formula by a spreadsheet, unless it is a number.
  const safe = /^[=+\-@\t\r]/.test(text) && !/^[+-]?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

/** RFC 4180. */
export function toCsv(names: string[], rows: unknown[][]): string {
  return [names, ...rows].map((row) => row.map(quoted).join(',')).join('\r\n') + '\r\n';
}

export function download(name: string, text: string, type: string): void {
  const anchor = document.createElement('a');
  anchor.href = URL.createObjectURL(new Blob([text], { type }));
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 10_000);
}
