import { describe, expect, it } from "vitest";
import type { Pair, RegionShape } from "../protocol/messages.ts";
import { randomFrom } from "../testing/random.ts";
import {
  boundsOf,
  buildPath,
  closeLine,
  containsPoint,
  edgeAt,
  growShape,
  handlesOf,
  insertCorner,
  isUsable,
  MOST_POINTS,
  middleOf,
  middleOfEdge,
  moveHandle,
  moveShape,
  nameNext,
  placeShape,
  removeCorner,
  resolveRegions,
  simplifyLine,
} from "./regions.ts";
import type { Region } from "./settings.ts";

const random = randomFrom(11);
const KINDS = ["rectangle", "ellipse", "polygon"] as const;

function randomPoint(): Pair {
  return [Math.round(10000 * random()) / 100, Math.round(10000 * random()) / 100];
}

const SHAPES = Array.from({ length: 150 }, (_, i): RegionShape => {
  const kind = KINDS[i % 3] ?? "polygon";
  return { kind, points: Array.from({ length: kind === "polygon" ? 3 + (i % 9) : 2 }, randomPoint) };
}).filter(isUsable);

const SIZE = { height: 100, width: 100 };
const region = (changes: Partial<Region> = {}): Region => ({
  id: "a1",
  name: "ROI 1",
  color: "#e69f00",
  kind: "rectangle",
  points: [
    [1, 2],
    [5, 9],
  ],
  ...changes,
});

/** Of a polygon: whether a point is inside by the sum of the angles that its edges fill. */
function winds(points: readonly Pair[], [y, x]: Pair): boolean {
  let sum = 0;
  points.forEach(([y1, x1], i) => {
    const [y2, x2] = points[(i + 1) % points.length] as Pair;
    sum += Math.atan2((y1 - y) * (x2 - x) - (x1 - x) * (y2 - y), (x1 - x) * (x2 - x) + (y1 - y) * (y2 - y));
  });
  return Math.round(sum / (2 * Math.PI)) % 2 !== 0;
}

describe("a point", () => {
  it("is inside a polygon by the even-odd rule", () => {
    for (const shape of SHAPES.filter(({ kind }) => kind === "polygon"))
      for (let i = 0; i < 40; i++) {
        const point: Pair = [100 * random(), 100 * random()];
        expect(containsPoint(shape, point)).toBe(winds(shape.points, point));
      }
  });

  it("is inside a rectangle by its sides, whichever corners were given", () => {
    const points: readonly Pair[] = [
      [5, 5],
      [2.1, 8.9],
      [1.9, 5],
      [5, 9.1],
    ];
    const corners: readonly (readonly Pair[])[] = [
      [
        [2, 3],
        [8, 9],
      ],
      [
        [8, 3],
        [2, 9],
      ],
    ];
    for (const pair of corners) {
      const inside = points.map((point) => containsPoint({ kind: "rectangle", points: pair }, point));
      expect(inside).toEqual([true, true, false, false]);
    }
  });

  it("is inside an ellipse that fills pi quarters of its box", () => {
    const shape = {
      kind: "ellipse",
      points: [
        [10, 20],
        [50, 90],
      ],
    } as const;
    let inside = 0;
    for (let y = 0; y < 100; y++)
      for (let x = 0; x < 100; x++) if (containsPoint(shape, [y + 0.5, x + 0.5])) inside++;
    expect(inside / (40 * 70)).toBeCloseTo(Math.PI / 4, 2);
  });
});

describe("moving", () => {
  it("there and back gives the shape again", () => {
    for (const shape of SHAPES) {
      const [y, x] = middleOf(shape);
      const by: Pair = [Math.round(50 - y), Math.round(50 - x)];
      const back = moveShape(moveShape(shape, by, SIZE), [-by[0], -by[1]], SIZE);
      back.points.forEach((point, i) => {
        expect(point[0]).toBeCloseTo(shape.points[i]?.[0] ?? Number.NaN, 1);
        expect(point[1]).toBeCloseTo(shape.points[i]?.[1] ?? Number.NaN, 1);
      });
    }
  });

  it("keeps the middle inside the picture", () => {
    for (const shape of SHAPES) {
      const [y, x] = middleOf(moveShape(shape, [1000, -1000], SIZE));
      expect([y, x]).toEqual([expect.closeTo(100, 1), expect.closeTo(0, 1)]);
    }
  });
});

describe("handles", () => {
  it("put to another place stay there, and the opposite corner of a box where it was", () => {
    for (const shape of SHAPES) {
      const handle = Math.floor(random() * handlesOf(shape).length);
      const to: Pair = [200, 300];
      const moved = moveHandle(shape, handle, to);
      expect(handlesOf(moved)).toContainEqual(to);
      const opposite = handlesOf(shape)[(handle + 2) % 4];
      if (shape.kind !== "polygon") expect(handlesOf(moved)).toContainEqual(opposite);
    }
  });

  it("of a polygon come and go", () => {
    const square = {
      kind: "polygon",
      points: [
        [0, 0],
        [0, 10],
        [10, 10],
        [10, 0],
      ],
    } as const;
    const five = insertCorner(square, 1, [5, 12]);
    expect(five.points[2]).toEqual([5, 12]);
    expect(removeCorner(five, 2)).toEqual(square);
    expect(removeCorner(removeCorner(square, 0), 0).points).toHaveLength(3);
  });
});

