// Times as forms hold them: the reader's own clock, without a zone.

const two = (value: number) => String(value).padStart(2, '0');

/** "2026-11-28T14:30" where the reader is. */
export function toLocal(text: string | Date): string {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) return '';
  return `${dayOf(time)}T${two(time.getHours())}:${two(time.getMinutes())}`;
}

/** RFC 3339 in UTC, or '' when it is no time. */
export function fromLocal(text: string): string {
  const time = new Date(text);
  return text && !Number.isNaN(time.getTime()) ? time.toISOString() : '';
}

/** "2026-11-28" where the reader is. */
export function dayOf(time: Date): string {
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}

export const zoneName = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;
