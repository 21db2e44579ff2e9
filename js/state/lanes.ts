/**
 * What is drawn under the slider, lane by lane: where each lies, what it is called, what it shows.
 *
 * Places are frames, also between two of them: what has seconds is put where its seconds fall.
 */

import type { ProfileResult } from "../protocol/messages.ts";
import type { Movie } from "./movie.ts";
import type { RegionTrace } from "./region-traces.ts";
import type { Series } from "./series.ts";

export interface Line {
  readonly length: number;
  /** Frame of a point; need not be whole. */
  place(i: number): number;
  value(i: number): number;
  readonly spread?: (i: number) => number;
}

export interface Lane {
  readonly name: string;
  readonly unit: string;
  readonly height: number;
  readonly color: string | null;
  readonly line: Line | null;
  /** Frames of events. */
  readonly marks: Float64Array | null;
  /** In place of a line: how far it is, or why there is none. */
  readonly note: string;
}

const LINE_HEIGHT = 28;
const MARKS_HEIGHT = 16;
const NO_TIME = "needs the movie's frame rate";

/** The frame, between two where it must be, at a time; null where the movie has no time. */
export function placeOfSeconds(movie: Movie, seconds: number): number | null {
  const { times, frame_rate } = movie;
  if (!times) return frame_rate ? seconds * frame_rate : null;
  let [low, high] = [0, times.length - 1];
  if (high < 1) return 0;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) <= seconds) low = middle;
    else high = middle;
  }
  const [before, after] = [times[low] as number, times[high] as number];
  return after > before ? low + (seconds - before) / (after - before) : low;
}

export function lineOfProfile({ indices, values }: ProfileResult): Line {
  return {
    length: values.length,
    place: (i) => indices[i] ?? 0,
    value: (i) => values[i] ?? Number.NaN,
  };
}

function lanesOfSeries(series: Series, movie: Movie): Lane[] {
  const hasTime = placeOfSeconds(movie, 0) !== null;
  const placed = (seconds: Float64Array) =>
    hasTime ? seconds.map((second) => placeOfSeconds(movie, second) as number) : null;
  const note = hasTime ? "" : NO_TIME;
  const traces = series.traces.map(({ name, unit, seconds, values }): Lane => {
    const places = placed(seconds);
    const line = places && {
      length: values.length,
      place: (i: number) => places[i] as number,
      value: (i: number) => values[i] as number,
    };
    return { name, unit, height: LINE_HEIGHT, color: null, line, marks: null, note };
  });
  const events = series.events.map(({ name, seconds }): Lane => {
    const marks = placed(seconds);
    return { name, unit: "", height: MARKS_HEIGHT, color: null, line: null, marks, note };
  });
  return [...events, ...traces];
}

function noteOfTrace({ state, done, total, message }: RegionTrace): string {
  if (state === "failed") return message;
  if (state === "ready") return "";
  return total > 0 ? `${Math.floor((100 * done) / total)} %` : "waiting";
}

function laneOfRegion(trace: RegionTrace): Lane {
  const { name, unit, color, values, band } = trace;
  const line = {
    length: values.length,
    place: (i: number) => i,
    value: (i: number) => values[i] as number,
    ...(band ? { spread: (i: number) => band[i] as number } : {}),
  };
  const shown = trace.state === "ready" ? line : null;
  return { name, unit, height: LINE_HEIGHT, color, line: shown, marks: null, note: noteOfTrace(trace) };
}

export function buildLanes(
  movie: Movie,
  series: Series,
  regions: ReadonlyMap<string, RegionTrace>,
): readonly Lane[] {
  return [...lanesOfSeries(series, movie), ...[...regions.values()].map(laneOfRegion)];
}

/** The value of a line at a frame: of the last point at or before it; null where there is none. */
export function valueAtPlace(line: Line, place: number): number | null {
  let [low, high] = [0, line.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (line.place(middle) <= place) low = middle + 1;
    else high = middle;
  }
  return low > 0 ? line.value(low - 1) : null;
}

/** Frames of all events, ascending, each once. */
export function eventFrames(lanes: readonly Lane[], frames: number): readonly number[] {
  const all = new Set<number>();
  for (const { marks } of lanes)
    for (const mark of marks ?? []) {
      const frame = Math.round(mark);
      if (frame >= 0 && frame < frames) all.add(frame);
    }
  return [...all].sort((a, b) => a - b);
}
