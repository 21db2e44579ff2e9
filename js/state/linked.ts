/**
 * Movies that are seen together: one of them leads, the others follow its time, its viewport, and, where they
 * have its unit, its contrast.
 */

import { effect, type Signal, signal } from "@preact/signals-core";
import type { LinkedView } from "../protocol/messages.ts";
import { DEFAULT_CACHE_BYTES, FrameCache } from "./frame-cache.ts";
import { frameAtSeconds, type Movie, secondsOf } from "./movie.ts";
import { ScrubberSession } from "./session.ts";
import { freeSettings, SCRUBBER_DEFAULTS, type ScrubberTraits, type Signals } from "./settings.ts";
import type { Journey } from "./sources.ts";

/** The frame of a movie that goes with frame `index` of the leading one. */
export type Align = (index: number, movie: Movie) => number;

/** By seconds where every movie has them, by index otherwise. */
export function alignMovies(leader: Movie, movies: readonly Movie[]): Align {
  const hasTime = [leader, ...movies].every((movie) => secondsOf(movie, 0) !== null);
  return (index, movie) => {
    const seconds = hasTime ? secondsOf(leader, index) : null;
    const frame = seconds === null ? index : frameAtSeconds(movie, seconds);
    return Math.min(movie.frames - 1, frame ?? index);
  };
}

/** The journey of a follower beside that of its leader: from the frame that goes with it, as fast. */
export function alignJourney(journey: Journey, leader: Movie, movie: Movie, align: Align): Journey {
  const last = leader.frames - 1;
  const ratio = last > 0 ? (align(last, movie) - align(0, movie)) / last : 1;
  const fps = Math.min(240, Math.max(0.01, journey.fps * (ratio > 0 ? ratio : 1)));
  return { ...journey, from: align(Math.min(journey.from, last), movie), fps };
}

export interface Follower {
  readonly view: LinkedView;
  readonly session: ScrubberSession;
}

/** What a follower has of its own; all else is the leader's. */
function followerSettings(leader: Signals<ScrubberTraits>): Signals<ScrubberTraits> {
  const own = freeSettings(SCRUBBER_DEFAULTS).values;
  const contrast: Signal<readonly number[] | null> = signal(null);
  return { ...leader, position: own.position, playing: own.playing, contrast };
}

export class LinkedMovies {
  readonly followers: readonly Follower[];
  readonly #leader: ScrubberSession;
  readonly #endings: (() => void)[] = [];

  constructor(leader: ScrubberSession, views: readonly LinkedView[]) {
    this.#leader = leader;
    this.followers = views.map((view) => {
      const session = new ScrubberSession({
        client: leader.client,
        settings: followerSettings(leader.settings),
        ...(view.target === null ? {} : { target: view.target }),
        cache: new FrameCache(DEFAULT_CACHE_BYTES / views.length),
        clock: leader.clock,
      });
      return { view, session };
    });
    for (const follower of this.followers) this.#link(follower);
  }

  dispose(): void {
    for (const end of this.#endings.splice(0)) end();
    for (const { session } of this.followers) session.dispose();
  }

  #link(follower: Follower): void {
    const { session, view } = follower;
    this.#endings.push(
      effect(() => this.#followTime(session)),
      effect(() => this.#followRunning(session)),
      effect(() => {
        if (view.role === "difference") spreadSymmetrically(session);
        else this.#followContrast(session);
      }),
    );
    void session.open();
  }

  #align(): Align | null {
    const leader = this.#leader.movie.value;
    const movies = this.followers.map(({ session }) => session.movie.value);
    return (
      leader &&
      alignMovies(
        leader,
        movies.filter((movie) => movie !== null),
      )
    );
  }

  #followTime(session: ScrubberSession): void {
    const [shown, movie, align] = [this.#leader.shown.value, session.movie.value, this.#align()];
    if (shown && movie && align) session.settings.position.value = align(shown.index, movie);
  }

  #followRunning(session: ScrubberSession): void {
    const [journey, movie, align] = [this.#leader.running.value, session.movie.value, this.#align()];
    const leader = this.#leader.movie.peek();
    const slice = session.shown.peek()?.slice;
    if (!movie || !align || !leader || !slice) return;
    session.feed(journey && { ...alignJourney(journey, leader, movie, align), slice });
  }

  #followContrast(session: ScrubberSession): void {
    const [shown, movie, leader] = [this.#leader.shown.value, session.movie.value, this.#leader.movie.value];
    if (!shown || !movie || !leader || !sharesUnit(movie, leader)) return;
    session.settings.contrast.value = shown.contrast;
  }
}

/** Values without a unit are alike only where they are of one type. */
export function sharesUnit(one: Movie, other: Movie): boolean {
  return one.unit === other.unit && (one.unit !== "" || one.dtype === other.dtype);
}

/** Contrast around 0, as far as the movie's own robust range reaches. */
function spreadSymmetrically({ movie, settings }: ScrubberSession): void {
  if (!movie.value || settings.contrast.peek()) return;
  const reach = Math.max(...movie.value.contrast.map(Math.abs));
  settings.contrast.value = [-reach, reach];
}
