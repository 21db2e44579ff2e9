/**
 * Fills the cache beside a movie that runs: for a second channel, or for a movie that is seen with it.
 *
 * The kernel streams at the same pace; what is shown is then taken from the cache, in step with the first.
 */

import type { Stream } from "../protocol/client.ts";
import { type Journey, type StreamParts, startStream } from "./sources.ts";

export class Feeder {
  readonly #parts: StreamParts;
  #stream: Stream | null = null;
  /** Frames that have come and were not passed yet, in the order of the stream. */
  #ahead: number[] = [];

  constructor(parts: StreamParts) {
    this.#parts = parts;
  }

  start(journey: Journey): void {
    this.stop();
    // whoever follows decides what is dropped, so that both keep the same frames
    this.#stream = startStream(this.#parts, journey, {
      onFrame: ({ index }) => this.#ahead.push(index),
      // a frame that is missing is asked for when its turn comes, and its reason then told
      onMissing: () => undefined,
      onEnd: () => {
        this.#stream = null;
      },
    });
  }

  /** Tells that the movie has come to `index`: what lies before it makes room for more. */
  pass(index: number): void {
    const place = this.#ahead.indexOf(index);
    // a frame that is not here was passed before it came: all that is here is behind
    const passed = this.#ahead.splice(0, place < 0 ? this.#ahead.length : place + 1).length;
    if (passed > 0) this.#stream?.credit(passed);
  }

  stop(): void {
    this.#stream?.stop();
    this.#stream = null;
    this.#ahead = [];
  }
}
