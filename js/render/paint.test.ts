import { describe, expect, it } from "vitest";
import { FIRST_SLICE, type Frame, type Movie } from "../state/movie.ts";
import { buildUnitScales, type UnitScale } from "../state/units.ts";
import { buildMovie } from "../testing/movie-facts.ts";
import { buildColormap, COLORMAPS, resolveColormap } from "./colormaps.ts";
import { buildPalette, type Look, paint, paintOver } from "./paint.ts";
import { PaletteKeeper } from "./palette-keeper.ts";

const look = (movie: Movie, limits: readonly [number, number], unit = 0): Look => ({
  colormap: "gray",
  gamma: 1,
  limits,
  scale: buildUnitScales(movie)[unit] as UnitScale,
});

const frameOf = (codes: Frame["codes"]): Frame => {
  const dtype = codes instanceof Float32Array ? "<f4" : codes instanceof Uint16Array ? "<u2" : "|u1";
  return { index: 0, slice: FIRST_SLICE, dtype, height: 1, width: codes.length, codes };
};

/** Gray levels of the painted pixels; null where nothing is painted. */
function grays(movie: Movie, codes: Frame["codes"], how: Look) {
  const out = new Uint32Array(codes.length);
  paint(frameOf(codes), buildPalette(movie, how), out);
  return [...out].map((word) => (word === 0 ? null : word & 255));
}

function paintGray(movie: Movie, codes: Frame["codes"], limits: readonly [number, number], unit = 0) {
  return grays(movie, codes, look(movie, limits, unit));
}

describe("painting", () => {
  it("maps the limits to black and white and cuts off beyond", () => {
    expect(paintGray(buildMovie(), Uint8Array.of(0, 100, 140, 200, 255), [100, 200])).toEqual([
      0, 0, 102, 255, 255,
    ]);
  });

  it("looks values up, and takes the last where a code is beyond the table", () => {
    const table = Float32Array.of(-10, 0, 10);
    const movie = buildMovie({
      table,
      code: { dtype: "|u1", kind: "lookup", levels: 3, scale: 1, offset: 0 },
    });
    expect(paintGray(movie, Uint8Array.of(0, 1, 2, 200), [-10, 10])).toEqual([0, 128, 255, 255]);
  });

  it("shifts signed integers back", () => {
    const code = { dtype: "<u2", kind: "linear", levels: 65536, scale: 1, offset: -32768 } as const;
    const codes = Uint16Array.of(0, 32768, 65535);
    expect(paintGray(buildMovie({ code }), codes, [-32768, 32767])).toEqual([0, 128, 255]);
  });

  it("leaves floats that are no number transparent", () => {
    const code = { dtype: "<f4", kind: "linear", levels: 0, scale: 1, offset: 0 } as const;
    const codes = Float32Array.of(0, 0.5, 1, Number.NaN, Number.POSITIVE_INFINITY);
    expect(paintGray(buildMovie({ code }), codes, [0, 1])).toEqual([0, 128, 255, null, 255]);
  });

  it("is the same in counts and in photons, but not in stabilised units", () => {
    const noise = { gain: 2, offset: 4 };
    const movie = buildMovie({ photons: noise, stabilized: { ...noise, variance: 0 } });
    const codes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const limitsIn = (unit: number) => {
      const { fromValue } = look(movie, [0, 1], unit).scale;
      return [fromValue(10), fromValue(200)] as const;
    };
    const [counts, photons, stabilized] = [0, 1, 2].map((unit) =>
      paintGray(movie, codes, limitsIn(unit), unit),
    );
    expect(photons).toEqual(counts);
    expect(stabilized?.[100]).toBeGreaterThan(counts?.[100] ?? 0);
  });
});

describe("gamma", () => {
  const codes = Uint8Array.from({ length: 256 }, (_, i) => i);

  it.each([0.2, 0.5, 1, 2.2])("of %f is a power of the place between the limits", (gamma) => {
    const movie = buildMovie();
    const painted = grays(movie, codes, { ...look(movie, [0, 255]), gamma });
    const wrong = painted.map((level, i) => Math.abs((level ?? 0) - 255 * (i / 255) ** gamma));
    // the ramp has 2048 steps: a steep beginning is the coarsest place
    expect(Math.max(...wrong.slice(8))).toBeLessThanOrEqual(1.5);
    expect([painted[0], painted[255]]).toEqual([0, 255]);
  });

  it("is the same for codes and for values", () => {
    const movie = buildMovie();
    const how = { ...look(movie, [0, 255]), gamma: 0.6 };
    expect(grays(movie, Float32Array.from(codes), how)).toEqual(grays(movie, codes, how));
  });
});

