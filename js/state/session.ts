/**
 * A scrubber without its looks: opens a movie, gets and runs its frames, and keeps what the view shows in
 * signals.
 *
 *     const session = new ScrubberSession({ client, settings: freeSettings(SCRUBBER_DEFAULTS).values });
 *     session.open();
 *     effect(() => draw(session.painted.value, session.shown.value));
 */

import { batch, computed, effect, type ReadonlySignal, signal, untracked } from "@preact/signals-core";
import { type Client, isAborted } from "../protocol/client.ts";
import type { Failure, Keep, ProfileResult } from "../protocol/messages.ts";
import { Conductor } from "./conductor.ts";
import { describeFailure } from "./failure.ts";
import { FrameCache } from "./frame-cache.ts";
import { FrameLoader, type Wish } from "./frame-loader.ts";
import { type Frame, type Movie, parseMovie } from "./movie.ts";
import { type Clock, Playback, screenClock } from "./playback.ts";
import { clamp, type Intent, resolve, type Shown } from "./resolve.ts";
import type { ScrubberTraits, Signals } from "./settings.ts";

/** A frame later than this many ms is announced. */
const LATE_AFTER = 150;
/** A kernel silent for this many ms gets a sentence. */
const SILENT_AFTER = 6000;
/** Playing goes on this many ms after the last jump. */
const RESUME_AFTER = 200;
/** The trace is asked for after this many ms of rest. */
const PROFILE_AFTER = 300;

export type Opening =
  | { readonly step: "opening"; readonly silent: boolean }
  | { readonly step: "ready" }
  | { readonly step: "failed"; readonly failure: Failure };

/** What went wrong while the movie was looked at; `wish` is the frame that can't be shown, if it is one. */
export interface Problem {
  readonly failure: Failure;
  readonly wish: Wish | null;
}

export interface SessionParts {
  readonly client: Client;
  readonly settings: Signals<ScrubberTraits>;
  readonly target?: string;
  readonly conductor?: Conductor;
  readonly cache?: FrameCache;
  readonly clock?: Clock;
}

