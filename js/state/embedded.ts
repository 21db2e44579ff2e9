/**
 * A movie inside the page: bytes that hold its description and its frames, for pages without a kernel.
 *
 * uint32 length of a JSON header (little-endian), the header, the description's buffers, the frames.
 */

import { BYTES } from "../protocol/buffers.ts";
import { list, number, record } from "../protocol/check.ts";
import { parseFrameFields } from "../protocol/parse.ts";
import { parseResult } from "../protocol/results.ts";
import { FIRST_SLICE, type Frame, type Movie, parseFrame, parseMovie, secondsOf } from "./movie.ts";

export interface SavedMovie {
  readonly movie: Movie;
  readonly frames: readonly Frame[];
  /** Which frame of the whole movie each of them is. */
  readonly indices: readonly number[];
}

class Reader {
  readonly #bytes: DataView;
  #offset = 0;

  constructor(bytes: DataView) {
    this.#bytes = bytes;
  }

  take(length: number): DataView {
    const { buffer, byteOffset, byteLength } = this.#bytes;
    if (this.#offset + length > byteLength) throw new RangeError("the saved movie is cut short");
    const view = new DataView(buffer, byteOffset + this.#offset, length);
    this.#offset += length;
    return view;
  }
}

/** What can be done with the frames that are here, and nothing that needs more. */
function confine(movie: Movie, indices: readonly number[]): Movie {
  const seconds = indices.map((index) => secondsOf(movie, index));
  const known = seconds.filter((second) => second !== null);
  return {
    ...movie,
    frames: indices.length,
    times: known.length === indices.length ? Float64Array.from(known) : null,
    channels: 1,
    axes: [],
    steps: [],
    projections: false,
    masks: 0,
    series: false,
    views: [],
    hints: [],
  };
}

/** A movie with some of its frames. */
export interface HeldMovie {
  readonly movie: Movie;
  readonly frames: readonly Frame[];
}

/**
 * The movie that `bytes` hold, and the frames; null for none.
 *
 * Throws a `ProtocolError` or a `RangeError` where they hold something else.
 */
export function parseHeld(bytes: DataView): HeldMovie | null {
  if (bytes.byteLength === 0) return null;
  const reader = new Reader(bytes);
  const text = new TextDecoder().decode(reader.take(reader.take(4).getUint32(0, true)));
  const header = record(JSON.parse(text), "header");
  const lengths = list(header, "buffers").map((length) => number({ length }, "length"));
  const movie = parseMovie(
    parseResult("describe", header.describe),
    lengths.map((length) => reader.take(length)),
  );
  const frames = list(header, "frames").map((frame) => {
    const fact = parseFrameFields(record(frame, "frame"));
    const codes = reader.take(fact.shape[0] * fact.shape[1] * BYTES[fact.dtype]);
    return parseFrame(movie, fact, FIRST_SLICE, codes);
  });
  return frames.length > 0 ? { movie, frames } : null;
}

/** The same as a movie of its own: the n-th frame there is frame n, with its own time. Throws as `parseHeld`. */
export function parseEmbedded(bytes: DataView): SavedMovie | null {
  const held = parseHeld(bytes);
  if (!held) return null;
  const indices = held.frames.map(({ index }) => index);
  const frames = held.frames.map((frame, index) => ({ ...frame, index }));
  return { movie: confine(held.movie, indices), frames, indices };
}

/** The saved frame that is nearest to a frame of the whole movie. */
export function nearestSaved({ indices }: SavedMovie, index: number): number {
  return indices.reduce(
    (best, saved, i) => (Math.abs(saved - index) < Math.abs((indices[best] ?? 0) - index) ? i : best),
    0,
  );
}
