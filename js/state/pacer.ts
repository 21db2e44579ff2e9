/**
 * Decides when each frame of a stream is painted: on a steady clock, whatever the rhythm of arrival.
 *
 * With `keep: "time"` a frame that is overtaken by a newer due one is dropped; with `keep: "frames"` every
 * frame is painted and time stretches.
 */

import type { Keep } from "../protocol/messages.ts";

interface Queued<T> {
  readonly item: T;
  due: number;
}

export interface Taken<T> {
  /** What is to be shown now. */
  readonly item: T | null;
  /** All that left the queue, shown or dropped. */
  readonly passed: readonly T[];
}

/** More frames than this in the queue mean that our clock started late: it hurries a little. */
const COMFORTABLE = 4;
const HURRY = 0.1;
/** Milliseconds by which a frame may be painted early, so that it does not miss a refresh of the screen. */
const SLACK = 4;

export class Pacer<T extends { readonly index: number }> {
  readonly #period: number;
  readonly #frames: number;
  readonly #keep: Keep;
  readonly #queue: Queued<T>[] = [];
  #last: { index: number; due: number } | null = null;

  constructor({ fps, frames, keep }: { fps: number; frames: number; keep: Keep }) {
    this.#period = 1000 / fps;
    this.#frames = frames;
    this.#keep = keep;
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  push(item: T, now: number): void {
    const due = this.#last ? this.#last.due + this.#stepsTo(item.index) * this.#period : now;
    this.#last = { index: item.index, due };
    this.#queue.push({ item, due });
    if (this.#queue.length > COMFORTABLE) this.#shift(-HURRY * this.#period);
  }

  take(now: number): Taken<T> {
    const passed: T[] = [];
    let taken: Queued<T> | null = null;
    for (let head = this.#queue[0]; head && head.due <= now + SLACK; head = this.#queue[0]) {
      this.#queue.shift();
      passed.push(head.item);
      taken = head;
      if (this.#keep === "frames") break;
    }
    if (taken && now - taken.due > this.#period) this.#shift(now - taken.due - this.#period);
    return { item: taken?.item ?? null, passed };
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
