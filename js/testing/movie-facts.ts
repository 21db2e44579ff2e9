/** A described movie for tests of pure functions, any field replaceable. */

import type { Movie } from "../state/movie.ts";

export function buildMovie(changes: Partial<Movie> = {}): Movie {
  return {
    title: "movie",
    frames: 10,
    height: 2,
    width: 2,
    channels: 1,
    code: { dtype: "|u1", kind: "linear", levels: 256, scale: 1, offset: 0 },
    dtype: "int16",
    unit: "counts",
    frame_rate: 10,
    fps: 10,
    has_times: false,
    pixel_size: null,
    photons: null,
    stabilized: null,
    contrast: [0, 255],
    mode: "lossless",
    facts: [],
    axes: [],
    channel_names: [],
    steps: [],
    projections: false,
    masks: 0,
    series: false,
    views: [],
    hints: [],
    table: null,
    times: null,
    ...changes,
  };
}
