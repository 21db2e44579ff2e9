/**
 * Values in counts, photons, or stabilised units, both ways.
 *
 * Stabilised is the generalised Anscombe transform of unit noise, `(2/g) sqrt(g (x - o) + 3/8 g² + v)`,
 * continued below `o` by its tangent.
 */

import type { Stabilized, Unit } from "../protocol/messages.ts";
import type { Movie } from "./movie.ts";

export interface UnitScale {
  readonly unit: Unit;
  /** Word after a number, "" where values have no name. */
  readonly label: string;
  readonly digits: number;
  fromValue(value: number): number;
  toValue(shown: number): number;
}

function stabilize({ gain, offset, variance }: Stabilized): Pick<UnitScale, "fromValue" | "toValue"> {
  const floor = 0.375 * gain * gain + variance;
  const root = Math.sqrt(floor);
  const start = (2 / gain) * root;
  return {
    fromValue(value) {
      const x = value - offset;
      return x >= 0 ? (2 / gain) * Math.sqrt(gain * x + floor) : start + x / root;
    },
    toValue(shown) {
      if (shown < start) return offset + (shown - start) * root;
      return offset + ((shown * gain * 0.5) ** 2 - floor) / gain;
    },
  };
}

const identity = (value: number): number => value;

/**
 * The units that can be shown, counts first. Of a spread, such as a standard deviation, the dark level is no
 * part, and stabilised units mean nothing.
 */
export function buildUnitScales(
  movie: Movie,
  { isSpread = false }: { isSpread?: boolean } = {},
): readonly UnitScale[] {
  const digits = movie.dtype.startsWith("float") || movie.code.dtype === "<f4" ? 3 : 0;
  const scales: UnitScale[] = [
    { unit: "counts", label: movie.unit, digits, fromValue: identity, toValue: identity },
  ];
  if (movie.photons) {
    const { gain } = movie.photons;
    const offset = isSpread ? 0 : movie.photons.offset;
    scales.push({
      unit: "photons",
      label: "photons",
      digits: 2,
      fromValue: (value) => (value - offset) / gain,
      toValue: (shown) => shown * gain + offset,
    });
  }
  if (movie.stabilized && !isSpread) {
    scales.push({ unit: "stabilized", label: "stabilised", digits: 2, ...stabilize(movie.stabilized) });
  }
  return scales;
}
