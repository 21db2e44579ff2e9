/** What is known of a movie once the kernel has described it: facts that never change, and its value table. */

import { type Codes, readCodes, readFloat32, readFloat64 } from "../protocol/buffers.ts";
import { ProtocolError } from "../protocol/check.ts";
import type { CodeDtype, DescribeResult, FrameResult, Making, Plane } from "../protocol/messages.ts";

export interface Movie extends DescribeResult {
  /** The value of each code; null where values are `offset + scale * code`. */
  readonly table: Float32Array | null;
  /** Seconds of each frame; null where only a rate, or nothing, is known. */
  readonly times: Float64Array | null;
}

/** All but its index that makes one frame differ from another. */
export interface Slice {
  readonly channel: number;
  /** Positions on the movie's further axes. */
  readonly at: readonly number[];
  /** Pixels of the movie, each way, that one pixel stands for. */
  readonly step: number;
  /** How many frames, this one last, are averaged. */
  readonly mean: number;
}

export const FIRST_SLICE: Slice = { channel: 0, at: [], step: 1, mean: 1 };

/** Slices with the same key hold the same frames. */
export function keyOfSlice({ channel, at, step, mean }: Slice): string {
  const places = at.some((place) => place > 0) ? at.join(",") : "";
  return `${channel}/${places}/${step}/${mean}`;
}

/** A slice as the parameters of a message, what is usual left out. */
export function paramsOfSlice({ channel, at, step, mean }: Slice): Omit<Plane, "target"> & Making {
  return {
    ...(channel > 0 ? { channel } : {}),
    ...(at.some((place) => place > 0) ? { at } : {}),
    ...(step > 1 ? { step } : {}),
    ...(mean > 1 ? { mean } : {}),
  };
}

export interface Frame {
  readonly index: number;
  readonly slice: Slice;
  /** `<f4` are values, whatever the codes of the movie are. */
  readonly dtype: CodeDtype;
  readonly height: number;
  readonly width: number;
  /** Row-major, `height * width`. */
  readonly codes: Codes;
}

export function parseMovie(facts: DescribeResult, buffers: readonly DataView[]): Movie {
  const rest = [...buffers];
  if (facts.frames < 1 || facts.height < 1 || facts.width < 1)
    throw new ProtocolError(`a movie needs frames, rows and columns, got ${facts.frames}`);
  const table =
    facts.code.kind === "lookup" ? readFloat32(rest.shift(), facts.code.levels, "value table") : null;
  const times = facts.has_times ? readFloat64(rest.shift(), facts.frames, "times") : null;
  return { ...facts, table, times };
}

/** The frame of an answer or a stream; a frame of another shape than the movie's is refused. */
export function parseFrame(movie: Movie, facts: FrameResult, slice: Slice, buffer?: DataView): Frame {
  const { index, dtype, shape, step } = facts;
  const [height, width] = [Math.ceil(movie.height / step), Math.ceil(movie.width / step)];
  if (shape[0] !== height || shape[1] !== width)
    throw new ProtocolError(`frame ${index} must be ${height} x ${width}, got ${shape.join(" x ")}`);
  return { index, slice, dtype, height, width, codes: readCodes(buffer, dtype, height * width) };
}

/** The value, in the movie's own unit, of one code. */
export function valueOfCode(movie: Movie, code: number): number {
  const { table, code: info } = movie;
  if (table === null) return info.offset + info.scale * code;
  return table[Math.min(code, table.length - 1)] ?? Number.NaN;
}

/** The value, in the movie's own unit, of one pixel of a frame; no number outside of it. */
export function valueAt(movie: Movie, frame: Frame, pixel: number): number {
  const code = frame.codes[pixel] ?? Number.NaN;
  return frame.dtype === "<f4" ? code : valueOfCode(movie, code);
}

/** Where in the codes of a frame, whole or binned, a pixel of the movie lies. */
export function pixelAt({ slice: { step }, width }: Frame, y: number, x: number): number {
  return Math.floor(y / step) * width + Math.floor(x / step);
}

/** Seconds of a frame, or null where neither a rate nor times are known. */
export function secondsOf(movie: Movie, index: number): number | null {
  if (movie.times) return movie.times[index] ?? null;
  return movie.frame_rate ? index / movie.frame_rate : null;
}

/** The frame whose seconds are nearest to `seconds`, or null where no seconds are known. */
export function frameAtSeconds(movie: Movie, seconds: number): number | null {
  const { times, frame_rate, frames } = movie;
  if (times) return nearest(times, seconds);
  if (!frame_rate) return null;
  return Math.min(frames - 1, Math.max(0, Math.round(seconds * frame_rate)));
}

/** Index of the value nearest to `wanted` in an ascending list. */
function nearest(values: Float64Array, wanted: number): number {
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] as number) < wanted) low = middle + 1;
    else high = middle;
  }
  const before = values[low - 1] ?? Number.NEGATIVE_INFINITY;
  return wanted - before < (values[low] as number) - wanted ? low - 1 : low;
}
