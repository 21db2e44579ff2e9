import { describe, expect, it } from "vitest";
import type { Pair } from "../protocol/messages.ts";
import { randomFrom } from "../testing/random.ts";
import {
  buildViewport,
  chooseLength,
  chooseStep,
  fitPicture,
  formatLength,
  largestZoom,
  panView,
  resolveView,
  type Size,
  type View,
  wholeView,
  zoomOf,
  zoomView,
} from "./viewport.ts";

const random = randomFrom(5);
const between = (low: number, high: number) => low + (high - low) * random();

/** Many pictures, each with a view that came about by zooming and panning. */
const CASES = Array.from({ length: 300 }, (): { size: Size; view: View } => {
  const size = { height: Math.ceil(between(5, 900)), width: Math.ceil(between(5, 900)) };
  const at: Pair = [between(0, size.height), between(0, size.width)];
  const zoomed = zoomView(wholeView(size), between(0.5, 40), at, size);
  const by: Pair = [between(-size.height, size.height), between(-size.width, size.width)];
  return { size, view: panView(zoomed, by, size) };
});

function expectInside({ y0, x0, y1, x1 }: View, { height, width }: Size): void {
  expect(Math.min(y0, x0)).toBeGreaterThanOrEqual(-1e-9);
  expect(y1).toBeLessThanOrEqual(height + 1e-6);
  expect(x1).toBeLessThanOrEqual(width + 1e-6);
  expect((y1 - y0) / height).toBeCloseTo((x1 - x0) / width, 9);
}

function expectSame(a: View, b: View): void {
  for (const side of ["y0", "x0", "y1", "x1"] as const) expect(a[side]).toBeCloseTo(b[side], 6);
}

describe("any view", () => {
  it("lies inside the picture and has its proportions, however it was zoomed and moved", () => {
    for (const { size, view } of CASES) {
      expectInside(view, size);
      expect(zoomOf(view, size)).toBeLessThanOrEqual(largestZoom(size) + 1e-9);
    }
  });

  it("comes back from the trait as it was", () => {
    for (const { size, view } of CASES) expectSame(resolveView(buildViewport(view, size), size), view);
  });

  it("keeps the point that it is zoomed about, where the edges allow", () => {
    for (const { size, view } of CASES) {
      const anchor: Pair = [between(view.y0, view.y1), between(view.x0, view.x1)];
      const zoomed = zoomView(view, 1.3, anchor, size);
      const place = ({ y0, x0, y1, x1 }: View) => [
        (anchor[0] - y0) / (y1 - y0),
        (anchor[1] - x0) / (x1 - x0),
      ];
      const [before, after] = [place(view), place(zoomed)];
      expect(after[0]).toBeCloseTo(before[0] as number, 6);
      expect(after[1]).toBeCloseTo(before[1] as number, 6);
    }
  });

  it("zoomed in and out again is as it was", () => {
    for (const { size, view } of CASES) {
      const anchor: Pair = [between(view.y0, view.y1), between(view.x0, view.x1)];
      if (2 * zoomOf(view, size) > largestZoom(size)) continue;
      expectSame(zoomView(zoomView(view, 2, anchor, size), 0.5, anchor, size), view);
    }
  });
});

describe("a view that was set from outside", () => {
  const size = { height: 100, width: 200 };

  it("shows all that was asked for", () => {
    for (let i = 0; i < 200; i++) {
      const [y0, x0] = [between(0, 90), between(0, 190)];
      const [y1, x1] = [between(y0 + 5, 100), between(x0 + 5, 200)];
      const view = resolveView([y0, x0, y1, x1], size);
      expectInside(view, size);
      expect(view.y0).toBeLessThanOrEqual(y0 + 1e-9);
      expect(view.x0).toBeLessThanOrEqual(x0 + 1e-9);
      expect(view.y1).toBeGreaterThanOrEqual(y1 - 1e-9);
      expect(view.x1).toBeGreaterThanOrEqual(x1 - 1e-9);
    }
  });

  it.each([
    ["nothing", null],
    ["too few numbers", [1, 2, 3]],
    ["what is no number", [0, 0, Number.NaN, 10]],
    ["an endless extent", [0, 0, Number.POSITIVE_INFINITY, 10]],
    ["more than there is", [-500, -500, 500, 500]],
  ])("is the whole picture for %s", (_, wanted) => {
    expect(resolveView(wanted, size)).toEqual(wholeView(size));
    expect(buildViewport(resolveView(wanted, size), size)).toBeNull();
  });

  it("is not empty for a single point", () => {
    expectInside(resolveView([50, 50, 50, 50], size), size);
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

describe("the step of a frame", () => {
  it.each([
    [0.14, 4],
    [0.125, 8],
    [0.3, 2],
    [0.6, 1],
    [3, 1],
  ])("at %f pixels of the screen for one is %i", (scale, step) => {
    expect(chooseStep([2, 4, 8], scale)).toBe(step);
  });

  it("is one where there are no coarser versions", () => {
    expect(chooseStep([], 0.01)).toBe(1);
  });
});

describe("the length of the scale bar", () => {
  it("is 1, 2 or 5 times a power of ten, as long as there is room for", () => {
    for (let i = 0; i < 300; i++) {
      const most = 10 ** between(-4, 5);
      const length = chooseLength(most);
      expect(length).toBeLessThanOrEqual(most * (1 + 1e-9));
      expect(length).toBeGreaterThan(most / 2.5 - 1e-12);
      expect([1, 2, 5]).toContain(Number(length.toExponential(6).split("e")[0]));
    }
  });

  it.each([
    [50, "50 µm"],
    [0.2, "200 nm"],
    [2000, "2 mm"],
  ])("of %f µm reads %s", (length, words) => {
    expect(formatLength(length)).toBe(words);
  });
});
