/**
 * Runs a movie: one frame source at a time, asked at each refresh of the screen.
 *
 * A movie that is wholly in the cache needs no stream: at the end of a loop the stream is given up for it.
 */

import type { Client } from "../protocol/client.ts";
import type { Failure } from "../protocol/messages.ts";
import type { FrameCache } from "./frame-cache.ts";
import type { Frame, Movie } from "./movie.ts";
import { type FrameSource, type Journey, PullSource, StreamSource } from "./sources.ts";

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
  want(index: number, channel: number): Frame | undefined;
  onFrame(frame: Frame): void;
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
    const { client, movie, target, cache, clock, want } = this.#parts;
    if (this.#isCached(journey.channel))
      return new PullSource(journey, movie.frames, (index) => want(index, journey.channel));
    return new StreamSource(client, movie, { journey, target, cache, now: () => clock.now() });
  }

  #isCached(channel: number): boolean {
    const { movie, cache } = this.#parts;
    for (let index = 0; index < movie.frames; index++) if (!cache.has(index, channel)) return false;
    return true;
  }

  readonly #refresh = (): void => {
    const source = this.#source;
    if (!source) return;
    const frame = source.tick(this.#parts.clock.now());
    if (frame) this.#show(frame);
    if (source !== this.#source) return;
    if (source.ending) {
      this.#source = null;
      this.#parts.onEnd(source.ending.error);
    } else this.#handle = this.#parts.clock.onRefresh(this.#refresh);
  };

  #show(frame: Frame): void {
    const wrapped = frame.index < this.#last;
    this.#last = frame.index;
    this.#parts.onFrame(frame);
    const journey = this.#journey;
    if (!wrapped || !journey || !(this.#source instanceof StreamSource) || !this.#isCached(frame.channel))
      return;
    const next = { ...journey, from: (frame.index + 1) % this.#parts.movie.frames };
    this.start(next);
  }
}
