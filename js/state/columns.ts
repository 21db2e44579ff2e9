/** Long lines made short: the lowest and highest value in each column of pixels. */

export interface Columns {
  /** NaN where a column has no value. */
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** Values to draw against x in pixels; `spread` widens each value to both sides, as a noise band does. */
export interface Curve {
  readonly length: number;
  x(i: number): number;
  value(i: number): number;
  readonly spread?: (i: number) => number;
}

/** Lowest and highest value in each of `width` columns. Values that are no number are left out. */
export function gatherColumns(curve: Curve, width: number): Columns {
  const low = new Float64Array(width).fill(Number.NaN);
  const high = new Float64Array(width).fill(Number.NaN);
  for (let i = 0; i < curve.length; i++) {
    const value = curve.value(i);
    const column = Math.floor(curve.x(i));
    if (!Number.isFinite(value) || column < 0 || column >= width) continue;
    const spread = curve.spread?.(i) ?? 0;
    if (!(value - spread >= (low[column] as number))) low[column] = value - spread;
    if (!(value + spread <= (high[column] as number))) high[column] = value + spread;
  }
  return { low, high };
}

/** Lowest and highest of all finite values; null where there is none. */
export function rangeOf(curve: Curve): readonly [number, number] | null {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < curve.length; i++) {
    const value = curve.value(i);
    if (!Number.isFinite(value)) continue;
    const spread = curve.spread?.(i) ?? 0;
    if (value - spread < low) low = value - spread;
    if (value + spread > high) high = value + spread;
  }
  return low <= high ? [low, high] : null;
}
