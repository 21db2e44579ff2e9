import { describe, expect, it } from "vitest";
import { colorOfMask, parseMasks } from "./masks.ts";

const points = Float32Array.of(0, 0, 0, 2, 2, 2, 5, 6, 5, 8, 7, 8, 7, 6);
const view = new DataView(points.buffer);

describe("the contours of masks", () => {
  it("are read ring by ring, x before y", () => {
    const [one, two, three] = parseMasks(
      {
        names: ["a", "b", "c"],
        rings: [
          [0, 0, 3],
          [1, 3, 4],
          [0, 3, 2],
        ],
      },
      view,
    );
    expect(one?.path).toBe("M0 0L2 0L2 2ZM6 5L8 5Z");
    expect(two).toMatchObject({ name: "b", path: "M6 5L8 5L8 7L6 7Z" });
    expect(three?.path).toBe("");
  });

  it.each([
    ["a ring beyond the points", [[0, 5, 3]]],
    ["a mask that is not named", [[7, 0, 3]]],
  ] as const)("are refused with %s", (_, rings) => {
    expect(() => parseMasks({ names: ["a"], rings }, view)).toThrow(
      expect.objectContaining({ name: "ProtocolError" }),
    );
  });
});

it("neighbours have colours of their own, all light enough for a dark picture", () => {
  const colors = Array.from({ length: 60 }, (_, mask) => colorOfMask(mask));
  expect(new Set(colors).size).toBe(60);
  for (const color of colors) {
    expect(color).toMatch(/^#[0-9a-f]{6}$/);
    const [red = 0, green = 0, blue = 0] = (color.match(/[0-9a-f]{2}/g) ?? []).map((hex) =>
      Number.parseInt(hex, 16),
    );
    expect(0.2126 * red + 0.7152 * green + 0.0722 * blue).toBeGreaterThan(60);
  }
});
