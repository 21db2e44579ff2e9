/** A cache of frames, bounded in bytes, that forgets what was used longest ago. */

import { type Frame, keyOfSlice } from "./movie.ts";

export const DEFAULT_CACHE_BYTES = 256 * 2 ** 20;

export class FrameCache {
  readonly #frames = new Map<string, Frame>();
  readonly #limit: number;
  #bytes = 0;

  constructor(limit: number = DEFAULT_CACHE_BYTES) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** `slice` is the key that `keyOfSlice` makes. */
  has(index: number, slice: string): boolean {
    return this.#frames.has(`${slice}#${index}`);
  }

  /** The frame, which then counts as used last; undefined where it is not kept. */
  get(index: number, slice: string): Frame | undefined {
    const key = `${slice}#${index}`;
    const frame = this.#frames.get(key);
    if (frame) {
      this.#frames.delete(key);
      this.#frames.set(key, frame);
    }
    return frame;
  }

  add(frame: Frame): void {
    const key = `${keyOfSlice(frame.slice)}#${frame.index}`;
    this.#remove(key);
    const kept = detach(frame);
    this.#frames.set(key, kept);
    this.#bytes += kept.codes.byteLength;
    for (const oldest of this.#frames.keys()) {
      if (this.#bytes <= this.#limit || oldest === key) break;
      this.#remove(oldest);
    }
  }

  clear(): void {
    this.#frames.clear();
    this.#bytes = 0;
  }

  /** Whether frames of this size would all fit at once. */
  holds(frames: number, bytesEach: number): boolean {
    return frames * bytesEach <= this.#limit;
  }

  /** Runs of kept frames of a slice as `[first, last]`, ascending. */
  spans(slice: string): (readonly [number, number])[] {
    const indices = [...this.#frames]
      .filter(([key]) => key.startsWith(`${slice}#`))
      .map(([, frame]) => frame.index)
      .sort((a, b) => a - b);
    const spans: [number, number][] = [];
    for (const index of indices) {
      const last = spans.at(-1);
      if (last?.[1] === index - 1) last[1] = index;
      else spans.push([index, index]);
    }
    return spans;
  }

  #remove(key: string): void {
    this.#bytes -= this.#frames.get(key)?.codes.byteLength ?? 0;
    this.#frames.delete(key);
  }
}

/** A small window into a large message would keep the whole message alive. */
function detach(frame: Frame): Frame {
  const { codes } = frame;
  return codes.buffer.byteLength > 2 * codes.byteLength ? { ...frame, codes: codes.slice() } : frame;
}
