import { describe, expect, it } from "vitest";
import { buildMovie } from "../testing/movie-facts.ts";
import { chooseDomain, countBins, robustRange } from "./histogram.ts";
import { FIRST_SLICE, type Frame } from "./movie.ts";
import { buildUnitScales, type UnitScale } from "./units.ts";

const movie = buildMovie();
const scale = buildUnitScales(movie)[0] as UnitScale;
const frameOf = (codes: ArrayLike<number>): Frame => ({
  index: 0,
  slice: FIRST_SLICE,
  dtype: "|u1",
  height: 1,
  width: codes.length,
  codes: Uint8Array.from(codes),
});

describe("countBins", () => {
  it("counts each pixel once", () => {
    const counts = countBins(frameOf([10, 10, 20, 30]), movie, { scale, domain: [0, 40], bins: 8 });
    expect(counts.reduce((a, b) => a + b, 0)).toBeCloseTo(4);
    expect(counts[2]).toBeGreaterThan(counts[4] ?? 0);
  });

  it("leaves no gaps between quantised values", () => {
    const table = Float32Array.from({ length: 16 }, (_, code) => code * 10);
    const quantised = buildMovie({ table, code: { ...movie.code, kind: "lookup", levels: 16 } });
    const codes = Array.from({ length: 160 }, (_, i) => i % 16);
    const counts = countBins(frameOf(codes), quantised, { scale, domain: [10, 130], bins: 60 });
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });

  it("leaves out what lies outside", () => {
    const counts = countBins(frameOf([0, 200]), movie, { scale, domain: [50, 100], bins: 5 });
    expect([...counts]).toEqual([0, 0, 0, 0, 0]);
  });

  it("counts floats, but not what is no number", () => {
    const float = buildMovie({ code: { ...movie.code, dtype: "<f4" } });
    const frame: Frame = { ...frameOf([]), dtype: "<f4", codes: Float32Array.of(0.5, 0.6, Number.NaN) };
    const counts = countBins(frame, float, { scale, domain: [0, 1], bins: 2 });
    expect([...counts]).toEqual([0, 2]);
  });
});

describe("robustRange", () => {
  it("leaves out the few brightest pixels", () => {
    const codes = Array.from({ length: 2000 }, (_, i) => (i === 5 ? 255 : i % 100));
    expect(robustRange(frameOf(codes), movie)).toEqual([0, 99]);
  });

  it("of a flat frame is never empty", () => {
    expect(robustRange(frameOf([7, 7, 7]), movie)).toEqual([7, 8]);
  });
});

it("the axis holds both limits and has air around them", () => {
  const [low, high] = chooseDomain(Float64Array.of(1, 2, 3), [-10, 2]);
  expect(low).toBeLessThan(-10);
  expect(high).toBeGreaterThan(3);
});
