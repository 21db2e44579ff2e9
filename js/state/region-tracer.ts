/**
 * Gets the trace of each region and of the selected mask, one after the other, and again when a region has
 * changed. Of a long movie only what is asked for is read. What one view of a movie has, or is being sent, its
 * other views take from it.
 */

import { computed, effect, type ReadonlySignal, type Signal, signal, untracked } from "@preact/signals-core";
import { readFloat32 } from "../protocol/buffers.ts";
import { isAborted } from "../protocol/client.ts";
import type { Quantity, TraceParams, TraceResult } from "../protocol/messages.ts";
import type { Conductor } from "./conductor.ts";
import { describeFailure } from "./failure.ts";
import { colorOfMask, type Mask } from "./masks.ts";
import { paramsOfSlice } from "./movie.ts";
import type { RegionEditor } from "./region-editor.ts";
import type { RegionTrace } from "./region-traces.ts";
import type { ScrubberSession } from "./session.ts";

/** Movies of at most this many pixels are read without being asked. */
const SMALL = 4e8;
/** A region is read once it has rested for this many ms. */
const REST = 250;

interface Source {
  readonly key: string;
  readonly name: string;
  readonly color: string;
  readonly params: TraceParams;
}

type Found = Pick<RegionTrace, "unit" | "values" | "band" | "done" | "total">;
type Tell = (done: number, total: number) => void;

/** One trace on its way. */
class Reading {
  readonly key: string;
  /** What it is made of. */
  readonly made: string;
  readonly abort = new AbortController();
  /** Who hears how far it is. */
  readonly hearers = new Set<Tell>();
  /** Set while this very view is asking the kernel. */
  asked: Promise<Found> | null = null;

  constructor({ key, params }: Source) {
    this.key = key;
    this.made = JSON.stringify(params);
  }
}

/** The tracers of all views that share a conductor, which are those of one movie. */
const siblings = new WeakMap<Conductor, Set<RegionTracer>>();

function siblingsOf(conductor: Conductor): Set<RegionTracer> {
  const known = siblings.get(conductor) ?? new Set();
  siblings.set(conductor, known);
  return known;
}

export function keyOfMask(mask: number): string {
  return `mask:${mask}`;
}

