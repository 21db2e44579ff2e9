/** The histogram of a frame in the unit shown, and robust limits taken from a frame. */

import { type Frame, type Movie, valueAt, valueOfCode } from "./movie.ts";
import type { Range } from "./resolve.ts";
import type { UnitScale } from "./units.ts";

export const BINS = 96;

/** Pixels looked at; more would not change the picture. */
const SAMPLES = 65_536;
/** Pixels looked at for limits, which may be wanted for each frame that plays. */
const FEW_SAMPLES = 8192;

export interface Binning {
  readonly scale: UnitScale;
  /** Both ends, in the unit of `scale`. */
  readonly domain: Range;
  readonly bins?: number;
}

/** Values of at most `most` pixels, evenly spread over the frame; what is no number is left out. */
export function sampleValues(frame: Frame, movie: Movie, most = SAMPLES): Float64Array {
  const { length } = frame.codes;
  const step = stepOf(length, most);
  const values = new Float64Array(Math.ceil(length / step));
  for (let i = 0; i < values.length; i++) values[i] = valueAt(movie, frame, i * step);
  return values.filter(Number.isFinite);
}

/** Odd, so that samples of an even picture do not all lie in the same columns. */
function stepOf(pixels: number, most: number): number {
  return Math.ceil(pixels / most) | 1;
}

/** The values at two fractions of the frame's pixels: the darkest and the brightest few are left out. */
export function robustRange(frame: Frame, movie: Movie, fractions: Range = [0.005, 0.998]): Range {
  const values = sampleValues(frame, movie, FEW_SAMPLES).sort();
  if (values.length === 0) return [0, 1];
  const at = (fraction: number) => values[Math.round(fraction * (values.length - 1))] ?? 0;
  const [low, high] = [at(fractions[0]), at(fractions[1])];
  return high > low ? [low, high] : [low, low + 1];
}

/** Share of the pixels in each of `bins` equal bins over `domain`, in the unit of `scale`. */
export function countBins(frame: Frame, movie: Movie, { scale, domain, bins = BINS }: Binning): Float64Array {
  const counts = new Float64Array(bins);
  const binOf = (value: number) => ((scale.fromValue(value) - domain[0]) / (domain[1] - domain[0])) * bins;
  if (frame.dtype === "<f4")
    for (const value of sampleValues(frame, movie)) spread(counts, binOf(value), binOf(value), 1);
  else spreadCodes(counts, frame, (code) => binOf(valueOfCode(movie, code)));
  return counts;
}

/** A code stands for all values half-way to its neighbours; so quantised values leave no gaps. */
function spreadCodes(counts: Float64Array, { codes }: Frame, binOf: (code: number) => number): void {
  const step = stepOf(codes.length, SAMPLES);
  const ofCode = new Map<number, number>();
  for (let i = 0; i < codes.length; i += step) {
    const code = codes[i] as number;
    ofCode.set(code, (ofCode.get(code) ?? 0) + 1);
  }
  for (const [code, count] of ofCode) {
    const at = binOf(code);
    const below = code > 0 ? binOf(code - 1) : 2 * at - binOf(code + 1);
    spread(counts, (below + at) / 2, (at + Math.max(at, binOf(code + 1))) / 2, count);
  }
}

/** Adds `amount`, evenly from bin position `from` to `to`; what lies outside is left out. */
function spread(counts: Float64Array, from: number, to: number, amount: number): void {
  if (!(to - from > 1e-9)) {
    const bin = Math.floor(from);
    if (bin >= 0 && bin < counts.length) counts[bin] = (counts[bin] ?? 0) + amount;
    return;
  }
  const last = Math.min(counts.length - 1, Math.floor(to));
  for (let bin = Math.max(0, Math.floor(from)); bin <= last; bin++) {
    const share = (Math.min(to, bin + 1) - Math.max(from, bin)) / (to - from);
    counts[bin] = (counts[bin] ?? 0) + amount * Math.max(0, share);
  }
}

/** A domain with some air around the limits and most of the values. */
export function chooseDomain(values: Float64Array, limits: Range): Range {
  const sorted = values.slice().sort();
  const at = (fraction: number, other: number) => sorted[Math.round(fraction * (sorted.length - 1))] ?? other;
  const low = Math.min(limits[0], at(0.001, limits[0]));
  const high = Math.max(limits[1], at(0.999, limits[1]));
  const air = 0.06 * (high - low);
  return [low - air, high + air];
}
