/**
 * What lies on the stage: the frame of the position, or a projection in its place, and how its values become
 * light. Limits set while a projection shows are its own; those of frames are the trait.
 */

import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import type { Failure, Projection } from "../protocol/messages.ts";
import { robustRange } from "./histogram.ts";
import type { Frame, Movie } from "./movie.ts";
import type { Range, Shown } from "./resolve.ts";
import type { ScrubberTraits, Signals } from "./settings.ts";
import { buildUnitScales, type UnitScale } from "./units.ts";

/** A projection on its way or at hand. */
export interface Projected {
  readonly kind: Projection;
  readonly state: "loading" | "ready" | "failed";
  readonly done: number;
  readonly total: number;
  readonly frame: Frame | null;
  readonly failure: Failure | null;
}

interface PictureParts {
  readonly movie: ReadonlySignal<Movie | null>;
  readonly shown: ReadonlySignal<Shown | null>;
  readonly painted: ReadonlySignal<Frame | null>;
  readonly second: ReadonlySignal<Frame | null>;
  readonly settings: Pick<Signals<ScrubberTraits>, "contrast">;
}

/** How values become light. */
export interface Light {
  readonly scale: UnitScale;
  /** In the unit of `scale`. */
  readonly limits: Range;
  readonly automatic: boolean;
  /** Whether the values are a spread, of which the dark level is no part. */
  readonly isSpread: boolean;
}

function lightOf(scale: UnitScale, range: Range, how: Pick<Light, "automatic" | "isSpread">): Light {
  return { scale, limits: [scale.fromValue(range[0]), scale.fromValue(range[1])], ...how };
}

export class Picture {
  readonly projection: Signal<Projected | null> = signal(null);
  readonly frame: ReadonlySignal<Frame | null>;
  /** Of the frame; null until a movie is known. */
  readonly light: ReadonlySignal<Light | null>;
  /** Of the second channel, while two are shown. */
  readonly secondLight: ReadonlySignal<Light | null>;
  readonly #parts: PictureParts;
  /** In value units; null for automatic. */
  readonly #ownRange = signal<{ readonly of: Frame; readonly range: Range } | null>(null);
  /** The robust range of each channel, from its first frame: two channels share no scale, and must not flicker. */
  readonly #channelRanges = new Map<number, { readonly of: Movie; readonly range: Range }>();

  constructor(parts: PictureParts) {
    this.#parts = parts;
    this.frame = computed(() => this.#projected() ?? parts.painted.value);
    this.light = computed(() => this.#light());
    this.secondLight = computed(() => this.#secondLight());
  }

  /** Limits in the unit shown; null for automatic ones. */
  setLimits(limits: Range | null): void {
    const scale = this.light.peek()?.scale;
    const frame = this.#projected();
    const range: Range | null = limits && scale ? [scale.toValue(limits[0]), scale.toValue(limits[1])] : null;
    if (frame) this.#ownRange.value = range && { of: frame, range };
    else this.#parts.settings.contrast.value = range;
  }

  /** The robust range of the picture, once. */
  fitLimits(): void {
    const [frame, movie, light] = [this.frame.peek(), this.#parts.movie.peek(), this.light.peek()];
    if (!frame || !movie || !light) return;
    const [low, high] = robustRange(frame, movie);
    this.setLimits([light.scale.fromValue(low), light.scale.fromValue(high)]);
  }

  #projected(): Frame | null {
    const projection = this.projection.value;
    return this.#parts.shown.value?.projection === projection?.kind ? (projection?.frame ?? null) : null;
  }

  #light(): Light | null {
    const [shown, movie, frame] = [this.#parts.shown.value, this.#parts.movie.value, this.#projected()];
    if (!shown || !movie) return null;
    const { automatic } = shown;
    if (!frame && shown.overlay) return this.#channelLight(shown, movie, this.#parts.painted.value);
    if (!frame) return { scale: shown.scale, limits: shown.limits, automatic, isSpread: false };
    const isSpread = shown.projection === "std";
    const scales = buildUnitScales(movie, { isSpread });
    const scale = scales.find(({ unit }) => unit === shown.scale.unit) ?? (scales[0] as UnitScale);
    const own = this.#ownRange.value;
    if (own?.of === frame) return lightOf(scale, own.range, { automatic: false, isSpread });
    return lightOf(scale, robustRange(frame, movie), { automatic: true, isSpread });
  }

  #secondLight(): Light | null {
    const [shown, movie] = [this.#parts.shown.value, this.#parts.movie.value];
    const frame = this.#parts.second.value;
    return shown && movie && frame && this.#channelLight(shown, movie, frame);
  }

  /** Of one of two channels: limits that were set are for both, automatic ones for each. */
  #channelLight(shown: Shown, movie: Movie, frame: Frame | null): Light {
    const { automatic, scale, contrast, contrastMode } = shown;
    const how = { automatic, isSpread: false };
    if (!automatic || !frame) return lightOf(scale, contrast, how);
    if (contrastMode === "frame") return lightOf(scale, robustRange(frame, movie), how);
    const { channel } = frame.slice;
    const known = this.#channelRanges.get(channel);
    if (known?.of === movie) return lightOf(scale, known.range, how);
    const range = robustRange(frame, movie);
    this.#channelRanges.set(channel, { of: movie, range });
    return lightOf(scale, range, how);
  }
}
