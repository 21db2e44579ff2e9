/** What is known of a movie once the kernel has described it: facts that never change, and its value table. */

import { type Codes, readCodes, readFloat32, readFloat64 } from "../protocol/buffers.ts";
import { ProtocolError } from "../protocol/check.ts";
import type { CodeDtype, DescribeResult, FrameResult } from "../protocol/messages.ts";

export interface Movie extends DescribeResult {
  /** The value of each code; null where values are `offset + scale * code`. */
  readonly table: Float32Array | null;
  /** Seconds of each frame; null where only a rate, or nothing, is known. */
  readonly times: Float64Array | null;
}

export interface Frame {
  readonly index: number;
  readonly channel: number;
  readonly dtype: CodeDtype;
  /** Row-major codes, `height * width`. */
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
export function parseFrame(movie: Movie, facts: FrameResult, channel: number, buffer?: DataView): Frame {
  const { index, dtype, shape } = facts;
  if (shape[0] !== movie.height || shape[1] !== movie.width)
    throw new ProtocolError(
      `frame ${index} must be ${movie.height} x ${movie.width}, got ${shape.join(" x ")}`,
    );
  return { index, channel, dtype, codes: readCodes(buffer, dtype, movie.height * movie.width) };
}

/** The value, in the movie's own unit, of one code. */
export function valueOfCode(movie: Movie, code: number): number {
  const { table, code: info } = movie;
  if (table === null) return info.offset + info.scale * code;
  return table[Math.min(code, table.length - 1)] ?? Number.NaN;
}

/** Seconds of a frame, or null where neither a rate nor times are known. */
export function secondsOf(movie: Movie, index: number): number | null {
  if (movie.times) return movie.times[index] ?? null;
  return movie.frame_rate ? index / movie.frame_rate : null;
}
