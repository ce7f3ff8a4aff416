// The hub's rendered Markdown as elements of this page. The hub makes it safe; here only what prose needs is copied, so
// that a fault there is no hole here.

const kAllowed: Record<string, readonly string[]> = {
  h2: ['id'],
  h3: ['id'],
  h4: ['id'],
  h5: ['id'],
  h6: ['id'],
  p: [],
  br: [],
  hr: [],
  em: [],
  strong: [],
  del: [],
  code: [],
  pre: [],
  blockquote: [],
  ul: [],
  ol: ['start'],
  li: [],
  a: ['href', 'title'],
  img: ['src', 'alt', 'title', 'width', 'height'],
  table: [],
  thead: [],
  tbody: [],
  tr: [],
  th: ['align'],
  td: ['align'],
  sup: [],
  sub: [],
};

/** An address that a link of an article may have. */
export function safeHref(text: string, base: string): string | null {
  try {
    const url = new URL(text, base);
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? text : null;
  } catch {
    return null;
  }
}

/** Pictures come from this site only: no page asks a third party for anything. */
export function ownSource(text: string, base: string): string | null {
  try {
    const url = new URL(text, base);
    return url.origin === new URL(base).origin ? text : null;
  } catch {
    return null;
  }
}

export function proseOf(html: string): DocumentFragment {
  const source = new DOMParser().parseFromString(html, 'text/html');
  const copy = (from: ParentNode, to: ParentNode & Node): void => {
    for (const node of from.childNodes) {
      if (node instanceof Text) to.append(document.createTextNode(node.data));
      if (!(node instanceof Element)) continue;
      const name = node.localName;
      const attributes = kAllowed[name];
      if (!attributes) {
        // What is not known is left out with its markup; its words stay, unless they are a program.
        if (name !== 'script' && name !== 'style') copy(node, to);
        continue;
      }
      const made = document.createElement(name);
      for (const attribute of attributes) {
        const value = node.getAttribute(attribute);
        if (value === null) continue;
        const kept =
          attribute === 'href'
            ? safeHref(value, location.href)
            : attribute === 'src'
              ? ownSource(value, location.href)
              : value;
        if (kept !== null) made.setAttribute(attribute, kept);
      }
      if (made instanceof HTMLAnchorElement && made.origin !== location.origin) {
        made.rel = 'noreferrer';
        made.target = '_blank';
      }
      copy(node, made);
      to.append(made);
    }
  };
  const fragment = document.createDocumentFragment();
  copy(source.body, fragment);
  return fragment;
}
