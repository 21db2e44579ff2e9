import { describe, expect, it } from "vitest";
import { buildMovie } from "../testing/movie-facts.ts";
import { type Intent, resolve } from "./resolve.ts";

const INTENT: Intent = {
  position: 3,
  channel: 0,
  at: [],
  step: 1,
  rolling: 1,
  overlay: false,
  projection: "",
  contrast: null,
  contrastMode: "movie",
  frameRange: null,
  gamma: 1,
  colormap: "gray",
  unit: "counts",
  fps: 30,
  loop: true,
  playing: false,
};

const resolveWith = (changes: Partial<Intent>, movie = buildMovie()) =>
  resolve({ ...INTENT, ...changes }, movie);

describe("position", () => {
  it.each([
    [3, 3],
    [3.6, 4],
    [-5, 0],
    [99, 9],
    [Number.NaN, 0],
  ])("%d becomes frame %d of ten", (position, index) => {
    expect(resolveWith({ position }).index).toBe(index);
  });

  it("has seconds from the rate, from the times, or none", () => {
    expect(resolveWith({}).seconds).toBeCloseTo(0.3);
    const times = Float64Array.from({ length: 10 }, (_, i) => 5 + i);
    expect(resolveWith({}, buildMovie({ times })).seconds).toBe(8);
    expect(resolveWith({}, buildMovie({ frame_rate: null })).seconds).toBeNull();
  });
});

describe("contrast", () => {
  it("is the movie's own range unless it is set", () => {
    expect(resolveWith({})).toMatchObject({ contrast: [0, 255], automatic: true });
    expect(resolveWith({ contrast: [10, 20] })).toMatchObject({ contrast: [10, 20], automatic: false });
  });

  it.each([[[5, 5]], [[1]], [[Number.NaN, 2]], [[]]])("ignores %j", (contrast) => {
    expect(resolveWith({ contrast }).automatic).toBe(true);
  });

  it("puts limits in order", () => {
    expect(resolveWith({ contrast: [20, 10] }).contrast).toEqual([10, 20]);
  });

  it("of a flat movie is never empty", () => {
    expect(resolveWith({}, buildMovie({ contrast: [7, 7] })).contrast).toEqual([7, 8]);
  });

  it("is shown in the unit chosen", () => {
    const movie = buildMovie({ photons: { gain: 10, offset: 5 } });
    expect(resolveWith({ unit: "photons", contrast: [5, 105] }, movie).limits).toEqual([0, 10]);
  });
});

describe("what the movie does not have", () => {
  it("falls back to counts, gray, the first channel", () => {
    const shown = resolveWith({ unit: "photons", colormap: "jet", channel: 4 });
    expect(shown).toMatchObject({ colormap: "gray", channel: 0, units: ["counts"] });
    expect(shown.scale.unit).toBe("counts");
  });

  it("does not run with one frame", () => {
    expect(resolveWith({ playing: true }, buildMovie({ frames: 1 })).playing).toBe(false);
  });

  it.each([
    [0, 10],
    [Number.NaN, 10],
    [-1, 10],
    [1e6, 240],
    [12.5, 12.5],
  ])("a rate of %d runs at %d", (fps, expected) => {
    expect(resolveWith({ fps }).fps).toBe(expected);
  });
});
