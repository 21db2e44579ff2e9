/**
 * A scrubber without its looks: opens a movie, gets and runs its frames, and keeps what the view shows in
 * signals.
 *
 *     const session = new ScrubberSession({ client, settings: freeSettings(SCRUBBER_DEFAULTS).values });
 *     session.open();
 *     effect(() => draw(session.painted.value, session.shown.value));
 */

import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import { type Answer, type Client, isAborted, type RequestOptions } from "../protocol/client.ts";
import type { Failure, Keep, Method, Methods } from "../protocol/messages.ts";
import { Conductor } from "./conductor.ts";
import { type HeldMovie, nearestSaved, type SavedMovie } from "./embedded.ts";
import { Engine } from "./engine.ts";
import { CLOSED, describeFailure, GONE } from "./failure.ts";
import { FirstFrame } from "./first-frame.ts";
import { FrameCache } from "./frame-cache.ts";
import type { Wish } from "./frame-loader.ts";
import { robustRange } from "./histogram.ts";
import type { Mask } from "./masks.ts";
import { type Frame, type Movie, parseMovie } from "./movie.ts";
import { Picture } from "./picture.ts";
import { type Clock, screenClock } from "./playback.ts";
import { RegionEditor } from "./region-editor.ts";
import type { RegionTrace } from "./region-traces.ts";
import { clamp, type Intent, type Range, resolve, type Shown } from "./resolve.ts";
import { SeriesLoader } from "./series.ts";
import type { ScrubberTraits, Signals } from "./settings.ts";
import type { Journey } from "./sources.ts";
import { Timers } from "./timers.ts";

/** A kernel silent for this many ms gets a sentence. */
const SILENT_AFTER = 6000;
/** A kernel that was doubted has this many ms to answer. */
const CHECK_FOR = 10_000;
/** A page that holds frames shows them when no kernel has answered for this many ms. */
const SAVED_AFTER = 1500;
/** The mean trace and what lies under it are asked for after this many ms. */
const SERIES_AFTER = 300;

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
  /** What the page itself holds of the movie: it plays where no kernel answers. */
  readonly saved?: SavedMovie;
  /** What it is given to begin with, before any kernel is asked. */
  readonly headStart?: HeldMovie;
}

