/**
 * Runs a movie: one frame source at a time, asked at each refresh of the screen.
 *
 * A movie that is wholly in the cache needs no stream: at the end of a loop the stream is given up for it.
 */

import type { Client } from "../protocol/client.ts";
import type { Failure } from "../protocol/messages.ts";
import type { FrameCache } from "./frame-cache.ts";
import { type Frame, keyOfSlice, type Movie, type Slice } from "./movie.ts";
import { type FrameSource, type Journey, type Passed, PullSource, StreamSource } from "./sources.ts";

/** Time and refreshes of the screen, replaceable in tests. */
export interface Clock {
  now(): number;
  onRefresh(callback: () => void): number;
  cancel(handle: number): void;
}

export const screenClock: Clock = {
  now: () => performance.now(),
  onRefresh: (callback) => requestAnimationFrame(callback),
  cancel: (handle) => cancelAnimationFrame(handle),
};

export interface PlaybackParts {
  readonly client: Client;
  readonly movie: Movie;
  readonly target: string | undefined;
  readonly cache: FrameCache;
  readonly clock: Clock;
  /** The frame if it is at hand; asks for it otherwise. */
  want(index: number, slice: Slice): Frame | undefined;
  onPassed(passed: Passed): void;
  onEnd(error: Failure | null): void;
}

export class Playback {
  readonly #parts: PlaybackParts;
  #journey: Journey | null = null;
  #source: FrameSource | null = null;
  #handle = 0;
  #last = -1;

  constructor(parts: PlaybackParts) {
    this.#parts = parts;
  }

  get isRunning(): boolean {
    return this.#source !== null;
  }

  start(journey: Journey): void {
    this.stop();
    this.#journey = journey;
    this.#last = -1;
    this.#source = this.#choose(journey);
    this.#handle = this.#parts.clock.onRefresh(this.#refresh);
  }

  stop(): void {
    this.#parts.clock.cancel(this.#handle);
    this.#source?.stop();
    this.#source = null;
  }

  #choose(journey: Journey): FrameSource {
    const { movie, clock, want } = this.#parts;
    if (this.#isCached(journey.slice))
      return new PullSource(journey, movie.frames, (index) => want(index, journey.slice));
    return new StreamSource(this.#parts, journey, () => clock.now());
  }

  #isCached(slice: Slice): boolean {
    const { movie, cache } = this.#parts;
    const key = keyOfSlice(slice);
    for (let index = 0; index < movie.frames; index++) if (!cache.has(index, key)) return false;
    return true;
  }

  readonly #refresh = (): void => {
    const source = this.#source;
    if (!source) return;
    const passed = source.tick(this.#parts.clock.now());
    if (passed) this.#show(passed);
    if (source !== this.#source) return;
    if (source.ending) {
      this.#source = null;
      this.#parts.onEnd(source.ending.error);
    } else this.#handle = this.#parts.clock.onRefresh(this.#refresh);
  };

  #show(passed: Passed): void {
    const wrapped = passed.index < this.#last;
    this.#last = passed.index;
    this.#parts.onPassed(passed);
    const journey = this.#journey;
    if (!wrapped || !journey || !(this.#source instanceof StreamSource) || !this.#isCached(journey.slice))
      return;
    this.start({ ...journey, from: (passed.index + 1) % this.#parts.movie.frames });
  }
}
