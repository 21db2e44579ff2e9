/**
 * Gets single frames: from the cache, or from the kernel with the latest wish first.
 *
 * At most `MAX_IN_FLIGHT` wishes travel at once; of those that wait, only the newest is kept. When nothing
 * is wished for, neighbours of the last wish are fetched in the direction of travel.
 */

import { ProtocolError } from "../protocol/check.ts";
import { type Client, isAborted, KernelError } from "../protocol/client.ts";
import type { FrameCache } from "./frame-cache.ts";
import { type Frame, keyOfSlice, type Movie, paramsOfSlice, parseFrame, type Slice } from "./movie.ts";

const MAX_IN_FLIGHT = 3;
const PREFETCH_AHEAD = 12;
const PREFETCH_DELAY = 60;

export interface Wish {
  readonly index: number;
  readonly slice: Slice;
}

export interface LoaderEvents {
  /** A frame has come and is in the cache. */
  onFrame(frame: Frame, how: { readonly prefetched: boolean }): void;
  onError(wish: Wish, error: Error): void;
}

export class FrameLoader {
  readonly #client: Client;
  readonly #movie: Movie;
  readonly #target: string | undefined;
  readonly #cache: FrameCache;
  readonly #events: LoaderEvents;
  readonly #inFlight = new Set<string>();
  /** Frames that the kernel could not read: not prefetched again. */
  readonly #failed = new Set<string>();
  #waiting: Wish | null = null;
  #last: Wish | null = null;
  #direction = 1;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #paused = false;
  #isDisposed = false;
  #abort = new AbortController();

  constructor(
    client: Client,
    movie: Movie,
    { target, cache, ...events }: { target: string | undefined; cache: FrameCache } & LoaderEvents,
  ) {
    this.#client = client;
    this.#movie = movie;
    this.#target = target;
    this.#cache = cache;
    this.#events = events;
  }

  /** Frame if it is at hand; otherwise it is asked for, and older wishes that still wait are forgotten. */
  want(wish: Wish): Frame | undefined {
    if (this.#last && wish.index !== this.#last.index)
      this.#direction = wish.index > this.#last.index ? 1 : -1;
    this.#last = wish;
    this.#paused = false;
    clearTimeout(this.#timer);
    const frame = this.#cache.get(wish.index, keyOfSlice(wish.slice));
    this.#waiting = frame ? null : wish;
    this.#pump();
    return frame;
  }

  /** Forget what waits, and stop prefetching, as when a stream takes over. */
  pause(): void {
    clearTimeout(this.#timer);
    this.#paused = true;
    this.#waiting = null;
  }

  /** Gives up what is under way, as when no answer comes; the next wish is asked for anew. */
  reset(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#inFlight.clear();
    this.#failed.clear();
    this.#waiting = null;
  }

  dispose(): void {
    this.pause();
    this.#isDisposed = true;
    this.#abort.abort();
  }

  #pump(): void {
    const wish = this.#waiting;
    if (wish === null) return this.#schedulePrefetch();
    if (this.#inFlight.has(keyOf(wish))) this.#waiting = null;
    else if (this.#inFlight.size < MAX_IN_FLIGHT) {
      this.#waiting = null;
      void this.#fetch(wish);
    }
  }

  #schedulePrefetch(delay = PREFETCH_DELAY): void {
    clearTimeout(this.#timer);
    if (this.#inFlight.size > 0 || this.#isDisposed) return;
    this.#timer = setTimeout(() => {
      const next = this.#nextNeighbour();
      if (next) void this.#fetch(next, true);
    }, delay);
  }

  #nextNeighbour(): Wish | undefined {
    const last = this.#last;
    if (!last) return undefined;
    const behind = -this.#direction;
    const steps = [...Array(PREFETCH_AHEAD).keys()].map((step) => (step + 1) * this.#direction);
    return [...steps, behind, 2 * behind]
      .map((step) => ({ index: last.index + step, slice: last.slice }))
      .find((wish) => this.#isMissing(wish));
  }

  #isMissing(wish: Wish): boolean {
    const inside = wish.index >= 0 && wish.index < this.#movie.frames;
    return inside && !this.#failed.has(keyOf(wish)) && !this.#cache.has(wish.index, keyOfSlice(wish.slice));
  }

  async #fetch(wish: Wish, prefetch = false): Promise<void> {
    const key = keyOf(wish);
    this.#inFlight.add(key);
    try {
      const frame = await this.#request(wish);
      this.#failed.delete(key);
      this.#cache.add(frame);
      this.#inFlight.delete(key);
      this.#events.onFrame(frame, { prefetched: prefetch });
    } catch (error) {
      if (isAborted(error)) return;
      this.#inFlight.delete(key);
      this.#fail(wish, error as Error, prefetch);
    }
    if (this.#isDisposed || this.#paused) return;
    if (prefetch && this.#waiting === null) this.#schedulePrefetch(0);
    else this.#pump();
  }

  async #request({ index, slice }: Wish): Promise<Frame> {
    const target = this.#target === undefined ? {} : { target: this.#target };
    const params = { ...target, index, ...paramsOfSlice(slice) };
    const { result, buffers } = await this.#client.request("frame", params, { signal: this.#abort.signal });
    if (result.index !== index) throw new ProtocolError(`frame ${index} was asked for, ${result.index} came`);
    return parseFrame(this.#movie, result, slice, buffers[0]);
  }

  #fail(wish: Wish, error: Error, prefetch: boolean): void {
    const isLast = this.#last !== null && keyOf(this.#last) === keyOf(wish);
    if (error instanceof KernelError && error.failure.code === "superseded") {
      // the kernel prefers a newer wish; ask again only if this is still the newest
      if (isLast && this.#waiting === null && !prefetch) this.#waiting = wish;
      return;
    }
    this.#failed.add(keyOf(wish));
    if (!prefetch || isLast) this.#events.onError(wish, error);
  }
}

function keyOf({ index, slice }: Wish): string {
  return `${keyOfSlice(slice)}#${index}`;
}

export function isSameWish(a: Wish | null, b: Wish): boolean {
  return a !== null && keyOf(a) === keyOf(b);
}
