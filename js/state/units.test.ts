import { describe, expect, it } from "vitest";
import { buildMovie } from "../testing/movie-facts.ts";
import { buildUnitScales } from "./units.ts";

const scales = buildUnitScales(
  buildMovie({ photons: { gain: 85, offset: 10 }, stabilized: { gain: 85, offset: 10, variance: 400 } }),
);

describe.each(scales.map((scale) => [scale.unit, scale] as const))("%s", (_, scale) => {
  it("come back as the values that they were, below the dark level too", () => {
    for (const value of [-3000, -43, 0, 9.99, 10, 10.01, 85, 2400, 65535])
      expect(scale.toValue(scale.fromValue(value))).toBeCloseTo(value, 6);
  });

  it("grow with the value", () => {
    const shown = [-500, -1, 0, 9, 10, 11, 100, 5000].map(scale.fromValue);
    expect(shown).toEqual([...shown].sort((a, b) => a - b));
  });
});

it("photons count from the dark level in units of gain", () => {
  expect(scales.find(({ unit }) => unit === "photons")?.fromValue(10 + 3 * 85)).toBeCloseTo(3);
});

it("stabilised values have a slope without a jump at the dark level", () => {
  const fromValue = scales.find(({ unit }) => unit === "stabilized")?.fromValue ?? Number;
  const slopeBelow = fromValue(10) - fromValue(9.999);
  const slopeAbove = fromValue(10.001) - fromValue(10);
  expect(slopeAbove / slopeBelow).toBeCloseTo(1, 4);
});

it("stabilised values have the noise of one: their slope times the noise's deviation", () => {
  const fromValue = scales.find(({ unit }) => unit === "stabilized")?.fromValue ?? Number;
  const value = 10 + 85 * 200;
  const deviation = Math.sqrt(85 * (value - 10) + 400);
  expect((fromValue(value + 0.5) - fromValue(value - 0.5)) * deviation).toBeCloseTo(1, 2);
});
