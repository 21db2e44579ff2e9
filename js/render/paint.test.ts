import { describe, expect, it } from "vitest";
import type { Frame, Movie } from "../state/movie.ts";
import { buildUnitScales, type UnitScale } from "../state/units.ts";
import { buildMovie } from "../testing/movie-facts.ts";
import { buildColormap, COLORMAPS } from "./colormaps.ts";
import { buildPalette, type Look, paint } from "./paint.ts";
import { fitPicture } from "./surface.ts";

const look = (movie: Movie, limits: readonly [number, number], unit = 0): Look => ({
  colormap: "gray",
  limits,
  scale: buildUnitScales(movie)[unit] as UnitScale,
});

/** Gray levels of the painted pixels; null where nothing is painted. */
function paintGray(movie: Movie, codes: Frame["codes"], limits: readonly [number, number], unit = 0) {
  const out = new Uint32Array(codes.length);
  const frame: Frame = { index: 0, channel: 0, dtype: movie.code.dtype, codes };
  paint(frame, buildPalette(movie, look(movie, limits, unit)), out);
  return [...out].map((word) => (word === 0 ? null : word & 255));
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

describe("colour maps", () => {
  const rgb = (word = 0) => [word & 255, (word >> 8) & 255, (word >> 16) & 255];

  it.each([
    ["gray", [0, 0, 0], [255, 255, 255]],
    ["viridis", [68, 1, 84], [253, 231, 37]],
    ["magma", [0, 0, 4], [252, 253, 191]],
    ["inferno", [0, 0, 4], [252, 255, 164]],
  ] as const)("%s begins and ends as in matplotlib", (name, first, last) => {
    const colors = buildColormap(name);
    const differences = [...rgb(colors[0]), ...rgb(colors[255])].map((level, i) =>
      Math.abs(level - ([...first, ...last][i] ?? 0)),
    );
    expect(Math.max(...differences)).toBeLessThanOrEqual(6);
  });

  it.each(COLORMAPS)("%s is opaque and grows lighter", (name) => {
    const colors = buildColormap(name);
    const lightness = [...colors].map((word) => {
      const [red = 0, green = 0, blue = 0] = rgb(word);
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    });
    expect([...colors].every((word) => word >>> 24 === 255)).toBe(true);
    for (let i = 16; i < 256; i += 16) expect(lightness[i]).toBeGreaterThan(lightness[i - 16] ?? 0);
  });
});

describe("the size of the picture", () => {
  const room = { width: 1000, height: 640 };

  it("is a whole multiple of its pixels", () => {
    expect(fitPicture({ width: 200, height: 200 }, room, 1)).toEqual({ width: 600, height: 600, scale: 3 });
  });

  it("is a whole multiple of the screen's pixels on a fine screen", () => {
    expect(fitPicture({ width: 256, height: 256 }, room, 2).scale).toBe(2.5);
  });

  it("keeps its proportions where it must shrink", () => {
    const size = fitPicture({ width: 2000, height: 500 }, room, 1);
    expect(size).toEqual({ width: 1000, height: 250, scale: 0.5 });
  });
});