describe("values", () => {
  const table = Float32Array.of(-10, 0, 10);
  const lookup = { dtype: "|u1", kind: "lookup", levels: 3, scale: 1, offset: 0 } as const;

  it("are not looked up, though the movie's codes are", () => {
    const movie = buildMovie({ table, code: lookup });
    expect(paintGray(movie, Float32Array.of(-10, 0, 10), [-10, 10])).toEqual([0, 128, 255]);
  });

  it("that are missing stay transparent, in a table too", () => {
    const movie = buildMovie({ table: Float32Array.of(0, Number.NaN, 10), code: lookup });
    expect(paintGray(movie, Uint8Array.of(0, 1, 2), [0, 10])).toEqual([0, null, 255]);
    expect(paintGray(movie, Float32Array.of(0, Number.NaN, 10), [0, 10])).toEqual([0, null, 255]);
  });
});

describe("two channels", () => {
  const parts = (word = 0) => [word & 255, (word >> 8) & 255, (word >> 16) & 255, word >>> 24];

  it("add up: green, magenta, and white where both are bright", () => {
    const movie = buildMovie();
    const palette = (colormap: "green" | "magenta") =>
      buildPalette(movie, { ...look(movie, [0, 255]), colormap });
    const out = new Uint32Array(4);
    paint(frameOf(Uint8Array.of(0, 255, 0, 255)), palette("green"), out);
    paintOver(frameOf(Uint8Array.of(0, 0, 255, 255)), palette("magenta"), out);
    expect([...out].map(parts)).toEqual([
      [0, 0, 0, 255],
      [0, 255, 0, 255],
      [255, 0, 255, 255],
      [255, 255, 255, 255],
    ]);
  });

  it("show the one that has a value where the other has none", () => {
    const movie = buildMovie();
    const out = new Uint32Array(2);
    const magenta = buildPalette(movie, { ...look(movie, [0, 1]), colormap: "magenta" });
    paintOver(frameOf(Float32Array.of(1, Number.NaN)), magenta, out);
    expect([...out].map(parts)).toEqual([
      [255, 0, 255, 255],
      [0, 0, 0, 0],
    ]);
  });
});

it("a palette is kept while nothing of its look changes", () => {
  const [keeper, movie] = [new PaletteKeeper(), buildMovie()];
  const first = keeper.get(movie, look(movie, [0, 10]));
  expect(keeper.get(movie, look(movie, [0, 10]))).toBe(first);
  const second = keeper.get(movie, { ...look(movie, [0, 10]), gamma: 2 });
  expect(second).not.toBe(first);
  expect(keeper.get(movie, { ...look(movie, [0, 10]), gamma: 2, isSpread: true })).not.toBe(second);
});

describe("colour maps", () => {
  const rgb = (word = 0) => [word & 255, (word >> 8) & 255, (word >> 16) & 255];

  it.each([
    ["gray", [0, 0, 0], [255, 255, 255]],
    ["viridis", [68, 1, 84], [253, 231, 37]],
    ["magma", [0, 0, 4], [252, 253, 191]],
    ["inferno", [0, 0, 4], [252, 255, 164]],
    ["plasma", [13, 8, 135], [240, 249, 33]],
    ["cividis", [0, 34, 78], [254, 232, 56]],
    ["turbo", [48, 18, 59], [122, 4, 3]],
    ["gray_r", [255, 255, 255], [0, 0, 0]],
    ["green", [0, 0, 0], [0, 255, 0]],
    ["bwr", [0, 0, 255], [255, 0, 0]],
  ] as const)("%s begins and ends as in matplotlib", (name, first, last) => {
    const colors = buildColormap(name);
    expect([rgb(colors[0]), rgb(colors[255])]).toEqual([first, last]);
  });

  // from matplotlib 3.11's own tables
  it.each([
    ["viridis", 85, [49, 104, 142]],
    ["magma", 128, [183, 55, 121]],
    ["inferno", 170, [237, 105, 37]],
    ["plasma", 64, [126, 3, 168]],
    ["cividis", 200, [196, 180, 104]],
    ["turbo", 100, [63, 246, 138]],
  ] as const)("%s is close to matplotlib's in between", (name, place, color) => {
    const wrong = rgb(buildColormap(name)[place]).map((level, i) => Math.abs(level - (color[i] ?? 0)));
    expect(Math.max(...wrong)).toBeLessThanOrEqual(8);
  });

  it("of an unknown name is gray", () => {
    expect(["gray_r", "jet", "constructor", "", "viridis_r_r"].map(resolveColormap)).toEqual([
      "gray_r",
      "gray",
      "gray",
      "gray",
      "gray",
    ]);
  });

  const sequential = COLORMAPS.filter((name) => name !== "turbo" && name !== "bwr");
  it.each(sequential)("%s is opaque and grows lighter", (name) => {
    const colors = buildColormap(name);
    const lightness = [...colors].map((word) => {
      const [red = 0, green = 0, blue = 0] = rgb(word);
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    });
    expect([...colors].every((word) => word >>> 24 === 255)).toBe(true);
    for (let i = 16; i < 256; i += 16) expect(lightness[i]).toBeGreaterThan(lightness[i - 16] ?? 0);
  });
});
