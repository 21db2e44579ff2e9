import { describe, expect, it } from "vitest";
import { type Curve, gatherColumns, rangeOf } from "./columns.ts";

const curve = (values: readonly number[], width: number, spread?: number): Curve => ({
  length: values.length,
  x: (i) => (i * width) / values.length,
  value: (i) => values[i] ?? Number.NaN,
  ...(spread === undefined ? {} : { spread: () => spread }),
});

describe("columns", () => {
  it("keep the lowest and highest value of each", () => {
    const { low, high } = gatherColumns(curve([1, 5, 2, 0, 9, 3], 3), 3);
    expect([...low]).toEqual([1, 0, 3]);
    expect([...high]).toEqual([5, 2, 9]);
  });

  it("are as wide as a band where there is one", () => {
    const { low, high } = gatherColumns(curve([1, 5], 1, 0.5), 1);
    expect([low[0], high[0]]).toEqual([0.5, 5.5]);
  });

  it("leave out what is no number or lies outside", () => {
    const { low, high } = gatherColumns(curve([Number.NaN, 4, Number.POSITIVE_INFINITY, 7], 4), 2);
    expect([...low]).toEqual([Number.NaN, 4]);
    expect([...high]).toEqual([Number.NaN, 4]);
  });

  it("lose no peak of a million values", () => {
    const values = new Float32Array(1_000_000);
    values[654_321] = 3;
    const long = {
      length: values.length,
      x: (i: number) => i / 1000,
      value: (i: number) => values[i] as number,
    };
    const { high } = gatherColumns(long, 1000);
    expect(high[654]).toBe(3);
    expect(high.filter((value) => value > 0)).toHaveLength(1);
  });
});

describe("the range of a curve", () => {
  it("is that of its finite values, with their band", () => {
    expect(rangeOf(curve([2, Number.NaN, -1, Number.POSITIVE_INFINITY], 4))).toEqual([-1, 2]);
    expect(rangeOf(curve([2, -1], 4, 1))).toEqual([-2, 3]);
  });

  it("is nothing where no value is a number", () => {
    expect(rangeOf(curve([Number.NaN], 4))).toBeNull();
    expect(rangeOf(curve([], 4))).toBeNull();
  });
});
