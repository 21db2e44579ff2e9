/**
 * The small state that outlives a view: signals, bound to a model's traits or free.
 *
 *     const settings = bindSettings(model, SCRUBBER_DEFAULTS);
 *     settings.values.position.value = 17;   // reaches Python within 100 ms
 */

import type { AnyModel } from "@anywidget/types";
import { effect, type Signal, signal } from "@preact/signals-core";
import type { Keep, Projection, RegionShape } from "../protocol/messages.ts";

export interface ScrubberTraits {
  position: number;
  /** 0 for the movie's own. */
  fps: number;
  /** In value units; null for automatic. */
  contrast: readonly number[] | null;
  colormap: string;
  playing: boolean;
  unit: string;
  loop: boolean;
  gamma: number;
  contrast_mode: "movie" | "frame";
  channel: number;
  /** Positions on the movie's further axes. */
  at: readonly number[];
  /** The first two channels in green and magenta. */
  overlay: boolean;
  /** How many frames, the one at `position` last, are averaged. */
  rolling: number;
  projection: "" | Projection;
  /** [y0, x0, y1, x1] in pixel-edge coordinates; null for the whole frame. */
  viewport: readonly number[] | null;
  keep: Keep;
  /** The given mask that is selected, or -1. */
  mask: number;
  rois: readonly Region[];
}

/** A drawn region, as Python has it too. */
export interface Region extends RegionShape {
  readonly id: string;
  readonly name: string;
  /** `#rrggbb` */
  readonly color: string;
}

export const SCRUBBER_DEFAULTS: ScrubberTraits = {
  position: 0,
  fps: 0,
  contrast: null,
  colormap: "gray",
  playing: false,
  unit: "counts",
  loop: true,
  gamma: 1,
  contrast_mode: "movie",
  channel: 0,
  at: [],
  overlay: false,
  rolling: 1,
  projection: "",
  viewport: null,
  keep: "time",
  mask: -1,
  rois: [],
};

export interface BrowserTraits {
  selected: string;
  expanded: readonly string[];
}

export const BROWSER_DEFAULTS: BrowserTraits = { selected: "", expanded: [] };

export type Signals<T> = { readonly [K in keyof T]: Signal<T[K]> };

export interface Settings<T> {
  readonly values: Signals<T>;
  dispose(): void;
}

const SAVE_INTERVAL = 100;

function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function entries<T extends object>(defaults: T): [keyof T & string, T[keyof T]][] {
  return Object.entries(defaults) as [keyof T & string, T[keyof T]][];
}

/** Settings of a view that has no model of its own. */
export function freeSettings<T extends object>(defaults: T): Settings<T> {
  const values = Object.fromEntries(entries(defaults).map(([name, value]) => [name, signal(value)]));
  return { values: values as unknown as Signals<T>, dispose: () => undefined };
}

/** Saves `SAVE_INTERVAL` ms after a change all that has changed by then: a frame that is asked for goes first. */
function throttleSave(save: () => void): { request(): void; flush(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    save();
  };
  return {
    request() {
      timer ??= setTimeout(flush, SAVE_INTERVAL);
    },
    flush,
  };
}

/** Settings tied both ways to the traits of a model. A trait that the model lacks keeps its default. */
export function bindSettings<T extends object>(model: AnyModel, defaults: T): Settings<T> {
  const saver = throttleSave(() => model.save_changes());
  const endings: (() => void)[] = [];
  const bind = <V>(name: string, fallback: V): Signal<V> => {
    const read = (): V => (model.get(name) as V | undefined) ?? fallback;
    const value = signal(read());
    const onChange = () => {
      if (!isSame(value.peek(), read())) value.value = read();
    };
    model.on(`change:${name}`, onChange);
    const stop = effect(() => {
      if (isSame(value.value, read())) return;
      model.set(name, value.value);
      saver.request();
    });
    endings.push(stop, () => model.off(`change:${name}`, onChange));
    return value;
  };
  const values = Object.fromEntries(entries(defaults).map(([name, value]) => [name, bind(name, value)]));
  return {
    values: values as unknown as Signals<T>,
    dispose() {
      saver.flush();
      for (const end of endings.splice(0)) end();
    },
  };
}
