/** What runs an opened movie: follows position and playing, and gets each frame to the page in time. */

import { batch, effect, untracked } from "@preact/signals-core";
import type { Failure } from "../protocol/messages.ts";
import { describeFailure, NO_ANSWER, tidyFailure } from "./failure.ts";
import { Feeder } from "./feeder.ts";
import { FrameLoader, isSameWish, type Wish } from "./frame-loader.ts";
import { FIRST_SLICE, type Frame, keyOfSlice, type Movie } from "./movie.ts";
import { Overlay } from "./overlay.ts";
import { Playback } from "./playback.ts";
import type { Shown } from "./resolve.ts";
import type { ScrubberSession } from "./session.ts";
import type { Journey, Passed } from "./sources.ts";
import { Timers } from "./timers.ts";

/** A frame later than this many ms is announced. */
const LATE_AFTER = 150;
/** A kernel that sends no frame for this many ms gets a sentence. */
const SILENT_AFTER = 8000;
/** Playing goes on this many ms after the last jump. */
const RESUME_AFTER = 200;

function wishOf({ index, slice }: Shown): Wish {
  return { index, slice };
}

/** Whether a frame is what is wished for, and binned less: then it need not be painted anew. */
function isFiner(frame: Frame | null, { index, slice }: Wish): boolean {
  return (
    frame !== null &&
    frame.slice.step < slice.step &&
    isSameWish({ index: frame.index, slice: { ...frame.slice, step: slice.step } }, { index, slice })
  );
}

export class Engine {
  readonly #session: ScrubberSession;
  readonly #movie: Movie;
  readonly #loader: FrameLoader;
  readonly #playback: Playback;
  readonly #overlay: Overlay;
  readonly #feeder: Feeder;
  readonly #timers = new Timers();
  readonly #endings: (() => void)[];
  /** The position that playing itself has set; any other is a jump. */
  #played = -1;
  /** The frame that the settings last asked for. */
  #wish: Wish | null = null;
  /** How the movie runs now, "" at rest: a change of rate or loop starts it anew. */
  #manner = "";
  #isFed = false;

