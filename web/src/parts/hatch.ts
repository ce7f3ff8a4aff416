/** Hatches a rectangle of a canvas, so that it is neither a line nor a band. Lengths in the canvas's own unit. */
export function hatch(
  context: CanvasRenderingContext2D,
  rectangle: { left: number; top: number; wide: number; high: number },
  colour: string,
  unit: number,
): void {
  const { left, top, wide, high } = rectangle;
  const apart = 8 * unit;
  context.save();
  context.beginPath();
  context.rect(left, top, wide, high);
  context.clip();
  context.strokeStyle = colour;
  context.globalAlpha = 0.5;
  context.lineWidth = unit;
  context.beginPath();
  for (let x = left - high - ((left - high) % apart); x < left + wide; x += apart) {
    context.moveTo(x, top + high);
    context.lineTo(x + high, top);
  }
  context.stroke();
  context.restore();
}