export class ScrubberSession {
  readonly settings: Signals<ScrubberTraits>;
  readonly target: string | undefined;
  readonly channel: Signal<number>;
  readonly keep: Signal<Keep>;
  /** Pixels of the movie, each way, that one pixel of a frame may stand for; the picture sets it. */
  readonly step = signal(1);
  readonly opening = signal<Opening>({ step: "opening", silent: false });
  readonly movie = signal<Movie | null>(null);
  readonly painted = signal<Frame | null>(null);
  /** The second channel's frame, while two are shown over each other. */
  readonly second = signal<Frame | null>(null);
  readonly problem = signal<Problem | null>(null);
  /** Set once the kernel has gone; frames at hand still show. */
  readonly lost = signal<Failure | null>(null);
  readonly late = signal(false);
  readonly running = signal<Journey | null>(null);
  /** Filled by what draws regions. */
  readonly regionTraces: Signal<ReadonlyMap<string, RegionTrace>> = signal(new Map());
  /** Counts changes of the cache, for what draws the buffered span. */
  readonly buffered = signal(0);
  readonly shown: ReadonlySignal<Shown | null> = computed(() => this.#resolve());
  readonly cache: FrameCache;
  readonly series: SeriesLoader;
  readonly client: Client;

  /** Whether what is shown comes from the page itself, without a kernel. */
  isSaved = false;
  readonly conductor: Conductor;
  readonly clock: Clock;
  readonly picture = new Picture(this);
  readonly regions: RegionEditor;
  readonly masks: Signal<readonly Mask[]> = signal([]);
  readonly #saved: SavedMovie | undefined;
  #headStart: HeldMovie | undefined;
  readonly #timers = new Timers();
  #isPlaced = false;
  #abort = new AbortController();
  #engine: Engine | null = null;
  readonly #stopDoubting: () => void;
  readonly #stopHearing: () => void;
  readonly #frameRange: ReadonlySignal<Range | null> = computed(() => {
    const [movie, frame] = [this.movie.value, this.painted.value];
    if (this.settings.contrast_mode.value !== "frame" || !movie || !frame) return null;
    return robustRange(frame, movie);
  });

  constructor({ client, settings, target, conductor, cache, clock, saved, headStart }: SessionParts) {
    this.client = client;
    this.settings = settings;
    this.regions = new RegionEditor(settings);
    this.target = target;
    this.channel = settings.channel;
    this.keep = settings.keep;
    this.cache = cache ?? new FrameCache();
    this.series = new SeriesLoader(this);
    this.conductor = conductor ?? new Conductor();
    this.clock = clock ?? screenClock;
    this.#saved = saved;
    this.#headStart = headStart;
    this.#stopHearing = client.onEvent((name) => name === "closed" && this.#lose(CLOSED));
    this.#stopDoubting = client.onDoubt(() => void this.#checkLine());
  }

  /** Asks what the movie is; after a failure, asks again. */
  async open(): Promise<void> {
    this.#close();
    this.#abort = new AbortController();
    const { signal: aborted } = this.#abort;
    this.lost.value = null;
    this.isSaved = false;
    this.opening.value = { step: "opening", silent: false };
    if (this.#takeHeadStart()) return;
    this.#timers.after("silent", SILENT_AFTER, () => {
      this.opening.value = { step: "opening", silent: true };
    });
    if (this.#saved) this.#timers.after("saved", SAVED_AFTER, () => this.#openSaved());
    try {
      const described = this.request("describe", {}, { signal: aborted });
      const first = new FirstFrame(this);
      aborted.addEventListener("abort", () => first.giveUp());
      const { result, buffers } = await described;
      const movie = parseMovie(result, buffers);
      const frame = await first.of(movie);
      if (!aborted.aborted) this.#start(movie, frame ? [frame] : []);
    } catch (error) {
      if (isAborted(error)) return;
      this.opening.value = { step: "failed", failure: describeFailure(error) };
    } finally {
      if (!aborted.aborted) for (const name of ["silent", "saved"]) this.#timers.stop(name);
    }
  }

  /** Shows the movie that was given to begin with, once, where its frame is the one that is wanted. */
  #takeHeadStart(): boolean {
    const [head, { position, channel, at, overlay, rolling, projection }] = [this.#headStart, this.settings];
    this.#headStart = undefined;
    const isPlain = channel.peek() === 0 && at.peek().length === 0 && rolling.peek() === 1;
    if (!head || !isPlain || overlay.peek() || projection.peek() !== "") return false;
    if (!head.frames.some(({ index }) => index === position.peek())) return false;
    this.#start(head.movie, head.frames);
    void this.#hearKernel();
    return true;
  }

  /** What was given is no sign that a kernel is there. */
  async #hearKernel(): Promise<void> {
    this.#timers.after("hear", CHECK_FOR, () => this.#lose(GONE));
    try {
      await this.request("describe", {}, { signal: this.#abort.signal });
      this.lost.value = null;
    } catch (error) {
      if (!isAborted(error)) this.#lose(describeFailure(error));
    }
    this.#timers.stop("hear");
  }

  /** Asks the kernel about this movie. */
  request<M extends Method>(
    method: M,
    params: Methods[M]["params"],
    options: RequestOptions = {},
  ): Promise<Answer<M>> {
    const where = this.target === undefined ? {} : { target: this.target };
    return this.client.request(method, { ...where, ...params }, options);
  }

  /** Ends with this opening of the movie. */
  get aborted(): AbortSignal {
    return this.#abort.signal;
  }

  /** Shows another frame; playing goes on from there. */
  seek(index: number): void {
    const movie = this.movie.peek();
    if (movie) this.settings.position.value = clamp(Math.round(index), 0, movie.frames - 1);
  }

  /** Asks again for the frame that could not be shown. */
  retry(): void {
    this.#engine?.retry();
  }

  move(by: number): void {
    const shown = this.shown.peek();
    if (!shown) return;
    this.pause();
    this.seek(shown.index + by);
  }

  play(): void {
    this.conductor.claim(this);
    this.settings.playing.value = true;
  }

  pause(): void {
    this.settings.playing.value = false;
  }

  toggle(): void {
    if (this.settings.playing.peek()) this.pause();
    else this.play();
  }

  /** Lets the cache be filled beside another movie that runs; null ends it. */
  feed(journey: Journey | null): void {
    this.#engine?.feed(journey);
  }

  dispose(): void {
    this.#close();
    this.#stopHearing();
    this.#stopDoubting();
    this.cache.clear();
  }

  #resolve(): Shown | null {
    const movie = this.movie.value;
    if (!movie) return null;
    const { position, channel, at, contrast, contrast_mode, gamma, colormap, unit } = this.settings;
    const { fps, loop, playing, overlay, rolling, projection } = this.settings;
    const intent: Intent = {
      position: position.value,
      channel: channel.value,
      at: at.value,
      step: this.step.value,
      rolling: this.isSaved ? 1 : rolling.value,
      overlay: overlay.value,
      projection: projection.value,
      contrast: contrast.value,
      contrastMode: contrast_mode.value,
      frameRange: this.#frameRange.value,
      gamma: gamma.value,
      colormap: colormap.value,
      unit: unit.value,
      fps: fps.value,
      loop: loop.value,
      playing: playing.value,
    };
    return resolve(intent, movie);
  }

  #start(movie: Movie, frames: readonly Frame[] = []): void {
    this.cache.clear();
    for (const frame of frames) this.cache.add(frame);
    batch(() => {
      this.movie.value = movie;
      this.painted.value = null;
      this.second.value = null;
      this.problem.value = null;
      this.opening.value = { step: "ready" };
    });
    this.#engine = new Engine(this, movie);
    this.#loadSeriesAtRest(movie);
  }

  /** Nobody answers: shows what the page holds, which needs nobody. */
  #openSaved(): void {
    const saved = this.#saved;
    if (!saved) return;
    this.#close();
    this.isSaved = true;
    const { position } = this.settings;
    // it was saved as a frame of the whole movie
    if (!this.#isPlaced) position.value = nearestSaved(saved, position.peek());
    this.#isPlaced = true;
    this.#start(saved.movie, saved.frames);
  }

  #loadSeriesAtRest(movie: Movie): void {
    if (this.isSaved) return;
    this.#timers.after("series", SERIES_AFTER, () => {
      if (this.running.peek()) this.#loadSeriesAtRest(movie);
      else void this.series.load(movie);
    });
  }

  /** Ends everything that belongs to one opening. */
  #close(): void {
    this.#abort.abort();
    this.#engine?.dispose();
    this.#engine = null;
    this.#timers.stopAll();
    this.movie.value = null;
    this.conductor.release(this);
  }

  /** The host tells of a change of the line: an answer shows that it still stands. */
  async #checkLine(): Promise<void> {
    if (this.isSaved || this.#timers.has("check") || this.opening.peek().step === "failed") return;
    const patience = new AbortController();
    this.#timers.after("check", CHECK_FOR, () => patience.abort());
    this.#lose(GONE);
    try {
      await this.request("describe", {}, { signal: patience.signal });
      this.lost.value = null;
    } catch {
      // no answer: what was said stays
    }
    this.#timers.stop("check");
  }

  #lose(failure: Failure): void {
    if (!this.movie.peek()) this.opening.value = { step: "failed", failure };
    else
      batch(() => {
        this.pause();
        this.lost.value = failure;
      });
  }
}
