import { describe, expect, it } from "vitest";
import { buildMovie } from "../testing/movie-facts.ts";
import { alignJourney, alignMovies, sharesUnit } from "./linked.ts";
import { FIRST_SLICE } from "./movie.ts";

const journey = { from: 10, fps: 30, loop: true, keep: "time", slice: FIRST_SLICE } as const;

describe("movies seen together", () => {
  it("go by seconds where all have them", () => {
    const [fast, slow] = [
      buildMovie({ frames: 100, frame_rate: 30 }),
      buildMovie({ frames: 50, frame_rate: 15 }),
    ];
    const align = alignMovies(fast, [slow]);
    expect([0, 30, 99].map((index) => align(index, slow))).toEqual([0, 15, 49]);
  });

  it("go by real times, dropped frames and all", () => {
    const whole = buildMovie({ frames: 5, frame_rate: 10 });
    const gappy = buildMovie({ frames: 3, times: Float64Array.of(0, 0.1, 0.4) });
    const align = alignMovies(whole, [gappy]);
    expect([0, 1, 2, 3, 4].map((index) => align(index, gappy))).toEqual([0, 1, 1, 2, 2]);
  });

  it("go by frames where one has no time", () => {
    const [timed, plain] = [
      buildMovie({ frames: 10, frame_rate: 30 }),
      buildMovie({ frames: 4, frame_rate: null }),
    ];
    const align = alignMovies(timed, [plain]);
    expect([0, 3, 9].map((index) => align(index, plain))).toEqual([0, 3, 3]);
  });

  it("run at rates that keep them together", () => {
    const [fast, slow] = [
      buildMovie({ frames: 101, frame_rate: 30 }),
      buildMovie({ frames: 51, frame_rate: 15 }),
    ];
    const beside = alignJourney(journey, fast, slow, alignMovies(fast, [slow]));
    expect(beside).toEqual({ ...journey, from: 5, fps: 15 });
  });
});

it("contrast is shared by movies of one unit, or without one, of one type", () => {
  const counts = buildMovie({ unit: "counts", dtype: "int16" });
  const plain = buildMovie({ unit: "", dtype: "int16" });
  expect(sharesUnit(counts, { ...counts, dtype: "float32" })).toBe(true);
  expect(sharesUnit(counts, plain)).toBe(false);
  expect(sharesUnit(plain, { ...plain })).toBe(true);
  expect(sharesUnit(plain, { ...plain, dtype: "float32" })).toBe(false);
});
