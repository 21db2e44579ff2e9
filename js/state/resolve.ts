/**
 * What a scrubber shows, as a pure function of what is wanted and what is known.
 *
 *     const shown = resolve(intent, facts);
 */

import type { Unit } from "../protocol/messages.ts";
import { COLORMAPS, type ColormapName } from "../render/colormaps.ts";
import { type Movie, secondsOf } from "./movie.ts";
import { buildUnitScales, type UnitScale } from "./units.ts";

export type Range = readonly [low: number, high: number];

/** What was asked for, by this view, its siblings, or Python. Nothing in it is trusted to fit the movie. */
export interface Intent {
  readonly position: number;
  readonly channel: number;
  /** In value units; null for automatic. */
  readonly contrast: readonly number[] | null;
  readonly colormap: string;
  readonly unit: string;
  readonly fps: number;
  readonly loop: boolean;
  readonly playing: boolean;
}

export interface Shown {
  readonly index: number;
  readonly channel: number;
  readonly seconds: number | null;
  readonly colormap: ColormapName;
  readonly scale: UnitScale;
  readonly units: readonly Unit[];
  readonly automatic: boolean;
  /** Limits in value units. */
  readonly contrast: Range;
  /** The same limits in the unit shown. */
  readonly limits: Range;
  readonly fps: number;
  readonly loop: boolean;
  readonly playing: boolean;
}

export const FPS_RANGE: Range = [0.01, 240];

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

function whole(value: number, below: number): number {
  return Number.isFinite(value) ? clamp(Math.round(value), 0, below - 1) : 0;
}

/** A range that is usable: finite, low below high. */
function resolveContrast(
  wanted: readonly number[] | null,
  movie: Movie,
): { range: Range; automatic: boolean } {
  const [low, high] = wanted ?? [];
  if (wanted?.length === 2 && Number.isFinite(low) && Number.isFinite(high) && low !== high)
    return {
      range: [Math.min(low as number, high as number), Math.max(low as number, high as number)],
      automatic: false,
    };
  const [from, to] = movie.contrast;
  return { range: to > from ? [from, to] : [from, from + 1], automatic: true };
}

export function resolve(intent: Intent, movie: Movie): Shown {
  const index = whole(intent.position, movie.frames);
  const scales = buildUnitScales(movie);
  const scale = scales.find(({ unit }) => unit === intent.unit) ?? (scales[0] as UnitScale);
  const { range, automatic } = resolveContrast(intent.contrast, movie);
  return {
    index,
    channel: whole(intent.channel, movie.channels),
    seconds: secondsOf(movie, index),
    colormap: COLORMAPS.find((name) => name === intent.colormap) ?? "gray",
    scale,
    units: scales.map(({ unit }) => unit),
    automatic,
    contrast: range,
    limits: [scale.fromValue(range[0]), scale.fromValue(range[1])],
    fps: Number.isFinite(intent.fps) && intent.fps > 0 ? clamp(intent.fps, ...FPS_RANGE) : 30,
    loop: intent.loop,
    playing: intent.playing && movie.frames > 1,
  };
}
