/**
 * What a scrubber shows, as a pure function of what is wanted and what is known.
 *
 *     const shown = resolve(intent, facts);
 */

import type { Projection, Unit } from "../protocol/messages.ts";
import { type ColormapName, resolveColormap } from "../render/colormaps.ts";
import { type Movie, type Slice, secondsOf } from "./movie.ts";
import { buildUnitScales, type UnitScale } from "./units.ts";

export type Range = readonly [low: number, high: number];

/** What was asked for, by this view, its siblings, or Python. Nothing in it is trusted to fit the movie. */
export interface Intent {
  readonly position: number;
  readonly channel: number;
  readonly at: readonly number[];
  readonly step: number;
  readonly rolling: number;
  readonly overlay: boolean;
  readonly projection: string;
  /** In value units; null for automatic. */
  readonly contrast: readonly number[] | null;
  readonly contrastMode: string;
  /** Robust range of the frame on the page, in value units, where contrast follows it. */
  readonly frameRange: Range | null;
  readonly gamma: number;
  readonly colormap: string;
  readonly unit: string;
  readonly fps: number;
  readonly loop: boolean;
  readonly playing: boolean;
}

export interface Shown {
  readonly index: number;
  readonly channel: number;
  readonly at: readonly number[];
  readonly slice: Slice;
  /** Two channels over each other. */
  readonly overlay: boolean;
  readonly rolling: number;
  /** "" for the frame itself. */
  readonly projection: "" | Projection;
  readonly seconds: number | null;
  readonly colormap: ColormapName;
  readonly scale: UnitScale;
  readonly units: readonly Unit[];
  readonly automatic: boolean;
  readonly contrastMode: "movie" | "frame";
  readonly gamma: number;
  /** Limits in value units. */
  readonly contrast: Range;
  /** The same limits in the unit shown. */
  readonly limits: Range;
  readonly fps: number;
  readonly loop: boolean;
  readonly playing: boolean;
}

export const FPS_RANGE: Range = [0.01, 240];
export const GAMMA_RANGE: Range = [0.1, 10];
export const MAX_ROLLING = 1000;
const PROJECTIONS = ["mean", "max", "std"] as const;

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

function whole(value: number, below: number): number {
  return Number.isFinite(value) ? clamp(Math.round(value), 0, below - 1) : 0;
}

/** A range that is usable: finite, low below high. */
function resolveContrast(
  wanted: readonly number[] | null,
  fallback: Range,
): { range: Range; automatic: boolean } {
  const [low, high] = wanted ?? [];
  if (wanted?.length === 2 && Number.isFinite(low) && Number.isFinite(high) && low !== high)
    return {
      range: [Math.min(low as number, high as number), Math.max(low as number, high as number)],
      automatic: false,
    };
  const [from, to] = fallback;
  return { range: to > from ? [from, to] : [from, from + 1], automatic: true };
}

function resolveSlice(intent: Intent, movie: Movie): Slice {
  const overlay = intent.overlay && movie.channels > 1;
  return {
    channel: overlay ? 0 : whole(intent.channel, movie.channels),
    at: movie.axes.map(({ length }, i) => whole(intent.at[i] ?? 0, length)),
    step: movie.steps.includes(intent.step) ? intent.step : 1,
    mean: 1 + whole(intent.rolling - 1, MAX_ROLLING),
  };
}

export function resolve(intent: Intent, movie: Movie): Shown {
  const index = whole(intent.position, movie.frames);
  const scales = buildUnitScales(movie);
  const scale = scales.find(({ unit }) => unit === intent.unit) ?? (scales[0] as UnitScale);
  const { range, automatic } = resolveContrast(intent.contrast, intent.frameRange ?? movie.contrast);
  const slice = resolveSlice(intent, movie);
  return {
    index,
    channel: slice.channel,
    at: slice.at,
    slice,
    overlay: intent.overlay && movie.channels > 1,
    rolling: slice.mean,
    projection: (movie.projections && PROJECTIONS.find((kind) => kind === intent.projection)) || "",
    seconds: secondsOf(movie, index),
    colormap: resolveColormap(intent.colormap),
    scale,
    units: scales.map(({ unit }) => unit),
    automatic,
    contrastMode: intent.contrastMode === "frame" ? "frame" : "movie",
    gamma: Number.isFinite(intent.gamma) && intent.gamma > 0 ? clamp(intent.gamma, ...GAMMA_RANGE) : 1,
    contrast: range,
    limits: [scale.fromValue(range[0]), scale.fromValue(range[1])],
    fps: Number.isFinite(intent.fps) && intent.fps > 0 ? clamp(intent.fps, ...FPS_RANGE) : movie.fps,
    loop: intent.loop,
    playing: intent.playing && movie.frames > 1,
  };
}
