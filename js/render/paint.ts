/**
 * From codes to colours. For integer codes colour map, contrast, unit and value table are one table with a
 * colour for each code; floats are computed pixel by pixel.
 */

import type { Codes } from "../protocol/buffers.ts";
import { type Frame, type Movie, valueOfCode } from "../state/movie.ts";
import type { Shown } from "../state/resolve.ts";
import { buildColormap } from "./colormaps.ts";

export type Look = Pick<Shown, "colormap" | "limits" | "scale">;

export type Palette =
  | { readonly kind: "table"; readonly colors: Uint32Array }
  | { readonly kind: "direct"; level(code: number): number; readonly colors: Uint32Array };

function buildLevel(movie: Movie, { limits: [low, high], scale }: Look): (code: number) => number {
  const gain = 255 / (high - low);
  return (code) => {
    const level = (scale.fromValue(valueOfCode(movie, code)) - low) * gain + 0.5;
    return level < 0 ? 0 : level > 255 ? 255 : level | 0;
  };
}

export function buildPalette(movie: Movie, look: Look): Palette {
  const colors = buildColormap(look.colormap);
  const level = buildLevel(movie, look);
  if (movie.code.dtype === "<f4") return { kind: "direct", level, colors };
  const size = movie.code.dtype === "|u1" ? 256 : 65536;
  return { kind: "table", colors: Uint32Array.from({ length: size }, (_, code) => colors[level(code)] ?? 0) };
}

function paintTable(codes: Codes, colors: Uint32Array, out: Uint32Array): void {
  for (let i = 0; i < codes.length; i++) out[i] = colors[codes[i] as number] as number;
}

/** Pixels that are no number stay transparent. */
function paintDirect(codes: Codes, palette: Extract<Palette, { kind: "direct" }>, out: Uint32Array): void {
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] as number;
    out[i] = Number.isNaN(code) ? 0 : (palette.colors[palette.level(code)] as number);
  }
}

/** Writes one colour word for each pixel of the frame into `out`. */
export function paint(frame: Frame, palette: Palette, out: Uint32Array): void {
  if (palette.kind === "table") paintTable(frame.codes, palette.colors, out);
  else paintDirect(frame.codes, palette, out);
}