  constructor(session: ScrubberSession, movie: Movie) {
    this.#session = session;
    this.#movie = movie;
    const { client, target, cache, clock } = session;
    const parts = { client, movie, target, cache };
    this.#loader = new FrameLoader(client, movie, {
      target,
      cache,
      onFrame: (frame, { prefetched }) => this.#arrive(frame, prefetched),
      onError: (wish, error) => this.#fail(wish, error),
    });
    this.#playback = new Playback({
      ...parts,
      clock,
      want: (index, slice) => this.#loader.want({ index, slice }),
      onPassed: (passed) => this.#showPlayed(passed),
      onEnd: (failure) => this.#endPlaying(failure),
    });
    this.#overlay = new Overlay(parts, session.second);
    this.#feeder = new Feeder(parts);
    this.#endings = [
      effect(() => this.#followPosition()),
      effect(() => this.#followPlaying()),
      effect(() => this.#overlay.follow(session.shown.value, session.painted.value)),
    ];
  }

  /** Asks again for what could not be shown. */
  retry(): void {
    const shown = this.#session.shown.peek();
    this.#session.problem.value = null;
    this.#loader.reset();
    if (!shown) return;
    if (shown.playing && this.#manner !== "") this.#jumpWhilePlaying();
    this.#want(wishOf(shown));
  }

  feed(journey: Journey | null): void {
    this.#isFed = journey !== null;
    if (journey) this.#feeder.start(journey);
    else this.#feeder.stop();
  }

  dispose(): void {
    for (const end of this.#endings.splice(0)) end();
    this.#playback.stop();
    this.#session.running.value = null;
    this.#feeder.stop();
    this.#overlay.dispose();
    this.#loader.dispose();
    this.#timers.stopAll();
    this.#session.late.value = false;
  }

  #followPosition(): void {
    const shown = this.#session.shown.value;
    if (!shown) return;
    const wish = wishOf(shown);
    if (isSameWish(this.#wish, wish)) return;
    this.#wish = wish;
    untracked(() => {
      const running = this.#playback.isRunning;
      if (running && wish.index === this.#played) return;
      if (running || this.#timers.has("resume")) this.#jumpWhilePlaying();
      this.#session.problem.value = null;
      if (this.#isFed) this.#feeder.pass(wish.index);
      this.#want(wish);
    });
  }

  #want(wish: Wish): void {
    const painted = this.#session.painted.peek();
    if (isSameWish(painted, wish)) return this.#stopWaiting();
    const frame = this.#loader.want(wish);
    if (isFiner(painted, wish)) this.#stopWaiting();
    else if (frame) this.#show(frame);
    else this.#startWaiting();
  }

  #startWaiting(allowed = 0): void {
    const { late, problem } = this.#session;
    if (late.peek() || this.#timers.has("late")) return;
    this.#timers.after("late", LATE_AFTER + allowed, () => {
      late.value = true;
      this.#timers.after("silent", SILENT_AFTER, () => {
        problem.value ??= { failure: NO_ANSWER, wish: null };
      });
    });
  }

  #stopWaiting(): void {
    this.#timers.stop("late");
    this.#timers.stop("silent");
    this.#session.late.value = false;
  }

  /** A frame from the kernel; while the slider moves, frames that were passed are shown too. */
  #arrive(frame: Frame, prefetched: boolean): void {
    const { shown, painted, problem, buffered, lost } = this.#session;
    buffered.value++;
    lost.value = null;
    const look = shown.peek();
    if (!look || this.#playback.isRunning) return;
    if (isSameWish(frame, wishOf(look)) && !isFiner(painted.peek(), frame)) return this.#show(frame);
    const isPassing = !prefetched && painted.peek()?.index !== look.index;
    const fits = keyOfSlice(frame.slice) === keyOfSlice(look.slice);
    if (isPassing && fits && !this.#isFed && !problem.peek()?.wish) painted.value = frame;
  }

  #show(frame: Frame): void {
    batch(() => {
      this.#stopWaiting();
      this.#session.problem.value = null;
      this.#session.painted.value = frame;
    });
  }

  #fail(wish: Wish, error: Error): void {
    const shown = this.#session.shown.peek();
    if (!shown || !isSameWish(wish, wishOf(shown))) {
      if (this.#playback.isRunning) this.#endPlaying(describeFailure(error));
      return;
    }
    batch(() => {
      this.#stopWaiting();
      this.#session.problem.value = { failure: describeFailure(error), wish };
      if (this.#playback.isRunning) this.#session.pause();
    });
  }

  #followPlaying(): void {
    const { shown, conductor, keep } = this.#session;
    const look = shown.value;
    const owner = conductor.owner.value;
    const wanted = look?.playing === true && (owner === null || owner === this.#session);
    const slice = look ? keyOfSlice(look.slice) : "";
    const manner = wanted ? `${look.fps}/${look.loop}/${keep.value}/${slice}/${look.overlay}` : "";
    if (manner === this.#manner) return;
    this.#manner = manner;
    untracked(() => (wanted && conductor.claim(this.#session) ? this.#startPlaying() : this.#stopPlaying()));
  }

  #startPlaying(): void {
    const { shown, painted, problem, keep, running } = this.#session;
    const look = shown.peek();
    if (!look) return;
    this.#loader.pause();
    this.#played = look.index;
    const atEnd = look.index === this.#movie.frames - 1;
    const hasFrame = painted.peek()?.index === look.index;
    const from = atEnd ? 0 : look.index + (hasFrame ? 1 : 0);
    const { fps, loop, slice } = look;
    problem.value = null;
    const journey = { from, fps, loop, keep: keep.peek(), slice };
    this.#playback.start(journey);
    if (look.overlay) this.#overlay.feed(journey);
    running.value = journey;
    this.#startWaiting();
  }

  #stopPlaying(): void {
    this.#timers.stop("resume");
    this.#playback.stop();
    this.#overlay.feed(null);
    this.#stopWaiting();
    const { running, conductor, shown } = this.#session;
    running.value = null;
    conductor.release(this.#session);
    const look = shown.peek();
    if (look) this.#want(wishOf(look));
  }

  #jumpWhilePlaying(): void {
    this.#playback.stop();
    this.#overlay.feed(null);
    this.#session.running.value = null;
    this.#timers.after("resume", RESUME_AFTER, () => {
      if (this.#session.shown.peek()?.playing) this.#startPlaying();
    });
  }

  /** A frame of the running movie, or a word on one that can't be read. */
  #showPlayed(passed: Passed): void {
    const { buffered, lost, settings, shown, problem } = this.#session;
    const look = shown.peek();
    this.#played = passed.index;
    buffered.value++;
    batch(() => {
      lost.value = null;
      if ("codes" in passed) this.#show(passed);
      else {
        this.#stopWaiting();
        const wish = { index: passed.index, slice: look?.slice ?? FIRST_SLICE };
        problem.value = { failure: tidyFailure(passed.failure), wish };
      }
      settings.position.value = passed.index;
    });
    this.#startWaiting(1000 / (look?.fps ?? 1));
  }

  #endPlaying(failure: Failure | null): void {
    batch(() => {
      this.#session.pause();
      if (failure) this.#session.problem.value = { failure: tidyFailure(failure), wish: null };
    });
  }
}
