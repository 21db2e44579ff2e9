/** Where a running movie's frames come from: a stream of the kernel, or the cache. */

import type { Client, Stream } from "../protocol/client.ts";
import type { Failure, Keep, StreamEnd } from "../protocol/messages.ts";
import type { FrameCache } from "./frame-cache.ts";
import { type Frame, type Movie, parseFrame } from "./movie.ts";
import { Pacer } from "./pacer.ts";

export interface Journey {
  /** Index of the first frame that is painted. */
  readonly from: number;
  readonly fps: number;
  readonly loop: boolean;
  readonly keep: Keep;
  readonly channel: number;
}

export type Ending = { readonly error: Failure | null };

export interface FrameSource {
  /** The frame to paint now, if one is due. */
  tick(now: number): Frame | null;
  /** Set once nothing more will come. */
  readonly ending: Ending | null;
  stop(): void;
}

const CREDIT = 8;
const CREDIT_BATCH = 4;

/** Frames that the kernel sends of its own accord, as long as it has credit. */
export class StreamSource implements FrameSource {
  readonly #pacer: Pacer;
  readonly #stream: Stream;
  #owed = 0;
  #end: StreamEnd | null = null;
  #broken: Failure | null = null;

  constructor(
    client: Client,
    movie: Movie,
    {
      journey,
      target,
      cache,
      now,
    }: { journey: Journey; target: string | undefined; cache: FrameCache; now: () => number },
  ) {
    const { from, fps, loop, keep, channel } = journey;
    this.#pacer = new Pacer({ fps, frames: movie.frames, keep });
    const where = { ...(target === undefined ? {} : { target }), ...(channel > 0 ? { channel } : {}) };
    this.#stream = client.play(
      { ...where, from, fps, loop, credit: CREDIT, keep },
      {
        onFrame: (message, buffers) => {
          try {
            const frame = parseFrame(movie, message, channel, buffers[0]);
            cache.add(frame);
            this.#pacer.push(frame, now());
          } catch (error) {
            this.#broken = { code: "protocol", message: (error as Error).message, hint: "" };
            this.#stream.stop();
          }
        },
        onEnd: (end) => {
          this.#end = end;
        },
      },
    );
  }

  get ending(): Ending | null {
    if (!this.#pacer.isEmpty) return null;
    if (this.#broken) return { error: this.#broken };
    return this.#end && { error: this.#end.error ?? null };
  }

  tick(now: number): Frame | null {
    const { frame, consumed } = this.#pacer.take(now);
    this.#owed += consumed;
    if (this.#owed >= CREDIT_BATCH) {
      this.#stream.credit(this.#owed);
      this.#owed = 0;
    }
    return frame;
  }

  stop(): void {
    this.#stream.stop();
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