export class ScrubberSession {
  readonly settings: Signals<ScrubberTraits>;
  readonly channel = signal(0);
  readonly keep = signal<Keep>("time");
  readonly opening = signal<Opening>({ step: "opening", silent: false });
  readonly movie = signal<Movie | null>(null);
  readonly painted = signal<Frame | null>(null);
  readonly problem = signal<Problem | null>(null);
  readonly late = signal(false);
  readonly profile = signal<ProfileResult | null>(null);
  /** Counts changes of the cache, for what draws the buffered span. */
  readonly buffered = signal(0);
  readonly shown: ReadonlySignal<Shown | null> = computed(() => this.#resolve());
  readonly cache: FrameCache;

  readonly #client: Client;
  readonly #target: string | undefined;
  readonly #conductor: Conductor;
  readonly #clock: Clock;
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #endings: (() => void)[] = [];
  #abort = new AbortController();
  #loader: FrameLoader | null = null;
  #playback: Playback | null = null;
  /** The position that playing itself has set; any other is a jump. */
  #played = -1;
  /** The frame that the settings last asked for. */
  #wish: Wish | null = null;
  /** How the movie runs now, "" at rest: a change of rate or loop starts it anew. */
  #manner = "";

  constructor({ client, settings, target, conductor, cache, clock }: SessionParts) {
    this.#client = client;
    this.settings = settings;
    this.#target = target;
    this.#conductor = conductor ?? new Conductor();
    this.cache = cache ?? new FrameCache();
    this.#clock = clock ?? screenClock;
    this.#endings.push(client.onEvent((name) => this.#onEvent(name)));
  }

  /** Asks what the movie is; after a failure, asks again. */
  async open(): Promise<void> {
    this.#close();
    this.#abort = new AbortController();
    const { signal: aborted } = this.#abort;
    this.opening.value = { step: "opening", silent: false };
    this.#after("silent", SILENT_AFTER, () => {
      this.opening.value = { step: "opening", silent: true };
    });
    try {
      const { result, buffers } = await this.#client.request("describe", this.#where(), { signal: aborted });
      this.#start(parseMovie(result, buffers));
    } catch (error) {
      if (isAborted(error)) return;
      this.opening.value = { step: "failed", failure: describeFailure(error) };
    } finally {
      if (!aborted.aborted) this.#stopTimer("silent");
    }
  }

  /** Shows another frame; playing goes on from there. */
  seek(index: number): void {
    const movie = this.movie.peek();
    if (movie) this.settings.position.value = clamp(Math.round(index), 0, movie.frames - 1);
  }

  /** Asks again for the frame that could not be shown. */
  retry(): void {
    const wish = this.shown.peek();
    this.problem.value = null;
    if (wish) this.#want(wish);
  }

  step(by: number): void {
    const shown = this.shown.peek();
    if (!shown) return;
    this.pause();
    this.seek(shown.index + by);
  }

  play(): void {
    this.#conductor.claim(this);
    this.settings.playing.value = true;
  }

  pause(): void {
    this.settings.playing.value = false;
  }

  toggle(): void {
    if (this.settings.playing.peek()) this.pause();
    else this.play();
  }

  dispose(): void {
    this.#close();
    for (const end of this.#endings.splice(0)) end();
    this.cache.clear();
  }

  #where(): { target?: string } {
    return this.#target === undefined ? {} : { target: this.#target };
  }

  #resolve(): Shown | null {
    const movie = this.movie.value;
    if (!movie) return null;
    const { position, contrast, colormap, unit, fps, loop, playing } = this.settings;
    const intent: Intent = {
      position: position.value,
      channel: this.channel.value,
      contrast: contrast.value,
      colormap: colormap.value,
      unit: unit.value,
      fps: fps.value,
      loop: loop.value,
      playing: playing.value,
    };
    return resolve(intent, movie);
  }

  #start(movie: Movie): void {
    this.cache.clear();
    const loader = new FrameLoader(this.#client, movie, {
      target: this.#target,
      cache: this.cache,
      onFrame: (frame, { prefetched }) => this.#arrive(frame, prefetched),
      onError: (wish, error) => this.#fail(wish, error),
    });
    this.#loader = loader;
    this.#playback = new Playback({
      client: this.#client,
      movie,
      target: this.#target,
      cache: this.cache,
      clock: this.#clock,
      want: (index, channel) => loader.want({ index, channel }),
      onFrame: (frame) => this.#showPlayed(frame),
      onEnd: (failure) => this.#endPlaying(failure),
    });
    batch(() => {
      this.movie.value = movie;
      this.painted.value = null;
      this.problem.value = null;
      this.opening.value = { step: "ready" };
    });
    this.#endings.push(
      effect(() => this.#followPosition()),
      effect(() => this.#followPlaying()),
    );
    this.#after("profile", PROFILE_AFTER, () => this.#askProfile());
  }

  /** Ends everything that belongs to one opening. */
  #close(): void {
    this.#abort.abort();
    this.#playback?.stop();
    this.#loader?.dispose();
    this.#playback = null;
    this.#loader = null;
    this.#wish = null;
    this.#manner = "";
    this.movie.value = null;
    for (const end of this.#endings.splice(1)) end();
    for (const name of [...this.#timers.keys()]) this.#stopTimer(name);
    this.#conductor.release(this);
  }

  #followPosition(): void {
    const shown = this.shown.value;
    if (!shown) return;
    const { index, channel } = shown;
    if (isSame(this.#wish, { index, channel })) return;
    this.#wish = { index, channel };
    untracked(() => {
      const running = this.#playback?.isRunning ?? false;
      if (running && index === this.#played) return;
      if (running || this.#timers.has("resume")) this.#jumpWhilePlaying();
      this.problem.value = null;
      this.#want({ index, channel });
    });
  }

  #want(wish: Wish): void {
    if (isSame(this.painted.peek(), wish)) return this.#stopLate();
    const frame = this.#loader?.want(wish);
    if (frame) this.#show(frame);
    else this.#startLate();
  }

  #startLate(allowed = 0): void {
    if (this.late.peek() || this.#timers.has("late")) return;
    this.#after("late", LATE_AFTER + allowed, () => {
      this.late.value = true;
    });
  }

  #stopLate(): void {
    this.#stopTimer("late");
    this.late.value = false;
  }

  /** A frame from the kernel; while the slider moves, frames that were passed are shown too. */
  #arrive(frame: Frame, prefetched: boolean): void {
    this.buffered.value++;
    const shown = this.shown.peek();
    if (!shown || this.#playback?.isRunning || frame.channel !== shown.channel) return;
    if (frame.index === shown.index) this.#show(frame);
    else if (!prefetched && this.painted.peek()?.index !== shown.index && !this.problem.peek()) {
      this.painted.value = frame;
    }
  }

  #show(frame: Frame): void {
    batch(() => {
      this.#stopLate();
      this.problem.value = null;
      this.painted.value = frame;
    });
  }

  #fail(wish: Wish, error: Error): void {
    const shown = this.shown.peek();
    if (!shown || !isSame(wish, shown)) {
      if (this.#playback?.isRunning) this.#endPlaying(describeFailure(error));
      return;
    }
    batch(() => {
      this.#stopLate();
      this.problem.value = { failure: describeFailure(error), wish };
      if (this.#playback?.isRunning) this.pause();
    });
  }

  #followPlaying(): void {
    const shown = this.shown.value;
    const owner = this.#conductor.owner.value;
    const keep = this.keep.value;
    const wanted = shown?.playing === true && (owner === null || owner === this);
    const { fps, loop, channel } = shown ?? { fps: 0, loop: false, channel: 0 };
    const manner = wanted ? `${fps}/${loop}/${keep}/${channel}` : "";
    if (manner === this.#manner) return;
    this.#manner = manner;
    untracked(() => (wanted && this.#conductor.claim(this) ? this.#startPlaying() : this.#stopPlaying()));
  }

  #startPlaying(): void {
    const shown = this.shown.peek();
    const movie = this.movie.peek();
    if (!shown || !movie) return;
    this.#loader?.pause();
    this.#played = shown.index;
    const atEnd = shown.index === movie.frames - 1;
    const hasFrame = this.painted.peek()?.index === shown.index;
    const next = atEnd ? 0 : shown.index + (hasFrame ? 1 : 0);
    const { fps, loop, channel } = shown;
    this.problem.value = null;
    this.#playback?.start({ from: next, fps, loop, keep: this.keep.peek(), channel });
    this.#startLate();
  }

  #stopPlaying(): void {
    this.#stopTimer("resume");
    this.#playback?.stop();
    this.#stopLate();
    this.#conductor.release(this);
    const shown = this.shown.peek();
    if (shown) this.#want(shown);
  }

  #jumpWhilePlaying(): void {
    this.#playback?.stop();
    this.#after("resume", RESUME_AFTER, () => {
      if (this.shown.peek()?.playing) this.#startPlaying();
    });
  }

  #showPlayed(frame: Frame): void {
    this.#played = frame.index;
    this.buffered.value++;
    batch(() => {
      this.#show(frame);
      this.settings.position.value = frame.index;
    });
    this.#startLate(1000 / (this.shown.peek()?.fps ?? 1));
  }

  #endPlaying(failure: Failure | null): void {
    batch(() => {
      this.pause();
      if (failure) this.problem.value = { failure, wish: null };
    });
  }

  async #askProfile(): Promise<void> {
    if (this.#playback?.isRunning) return this.#after("profile", PROFILE_AFTER, () => this.#askProfile());
    try {
      const { result } = await this.#client.request("profile", this.#where(), { signal: this.#abort.signal });
      this.profile.value = result;
    } catch {
      // the trace is an ornament: a movie without one is whole
    }
  }

  #onEvent(name: string): void {
    if (name !== "closed") return;
    const failure = {
      code: "closed",
      message: "The kernel has let go of this movie.",
      hint: "Run the cell again to open it.",
    };
    if (this.movie.peek()) this.#endPlaying(failure);
    else this.opening.value = { step: "failed", failure };
  }

  #after(name: string, delay: number, action: () => void): void {
    this.#stopTimer(name);
    const timer = setTimeout(() => {
      this.#timers.delete(name);
      action();
    }, delay);
    this.#timers.set(name, timer);
  }

  #stopTimer(name: string): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }
}

function isSame(a: Wish | null, b: Wish): boolean {
  return a !== null && a.index === b.index && a.channel === b.channel;
}
