/**
 * From codes to colours. For integer codes colour map, contrast, gamma, unit and value table are one table
 * with a colour for each code; values are computed pixel by pixel.
 */

import type { Codes } from "../protocol/buffers.ts";
import { type Frame, type Movie, valueOfCode } from "../state/movie.ts";
import type { Shown } from "../state/resolve.ts";
import { buildColormap } from "./colormaps.ts";

export type Look = Pick<Shown, "colormap" | "limits" | "scale" | "gamma">;

/** Steps of the ramp: fine enough that a gamma of 0.2 has no visible bands. */
const RAMP = 2048;

export interface Palette {
  /** The colour of each code; made when a frame of codes comes first. */
  colors(): Uint32Array;
  /** Colours from the lower limit to the upper, gamma in them. */
  readonly ramp: Uint32Array;
  /** Place of a value in the ramp; outside of it beyond the limits, no number for what has no value. */
  place(value: number): number;
}

function buildRamp({ colormap, gamma }: Look): Uint32Array {
  const colors = buildColormap(colormap);
  return Uint32Array.from(
    { length: RAMP },
    (_, i) => colors[Math.round(255 * (i / (RAMP - 1)) ** gamma)] ?? 0,
  );
}

/** The colour of a place; what has no value stays transparent. */
function colorAt(ramp: Uint32Array, place: number): number {
  if (Number.isNaN(place)) return 0;
  return ramp[place < 0 ? 0 : place >= RAMP ? RAMP - 1 : place | 0] as number;
}

export function buildPalette(movie: Movie, look: Look): Palette {
  const { limits, scale } = look;
  const ramp = buildRamp(look);
  const gain = (RAMP - 1) / (limits[1] - limits[0]);
  const place = (value: number) => (scale.fromValue(value) - limits[0]) * gain + 0.5;
  let colors: Uint32Array | null = null;
  const buildColors = () => {
    const size = movie.code.dtype === "|u1" ? 256 : 65536;
    return Uint32Array.from({ length: size }, (_, code) => colorAt(ramp, place(valueOfCode(movie, code))));
  };
  return {
    colors: () => {
      colors ??= buildColors();
      return colors;
    },
    ramp,
    place,
  };
}

function paintCodes(codes: Codes, colors: Uint32Array, out: Uint32Array): void {
  for (let i = 0; i < codes.length; i++) out[i] = colors[codes[i] as number] as number;
}

function addCodes(codes: Codes, colors: Uint32Array, out: Uint32Array): void {
  for (let i = 0; i < codes.length; i++) out[i] = (out[i] as number) | (colors[codes[i] as number] as number);
}

function paintValues(values: Codes, { ramp, place }: Palette, out: Uint32Array): void {
  for (let i = 0; i < values.length; i++) out[i] = colorAt(ramp, place(values[i] as number));
}

function addValues(values: Codes, { ramp, place }: Palette, out: Uint32Array): void {
  for (let i = 0; i < values.length; i++)
    out[i] = (out[i] as number) | colorAt(ramp, place(values[i] as number));
}

/** Writes one colour word for each pixel of the frame into `out`. Pixels without a value stay transparent. */
export function paint(frame: Frame, palette: Palette, out: Uint32Array): void {
  if (frame.dtype === "<f4") paintValues(frame.codes, palette, out);
  else paintCodes(frame.codes, palette.colors(), out);
}

/** Adds a frame to what is painted already; its colours must be of other primaries, as magenta is to green. */
export function paintOver(frame: Frame, palette: Palette, out: Uint32Array): void {
  if (frame.dtype === "<f4") addValues(frame.codes, palette, out);
  else addCodes(frame.codes, palette.colors(), out);
}
