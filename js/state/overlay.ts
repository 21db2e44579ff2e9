/** The second channel of a movie that shows two over each other: its frame for the one that is painted. */

import type { Signal } from "@preact/signals-core";
import { Feeder } from "./feeder.ts";
import { FrameLoader, isSameWish, type Wish } from "./frame-loader.ts";
import { type Frame, keyOfSlice, type Slice } from "./movie.ts";
import type { Shown } from "./resolve.ts";
import type { Journey, StreamParts } from "./sources.ts";

function beside(slice: Slice): Slice {
  return { ...slice, channel: 1 };
}

export class Overlay {
  readonly #parts: StreamParts;
  readonly #second: Signal<Frame | null>;
  readonly #loader: FrameLoader;
  readonly #feeder: Feeder;
  #wish: Wish | null = null;

  constructor(parts: StreamParts, second: Signal<Frame | null>) {
    this.#parts = parts;
    this.#second = second;
    this.#feeder = new Feeder(parts);
    const { client, movie, target, cache } = parts;
    this.#loader = new FrameLoader(client, movie, {
      target,
      cache,
      onFrame: (frame) => {
        if (isSameWish(this.#wish, frame)) second.value = frame;
      },
      // the first channel's frame tells of a movie that can't be read
      onError: () => undefined,
    });
  }

  follow(shown: Shown | null, painted: Frame | null): void {
    if (!shown?.overlay || !painted) {
      this.#wish = null;
      this.#second.value = null;
      return;
    }
    const wish = { index: painted.index, slice: beside(painted.slice) };
    if (isSameWish(this.#wish, wish)) return;
    this.#wish = wish;
    this.#feeder.pass(wish.index);
    const kept = this.#parts.cache.get(wish.index, keyOfSlice(wish.slice));
    if (kept) this.#second.value = kept;
    else this.#loader.want(wish);
  }

  /** Fills the cache while the movie runs. */
  feed(journey: Journey | null): void {
    if (journey) this.#feeder.start({ ...journey, slice: beside(journey.slice) });
    else this.#feeder.stop();
  }

  dispose(): void {
    this.#feeder.stop();
    this.#loader.dispose();
  }
}
