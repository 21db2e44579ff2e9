import { describe, expect, it } from "vitest";
import { buildMovie } from "../testing/movie-facts.ts";
import { buildLanes, eventFrames, placeOfSeconds, valueAtPlace } from "./lanes.ts";
import type { RegionTrace } from "./region-traces.ts";
import { parseSeries } from "./series.ts";

const trace = (changes: Partial<RegionTrace> = {}): RegionTrace => ({
  name: "cell 1",
  color: "#ff0000",
  unit: "photons",
  values: Float32Array.of(1, 2, 3),
  band: null,
  state: "ready",
  done: 3,
  total: 3,
  message: "",
  ...changes,
});

const series = {
  traces: [{ name: "speed", unit: "cm/s", seconds: Float64Array.of(0, 0.5), values: Float32Array.of(4, 8) }],
  events: [{ name: "lick", seconds: Float64Array.of(0.3, 0.31, 99) }],
};

describe("the place of a time", () => {
  it("comes from the rate", () => {
    expect(placeOfSeconds(buildMovie({ frame_rate: 10 }), 0.35)).toBeCloseTo(3.5);
  });

  it("lies between the frames around it where times are known", () => {
    const movie = buildMovie({ frames: 3, times: Float64Array.of(10, 11, 15) });
    expect([10, 10.5, 13, 15, 17].map((second) => placeOfSeconds(movie, second))).toEqual([
      0, 0.5, 1.5, 2, 2.5,
    ]);
  });

  it("is nowhere without a rate", () => {
    expect(placeOfSeconds(buildMovie({ frame_rate: null }), 1)).toBeNull();
  });
});

describe("lanes", () => {
  it("are one for each event, trace and region, in this order", () => {
    const lanes = buildLanes(buildMovie(), series, new Map([["a", trace()]]));
    expect(lanes.map(({ name }) => name)).toEqual(["lick", "speed", "cell 1"]);
    expect([...(lanes[0]?.marks ?? [])].map((mark) => Math.round(mark))).toEqual([3, 3, 990]);
  });

  it("say why they are empty", () => {
    const regions = new Map([
      ["a", trace({ state: "loading", done: 1, total: 4 })],
      ["b", trace({ state: "failed", message: "The store is gone." })],
    ]);
    const lanes = buildLanes(buildMovie({ frame_rate: null }), series, regions);
    expect(lanes.map(({ note }) => note)).toEqual([
      "needs the movie's frame rate",
      "needs the movie's frame rate",
      "25 %",
      "The store is gone.",
    ]);
    expect(lanes.every(({ line, marks }) => line === null && marks === null)).toBe(true);
  });

  it("carry the noise band of a trace", () => {
    const [lane] = buildLanes(
      buildMovie(),
      { traces: [], events: [] },
      new Map([["a", trace({ band: Float32Array.of(1, 1, 2) })]]),
    );
    expect(lane?.line?.spread?.(2)).toBe(2);
  });

  it("know the value where the slider is", () => {
    const [, lane] = buildLanes(buildMovie({ frame_rate: 10 }), series, new Map());
    const line = lane?.line;
    expect(line && [0, 4, 5, 9].map((place) => valueAtPlace(line, place))).toEqual([4, 4, 8, 8]);
  });
});

it("frames with events are told once each, and only those of the movie", () => {
  const lanes = buildLanes(buildMovie({ frames: 10, frame_rate: 10 }), series, new Map());
  expect(eventFrames(lanes, 10)).toEqual([3]);
});

describe("a series from the kernel", () => {
  const bytes = (values: Float64Array | Float32Array) => new DataView(values.buffer);

  it("has seconds and values of each trace, then seconds of each event", () => {
    const result = { traces: [{ name: "speed", unit: "cm/s" }], events: [{ name: "lick" }] };
    const buffers = [Float64Array.of(0, 1), Float32Array.of(5, 6), Float64Array.of(0.5)].map(bytes);
    const parsed = parseSeries(result, buffers);
    expect([...(parsed.traces[0]?.values ?? [])]).toEqual([5, 6]);
    expect([...(parsed.events[0]?.seconds ?? [])]).toEqual([0.5]);
  });

  it("is refused where a trace has more seconds than values", () => {
    const result = { traces: [{ name: "speed", unit: "" }], events: [] };
    const buffers = [Float64Array.of(0, 1), Float32Array.of(5)].map(bytes);
    expect(() => parseSeries(result, buffers)).toThrow("speed must have 8 bytes, got 4");
  });
});