export class RegionTracer {
  readonly quantity: Signal<Quantity> = signal("mean");
  /** Percentile of the trace that counts as rest. */
  readonly baseline = signal(10);
  readonly traces: Signal<ReadonlyMap<string, RegionTrace>>;
  readonly #session: ScrubberSession;
  readonly #masks: ReadonlySignal<readonly Mask[]>;
  /** Channel and further axes as JSON: it stays the same while the movie plays. */
  readonly #plane: ReadonlySignal<string>;
  readonly #stop: () => void;
  /** What each trace was, or is being, made of. */
  readonly #made = new Map<string, string>();
  #sources = new Map<string, Source>();
  readonly #siblings: Set<RegionTracer>;
  #running: Reading | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(session: ScrubberSession, masks: ReadonlySignal<readonly Mask[]>) {
    this.#session = session;
    this.#masks = masks;
    this.traces = session.regionTraces;
    this.#siblings = siblingsOf(session.conductor).add(this);
    this.#plane = computed(() => {
      const shown = session.shown.value;
      const plane = shown && paramsOfSlice({ channel: shown.channel, at: shown.at, step: 1, mean: 1 });
      return JSON.stringify(plane ?? {});
    });
    this.#stop = effect(() => {
      const sources = this.#collect(session.regions);
      untracked(() => this.#follow(sources));
    });
  }

  /** Whether traces come without being asked for. */
  get isEager(): boolean {
    const movie = this.#session.movie.peek();
    if (movie === null || this.#session.isSaved) return false;
    return movie.frames * movie.height * movie.width <= SMALL;
  }

  /** Reads a trace, or reads it again. */
  ask(key: string): void {
    const source = this.#sources.get(key);
    if (source) this.#queue(source);
    this.#pump();
  }

  cancel(key: string): void {
    const trace = this.traces.peek().get(key);
    if (trace?.state !== "loading") return;
    if (this.#running?.key === key) this.#running.abort.abort();
    this.#put(key, { ...trace, state: "failed", message: "Stopped." });
  }

  dispose(): void {
    this.#siblings.delete(this);
    this.#stop();
    clearTimeout(this.#timer);
    this.#running?.abort.abort();
    this.traces.value = new Map();
  }

  #collect(editor: RegionEditor): Map<string, Source> {
    const mask = this.#session.settings.mask.value;
    const [quantity, baseline] = [this.quantity.value, this.baseline.value];
    const rest = {
      ...JSON.parse(this.#plane.value),
      quantity,
      baseline: quantity === "dff" ? baseline : null,
    };
    const sources = editor.regions.value.map(({ id, name, color, kind, points }) => ({
      key: id,
      name,
      color,
      params: { roi: { kind, points }, ...rest },
    }));
    const masks = this.#masks.value;
    const name = masks[mask]?.name;
    const given: Source[] =
      name === undefined
        ? []
        : [
            {
              key: keyOfMask(mask),
              name,
              color: colorOfMask(mask),
              params: { roi: { kind: "mask", mask }, ...rest },
            },
          ];
    return new Map([...sources, ...given].map((source) => [source.key, source]));
  }

  #follow(sources: Map<string, Source>): void {
    this.#sources = sources;
    for (const key of this.traces.peek().keys()) if (!sources.has(key)) this.#drop(key);
    for (const source of sources.values()) {
      const trace = this.traces.peek().get(source.key);
      if (trace && (trace.name !== source.name || trace.color !== source.color))
        this.#put(source.key, { ...trace, name: source.name, color: source.color });
      const isStale = this.#made.get(source.key) !== JSON.stringify(source.params);
      // of a long movie only a trace that was asked for is kept up to date
      if (isStale && (this.isEager || (trace && trace.state !== "failed"))) this.#queue(source);
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#pump(), REST);
  }

  #queue({ key, name, color, params }: Source): void {
    const old = this.traces.peek().get(key);
    this.#made.set(key, JSON.stringify(params));
    if (this.#running?.key === key) this.#running.abort.abort();
    const none = { unit: "", values: new Float32Array(0), band: null };
    const begun = { name, color, state: "loading", done: 0, total: 0, message: "" } as const;
    this.#put(key, { ...none, ...old, ...begun });
  }

  #put(key: string, trace: RegionTrace): void {
    this.traces.value = new Map(this.traces.peek()).set(key, trace);
  }

  #drop(key: string): void {
    const rest = new Map(this.traces.peek());
    rest.delete(key);
    this.traces.value = rest;
    this.#made.delete(key);
    if (this.#running?.key === key) this.#running.abort.abort();
  }

  /** The selected one first. */
  #pump(): void {
    if (this.#running) return;
    const selected = this.#session.regions.selected.peek();
    const waiting = [...this.#sources.values()].filter(
      ({ key }) => this.traces.peek().get(key)?.state === "loading",
    );
    const next = waiting.find(({ key }) => key === selected) ?? waiting[0];
    if (next) void this.#read(next);
  }

  async #read(source: Source): Promise<void> {
    const { key } = source;
    const reading = new Reading(source);
    this.#running = reading;
    const change = (changes: Partial<RegionTrace>) => {
      const trace = this.traces.peek().get(key);
      const isCurrent = this.#made.get(key) === reading.made && !reading.abort.signal.aborted;
      if (trace && isCurrent) this.#put(key, { ...trace, ...changes });
    };
    try {
      const found = await this.#find(source, reading, (done, total) => change({ done, total }));
      change({ ...found, state: "ready" });
    } catch (error) {
      if (!isAborted(error)) {
        const { message, hint } = describeFailure(error);
        change({ state: "failed", message: `${message} ${hint}`.trim() });
      }
    } finally {
      this.#running = null;
    }
    this.#pump();
  }

  /** From another view, or else from the kernel. */
  async #find({ params }: Source, reading: Reading, tell: Tell): Promise<Found> {
    const { made, abort } = reading;
    while (!abort.signal.aborted) {
      const others = [...this.#siblings].filter((one) => one !== this);
      const known = others.map((one) => one.#knows(made)).find((one) => one !== null);
      if (known) return known;
      const asking = others.map((one) => one.#running).find((one) => one?.made === made && one.asked);
      if (!asking?.asked) break;
      asking.hearers.add(tell);
      try {
        return await orAborted(asking.asked, abort.signal);
      } catch (error) {
        // the other view has given it up, and this one has not
        if (!isAborted(error)) throw error;
      } finally {
        asking.hearers.delete(tell);
      }
    }
    reading.hearers.add(tell);
    reading.asked = this.#ask(params, reading);
    return await reading.asked;
  }

  async #ask(params: TraceParams, { abort, hearers }: Reading): Promise<Found> {
    const onProgress: Tell = (done, total) => {
      for (const tell of hearers) tell(done, total);
    };
    const { result, buffers } = await this.#session.request("trace", params, {
      signal: abort.signal,
      onProgress,
    });
    return parseTrace(result, buffers);
  }

  /** The values of what is made alike, where they are here. */
  #knows(made: string): Found | null {
    for (const [key, trace] of this.traces.peek())
      if (trace.state === "ready" && this.#made.get(key) === made) return pickFound(trace);
    return null;
  }
}

function pickFound({ unit, values, band, done, total }: RegionTrace): Found {
  return { unit, values, band, done, total };
}

/** Rejects as soon as the signal says so, whatever becomes of the work. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort);
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function parseTrace({ unit, frames, has_band }: TraceResult, buffers: readonly DataView[]): Found {
  const values = readFloat32(buffers[0], frames, "trace");
  const band = has_band ? readFloat32(buffers[1], frames, "band") : null;
  return { unit, values, band, done: frames, total: frames };
}
