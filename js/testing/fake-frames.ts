/** What a kernel computes from a movie: binned and averaged frames, projections, traces, as plain loops. */

import type { Making, Plane, Projection, Quantity, RegionShape } from "../protocol/messages.ts";
import { containsPoint } from "../state/regions.ts";
import type { FakeMovie } from "./fake-movie.ts";

export interface Answer {
  readonly result: unknown;
  readonly buffers: readonly DataView[];
}

export type Wanted = Plane & Making & { readonly index: number };

function valuesOf(movie: FakeMovie, index: number, { channel = 0, at = [] }: Plane): Float32Array {
  const codes = movie.frame(index, channel, at);
  return Float32Array.from({ length: codes.byteLength }, (_, i) => movie.table[codes.getUint8(i)] ?? 0);
}

function averageFrames(movie: FakeMovie, { index, mean = 1, ...plane }: Wanted): Float32Array {
  const first = Math.max(0, index - mean + 1);
  const sum = new Float32Array(movie.facts.height * movie.facts.width);
  for (let i = first; i <= index; i++)
    valuesOf(movie, i, plane).forEach((value, at) => {
      sum[at] = (sum[at] ?? 0) + value / (index - first + 1);
    });
  return sum;
}

function bin(values: Float32Array, [height, width]: readonly [number, number], step: number): Float32Array {
  const [rows, columns] = [Math.ceil(height / step), Math.ceil(width / step)];
  const [sums, counts] = [new Float32Array(rows * columns), new Float32Array(rows * columns)];
  values.forEach((value, i) => {
    const at = Math.floor(i / width / step) * columns + Math.floor((i % width) / step);
    sums[at] = (sums[at] ?? 0) + value;
    counts[at] = (counts[at] ?? 0) + 1;
  });
  return sums.map((sum, at) => sum / (counts[at] || 1));
}

/** A frame as asked for: codes where nothing is computed, values where something is. */
export function answerFrame(movie: FakeMovie, wanted: Wanted): Answer {
  const { index, channel = 0, at = [], step = 1, mean = 1 } = wanted;
  const { height, width } = movie.facts;
  if (step === 1 && mean === 1)
    return {
      result: { index, dtype: "|u1", shape: [height, width], step },
      buffers: [movie.frame(index, channel, at)],
    };
  const values = bin(averageFrames(movie, wanted), [height, width], step);
  const shape = [Math.ceil(height / step), Math.ceil(width / step)];
  return { result: { index, dtype: "<f4", shape, step }, buffers: [new DataView(values.buffer)] };
}

/** At most this many frames are looked at; a fake need not be exact to the last. */
const FRAMES = 30;

export function answerProjection(movie: FakeMovie, kind: Projection, plane: Plane): Answer {
  const { height, width } = movie.facts;
  const frames = Math.min(FRAMES, movie.facts.frames);
  const all = Array.from({ length: frames }, (_, index) => valuesOf(movie, index, plane));
  const picture = new Float32Array(height * width).map((_, at) => {
    const series = all.map((values) => values[at] ?? 0);
    const mean = series.reduce((a, b) => a + b, 0) / frames;
    if (kind === "max") return Math.max(...series);
    return kind === "mean" ? mean : Math.sqrt(series.reduce((a, b) => a + (b - mean) ** 2, 0) / frames);
  });
  const result = { kind, frames, dtype: "<f4", shape: [height, width] };
  return { result, buffers: [new DataView(picture.buffer)] };
}

/** Traces repeat as the scenes of the movie do. */
export function answerTrace(
  movie: FakeMovie,
  roi: RegionShape,
  { quantity, ...plane }: Plane & { readonly quantity: Quantity },
): Answer {
  const { width, height, frames } = movie.facts;
  const inside: number[] = [];
  for (let i = 0; i < width * height; i++)
    if (containsPoint(roi, [Math.floor(i / width) + 0.5, (i % width) + 0.5])) inside.push(i);
  const period = Math.min(movie.repeat, frames);
  const once = Array.from({ length: period }, (_, index) => {
    const values = valuesOf(movie, index, plane);
    return inside.reduce((sum, at) => sum + (values[at] ?? 0), 0) / Math.max(1, inside.length) / movie.gain;
  });
  const photons = Float32Array.from({ length: frames }, (_, index) => once[index % period] ?? 0);
  if (quantity === "dff") {
    const rest = Math.min(...once) || 1;
    const result = { unit: "dF/F", pixels: inside.length, frames, has_band: false };
    return { result, buffers: [new DataView(photons.map((value) => value / rest - 1).buffer)] };
  }
  const band = photons.map((value) => Math.sqrt(Math.max(0, value) / Math.max(1, inside.length)));
  const result = { unit: "photons", pixels: inside.length, frames, has_band: true };
  return { result, buffers: [new DataView(photons.buffer), new DataView(band.buffer)] };
}

export function answerMasks(movie: FakeMovie): Answer {
  const points = movie.masks.flat();
  let start = 0;
  const rings = movie.masks.map((ring, mask) => {
    const entry = [mask, start, ring.length];
    start += ring.length;
    return entry;
  });
  const buffer = Float32Array.from(points.flat());
  return {
    result: { names: movie.masks.map((_, mask) => `cell ${mask}`), rings },
    buffers: [new DataView(buffer.buffer)],
  };
}

export function answerSeries(movie: FakeMovie): Answer {
  const seconds = movie.facts.frames / (movie.facts.frame_rate ?? 30);
  const times = Float64Array.from({ length: 200 }, (_, i) => (i / 199) * seconds);
  const speed = Float32Array.from(times, (t) => 4 + 3 * Math.sin(t / 1.3) + Math.sin(3 * t));
  const licks = Float64Array.from({ length: 12 }, (_, i) => ((i + 0.5) / 12) * seconds);
  return {
    result: { traces: [{ name: "speed", unit: "cm/s" }], events: [{ name: "lick" }] },
    buffers: [times, speed, licks].map((array) => new DataView(array.buffer as ArrayBuffer)),
  };
}

/** The first bytes of a PNG and nothing more: a file to save, not one to look at. */
export function answerClip(format: string): Answer {
  const bytes = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
  const mime = format === "mp4" ? "video/mp4" : `image/${format}`;
  return {
    result: { name: `movie.${format}`, mime, size: bytes.length },
    buffers: [new DataView(bytes.buffer)],
  };
}
