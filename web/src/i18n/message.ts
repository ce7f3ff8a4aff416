// Formats messages that plugins/messages.ts compiled from ICU message format.

export type Node =
  | string
  | ['v', string]
  | ['n', string]
  | ['#']
  | ['p', string, Record<string, Node[]>, boolean]
  | ['s', string, Record<string, Node[]>];
export type Message = string | Node[];
export type Values = Record<string, string | number>;

const numberFormats = new Map<string, Intl.NumberFormat>();
const pluralRules = new Map<string, Intl.PluralRules>();

function numberFormat(locale: string): Intl.NumberFormat {
  let format = numberFormats.get(locale);
  if (!format) numberFormats.set(locale, (format = new Intl.NumberFormat(locale)));
  return format;
}

function pluralRule(locale: string, ordinal: boolean): Intl.PluralRules {
  const key = `${locale} ${ordinal}`;
  let rule = pluralRules.get(key);
  if (!rule) pluralRules.set(key, (rule = new Intl.PluralRules(locale, { type: ordinal ? 'ordinal' : 'cardinal' })));
  return rule;
}

function formatNodes(nodes: Node[], values: Values, locale: string, pound: number): string {
  let text = '';
  for (const node of nodes) {
    if (typeof node === 'string') text += node;
    else if (node[0] === 'v') text += String(values[node[1]] ?? '');
    else if (node[0] === 'n') text += numberFormat(locale).format(Number(values[node[1]]));
    else if (node[0] === '#') text += numberFormat(locale).format(pound);
    else if (node[0] === 'p') {
      const count = Number(values[node[1]]);
      const chosen =
        node[2][`=${count}`] ?? node[2][pluralRule(locale, node[3]).select(count)] ?? node[2]['other'] ?? [];
      text += formatNodes(chosen, values, locale, count);
    } else text += formatNodes(node[2][String(values[node[1]])] ?? node[2]['other'] ?? [], values, locale, pound);
  }
  return text;
}

/** The message with its values, in the locale's plural forms and digits. */
export function formatMessage(message: Message, values: Values, locale: string): string {
  return typeof message === 'string' ? message : formatNodes(message, values, locale, 0);
}
