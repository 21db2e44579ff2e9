/** Where a running movie's frames come from: a stream of the kernel, or the cache. */

import type { Client, Stream } from "../protocol/client.ts";
import type { Failure, Keep, StreamEnd } from "../protocol/messages.ts";
import { describeFailure } from "./failure.ts";
import type { FrameCache } from "./frame-cache.ts";
import { type Frame, type Movie, paramsOfSlice, parseFrame, type Slice } from "./movie.ts";
import { Pacer } from "./pacer.ts";

export interface Journey {
  /** Index of the first frame that is painted. */
  readonly from: number;
  readonly fps: number;
  readonly loop: boolean;
  readonly keep: Keep;
  readonly slice: Slice;
}

/** A frame that can't be read, in its place among the others. */
export interface Hole {
  readonly index: number;
  readonly failure: Failure;
}

export type Passed = Frame | Hole;

export type Ending = { readonly error: Failure | null };

export interface FrameSource {
  /** What is to be shown now, if something is due. */
  tick(now: number): Passed | null;
  /** Set once nothing more will come. */
  readonly ending: Ending | null;
  stop(): void;
}

export interface StreamParts {
  readonly client: Client;
  readonly movie: Movie;
  readonly target: string | undefined;
  readonly cache: FrameCache;
}

export const CREDIT = 8;
export const CREDIT_BATCH = 4;

export interface FrameListener {
  onFrame(frame: Frame): void;
  /** Frames `from` up to but not including `to` will not come. */
  onMissing(from: number, to: number, failure: Failure): void;
  onEnd(error: Failure | null): void;
}

/** Starts a stream whose frames go to the cache, then to the listener. */
export function startStream(parts: StreamParts, journey: Journey, listener: FrameListener): Stream {
  const { client, movie, target, cache } = parts;
  const { from, fps, loop, keep, slice } = journey;
  const where = { ...(target === undefined ? {} : { target }), ...paramsOfSlice(slice) };
  const stream = client.play(
    { ...where, from, fps, loop, credit: CREDIT, keep },
    {
      onFrame: (message, buffers) => {
        try {
          const frame = parseFrame(movie, message, slice, buffers[0]);
          cache.add(frame);
          listener.onFrame(frame);
        } catch (error) {
          stream.stop();
          listener.onEnd(describeFailure(error));
        }
      },
      onUnavailable: (from, to, failure) => listener.onMissing(from, to, failure),
      onEnd: (end: StreamEnd) => listener.onEnd(end.error ?? null),
    },
  );
  return stream;
}

/** Frames that the kernel sends of its own accord, as long as it has credit. */
export class StreamSource implements FrameSource {
  readonly #pacer: Pacer<Passed>;
  readonly #stream: Stream;
  readonly #now: () => number;
  #owed = 0;
  #next: number;
  #end: Ending | null = null;

  constructor(parts: StreamParts, journey: Journey, now: () => number) {
    const { fps, keep } = journey;
    this.#now = now;
    this.#next = journey.from;
    this.#pacer = new Pacer({ fps, frames: parts.movie.frames, keep });
    this.#stream = startStream(parts, journey, {
      onFrame: (frame) => this.#push(frame),
      onMissing: (from, to, failure) => {
        const first = this.#next > from && this.#next < to ? this.#next : from;
        for (let index = first; index < to; index++) this.#push({ index, failure });
      },
      onEnd: (error) => {
        this.#end = { error };
      },
    });
  }

  get ending(): Ending | null {
    return this.#pacer.isEmpty ? this.#end : null;
  }

  tick(now: number): Passed | null {
    const { item, passed } = this.#pacer.take(now);
    this.#owed += passed.filter((one) => "codes" in one).length;
    if (this.#owed >= CREDIT_BATCH) {
      this.#stream.credit(this.#owed);
      this.#owed = 0;
    }
    return item;
  }

  stop(): void {
    this.#stream.stop();
  }

  #push(passed: Passed): void {
    this.#next = passed.index + 1;
    this.#pacer.push(passed, this.#now());
  }
}

/** Frames of a movie that is wholly in the cache; one that has left it meanwhile is asked for through `want`. */
export class PullSource implements FrameSource {
  readonly #journey: Journey;
  readonly #frames: number;
  readonly #want: (index: number) => Frame | undefined;
  #next: number;
  #due: number | null = null;
  ending: Ending | null = null;

  constructor(journey: Journey, frames: number, want: (index: number) => Frame | undefined) {
    this.#journey = journey;
    this.#frames = frames;
    this.#want = want;
    this.#next = journey.from;
  }

  tick(now: number): Frame | null {
    this.#due ??= now;
    if (this.ending || now + 4 < this.#due) return null;
    this.#skipMissed(now);
    const frame = this.#want(this.#next);
    if (!frame) return null;
    const period = 1000 / this.#journey.fps;
    this.#due = Math.max(this.#due + period, now - period);
    this.#advance(1);
    return frame;
  }

  stop(): void {
    this.ending = { error: null };
  }

  #skipMissed(now: number): void {
    const late = Math.floor(((now - (this.#due ?? now)) * this.#journey.fps) / 1000);
    if (late < 1 || this.#journey.keep === "frames") return;
    const steps = this.#journey.loop ? late : Math.min(late, this.#frames - 1 - this.#next);
    this.#advance(steps);
    this.#due = (this.#due ?? now) + (late * 1000) / this.#journey.fps;
  }

  #advance(steps: number): void {
    const next = this.#next + steps;
    if (next < this.#frames) this.#next = next;
    else if (this.#journey.loop) this.#next = next % this.#frames;
    else this.ending = { error: null };
  }
}
