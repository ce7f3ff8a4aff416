// The hub's QR picture as elements of this page: an address of data would break the policy, markup would trust it too far.

const kSvg = 'http://www.w3.org/2000/svg';
const kAllowed: Record<string, readonly string[]> = {
  svg: ['viewBox'],
  g: ['transform'],
  path: ['d', 'transform'],
  rect: ['x', 'y', 'width', 'height'],
};

/** A copy with nothing but shapes, black on white, or null when it is no SVG picture. */
export function pictureOf(text: string): SVGElement | null {
  const root = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
  if (root.localName !== 'svg') return null;
  const copy = (from: Element): SVGElement | null => {
    const attributes = kAllowed[from.localName];
    if (!attributes) return null;
    const to = document.createElementNS(kSvg, from.localName) as SVGElement;
    for (const name of attributes) {
      const value = from.getAttribute(name);
      if (value !== null) to.setAttribute(name, value);
    }
    if (from.localName === 'path' || from.localName === 'rect')
      to.setAttribute('fill', /^(#fff(fff)?|white)$/i.test(from.getAttribute('fill') ?? '') ? '#ffffff' : '#000000');
    if (from.hasAttribute('stroke') && from.localName === 'path') {
      to.setAttribute('stroke', '#000000');
      to.setAttribute('fill', 'none');
      to.setAttribute('stroke-width', from.getAttribute('stroke-width') ?? '1');
    }
    for (const child of from.children) {
      const made = copy(child);
      if (made) to.append(made);
    }
    return to;
  };
  const picture = copy(root);
  if (picture && !picture.hasAttribute('viewBox'))
    picture.setAttribute('viewBox', `0 0 ${root.getAttribute('width') ?? 100} ${root.getAttribute('height') ?? 100}`);
  return picture;
}
