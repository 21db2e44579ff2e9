/**
 * Decides when each frame of a stream is painted: on a steady clock, whatever the rhythm of arrival.
 *
 * With `keep: "time"` a frame that is overtaken by a newer due one is dropped; with `keep: "frames"` every
 * frame is painted and time stretches.
 */

import type { Keep } from "../protocol/messages.ts";
import type { Frame } from "./movie.ts";

interface Queued {
  readonly frame: Frame;
  due: number;
}

export interface Taken {
  /** The frame to paint now. */
  readonly frame: Frame | null;
  /** Frames that left the queue, painted or dropped. */
  readonly consumed: number;
}

/** More frames than this in the queue mean that our clock started late: it hurries a little. */
const COMFORTABLE = 4;
const HURRY = 0.1;
/** Milliseconds by which a frame may be painted early, so that it does not miss a refresh of the screen. */
const SLACK = 4;

export class Pacer {
  readonly #period: number;
  readonly #frames: number;
  readonly #keep: Keep;
  readonly #queue: Queued[] = [];
  #last: { index: number; due: number } | null = null;

  constructor({ fps, frames, keep }: { fps: number; frames: number; keep: Keep }) {
    this.#period = 1000 / fps;
    this.#frames = frames;
    this.#keep = keep;
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  push(frame: Frame, now: number): void {
    const due = this.#last ? this.#last.due + this.#stepsTo(frame.index) * this.#period : now;
    this.#last = { index: frame.index, due };
    this.#queue.push({ frame, due });
    if (this.#queue.length > COMFORTABLE) this.#shift(-HURRY * this.#period);
  }

  take(now: number): Taken {
    let consumed = 0;
    let taken: Queued | null = null;
    for (let head = this.#queue[0]; head && head.due <= now + SLACK; head = this.#queue[0]) {
      this.#queue.shift();
      consumed++;
      taken = head;
      if (this.#keep === "frames") break;
    }
    if (taken && now - taken.due > this.#period) this.#shift(now - taken.due - this.#period);
    return { frame: taken?.frame ?? null, consumed };
  }

  #stepsTo(index: number): number {
    if (this.#keep === "frames" || !this.#last) return 1;
    const steps = index - this.#last.index;
    return steps > 0 ? steps : steps + this.#frames;
  }

  #shift(by: number): void {
    for (const queued of this.#queue) queued.due += by;
    if (this.#last) this.#last.due += by;
  }
}
