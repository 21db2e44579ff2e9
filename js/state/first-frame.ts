/**
 * The frame that a new scrubber shows first, asked for before the movie is described: the two answers travel
 * together. Where it does not fit the movie after all, it is asked for anew, as any other.
 */

import type { Answer } from "../protocol/client.ts";
import { FIRST_SLICE, type Frame, type Movie, paramsOfSlice, parseFrame, type Slice } from "./movie.ts";
import type { ScrubberSession } from "./session.ts";

/** Milliseconds by which a movie that is described waits for its first frame, to show both at once. */
const WAIT = 100;

export class FirstFrame {
  readonly #index: number;
  readonly #slice: Slice;
  readonly #answer: Promise<Answer<"frame"> | null>;
  readonly #abort = new AbortController();

  constructor(session: ScrubberSession) {
    const { position, channel, at, rolling } = session.settings;
    this.#index = Math.max(0, Math.round(position.peek()) || 0);
    this.#slice = { ...FIRST_SLICE, channel: channel.peek(), at: at.peek(), mean: rolling.peek() };
    const params = { index: this.#index, ...paramsOfSlice(this.#slice) };
    // whatever is wrong with it is told when the frame is asked for again
    this.#answer = session.request("frame", params, { signal: this.#abort.signal }).catch(() => null);
  }

  /** The frame, or null where it does not come in time, is none of this movie, or first comes coarsely. */
  async of(movie: Movie): Promise<Frame | null> {
    if (movie.steps.length > 0) this.giveUp();
    const timer = setTimeout(() => this.giveUp(), WAIT);
    const answer = await this.#answer;
    clearTimeout(timer);
    if (!answer || this.#index >= movie.frames) return null;
    try {
      return parseFrame(movie, answer.result, this.#slice, answer.buffers[0]);
    } catch {
      return null;
    }
  }

  giveUp(): void {
    this.#abort.abort();
  }
}
