/** A cache of frames, bounded in bytes, that forgets what was used longest ago. */

import type { Frame } from "./movie.ts";

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

  has(index: number, channel: number): boolean {
    return this.#frames.has(`${channel}/${index}`);
  }

  /** The frame, which then counts as used last; undefined where it is not kept. */
  get(index: number, channel: number): Frame | undefined {
    const key = `${channel}/${index}`;
    const frame = this.#frames.get(key);
    if (frame) {
      this.#frames.delete(key);
      this.#frames.set(key, frame);
    }
    return frame;
  }

  add(frame: Frame): void {
    const key = `${frame.channel}/${frame.index}`;
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

  /** Runs of kept frames of a channel as `[first, last]`, ascending. */
  spans(channel: number, frames: number): (readonly [number, number])[] {
    const spans: [number, number][] = [];
    for (let index = 0; index < frames; index++) {
      if (!this.has(index, channel)) continue;
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