describe("an edge", () => {
  const polygons = SHAPES.filter(({ kind }) => kind === "polygon");

  it("is found at any of its points, and not away from it", () => {
    for (const shape of polygons)
      shape.points.forEach((_, corner) => {
        expect(edgeAt(shape, middleOfEdge(shape, corner), 0.01)).toBe(corner);
      });
    expect(edgeAt(region({ kind: "polygon", points: handlesOf(region()) }), [3, 5], 1)).toBeNull();
    expect(edgeAt(region(), [1, 4], 1)).toBeNull();
  });

  it("with a corner half-way is the same outline", () => {
    for (const shape of polygons) {
      const more = insertCorner(shape, 1, middleOfEdge(shape, 1));
      expect(more.points).toHaveLength(shape.points.length + 1);
      for (let i = 0; i < 10; i++) {
        const at = randomPoint();
        // a corner is kept to a hundredth of a pixel
        if (edgeAt(shape, at, 0.05) === null) expect(containsPoint(more, at)).toBe(containsPoint(shape, at));
      }
    }
  });

  it("takes no more corners than a polygon may have", () => {
    const points = Array.from({ length: MOST_POINTS }, randomPoint);
    const full = region({ kind: "polygon", points });
    expect(insertCorner(full, 3, [1, 1])).toBe(full);
  });
});

it("growing is by as much on each side, and never down to nothing", () => {
  const box = {
    kind: "rectangle",
    points: [
      [10, 10],
      [20, 40],
    ],
  } as const;
  expect(boundsOf(growShape(box, 2))).toEqual({ top: 8, left: 8, bottom: 22, right: 42 });
  expect(isUsable(growShape(box, -100))).toBe(true);
});

describe("a line drawn by hand", () => {
  it("loses points, but no more than the tolerance of its course", () => {
    const line = Array.from({ length: 400 }, (_, i): Pair => [i / 4, 20 * Math.sin(i / 40) + 0.1 * random()]);
    const simple = simplifyLine(line, 0.5);
    expect(simple.length).toBeLessThan(40);
    for (const [y, x] of line) {
      const next = simple.findIndex(([row]) => row >= y);
      const [a, b] = [simple[Math.max(0, next - 1)] as Pair, simple[Math.max(next, 1)] as Pair];
      const onLine = a[1] + ((b[1] - a[1]) * (y - a[0])) / (b[0] - a[0] || 1);
      expect(Math.abs(onLine - x)).toBeLessThan(1.2);
    }
  });

  it("becomes a polygon that the kernel takes, however many points it has", () => {
    const line = Array.from({ length: 5000 }, (): Pair => [100 * random(), 100 * random()]);
    const points = closeLine(line, 0)?.points ?? [];
    expect(points.length).toBeLessThanOrEqual(MOST_POINTS);
    expect(points.length).toBeGreaterThan(MOST_POINTS / 2);
  });

  it("that encloses nothing is no region", () => {
    expect(closeLine([[5, 5]], 1)).toBeNull();
    expect(
      closeLine(
        [
          [5, 5],
          [5, 50],
        ],
        1,
      ),
    ).toBeNull();
  });
});

describe("regions that were set from outside", () => {
  it("are drawn where they are whole, and left out where they are not", () => {
    const good = region();
    const bad = [
      null,
      7,
      { ...good, points: [[1, 2]] },
      {
        ...good,
        points: [
          [1, 2],
          [Number.NaN, 3],
        ],
      },
      { ...good, color: "red; background: url(x)" },
      { ...good, kind: "line" },
      { ...good, name: undefined },
      {
        ...good,
        points: [
          [1, 2],
          [1, 2],
        ],
      },
    ];
    expect(resolveRegions([good, ...bad])).toEqual([good]);
    expect(resolveRegions("all")).toEqual([]);
  });

  it("leave the first free name and an unused colour to the next", () => {
    const taken = [region(), region({ id: "b", name: "ROI 3", color: "#56b4e9" })];
    expect(nameNext(taken)).toEqual({ name: "ROI 2", color: "#009e73" });
  });
});

it("an outline names x before y", () => {
  expect(buildPath(region())).toBe("M2 1L9 1L9 5L2 5Z");
  expect(buildPath(region({ kind: "ellipse" }))).toBe("M2 3A3.5 2 0 1 0 9 3A3.5 2 0 1 0 2 3Z");
});

it.each(KINDS)("a %s placed by key lies in the middle of what is seen", (kind) => {
  const shape = placeShape(kind, { y0: 20, x0: 40, y1: 60, x1: 80 });
  expect(middleOf(shape)).toEqual([40, 60]);
  expect(isUsable(shape)).toBe(true);
});
