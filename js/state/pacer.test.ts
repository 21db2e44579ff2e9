import { describe, expect, it } from "vitest";
import { Pacer } from "./pacer.ts";

const frame = (index: number) => ({ index });

function taken(pacer: Pacer<{ index: number }>, times: readonly number[]): (number | null)[] {
  return times.map((time) => pacer.take(time).item?.index ?? null);
}

describe("a pacer that keeps time", () => {
  it("spreads a burst evenly", () => {
    const pacer = new Pacer({ fps: 10, frames: 100, keep: "time" });
    for (const index of [0, 1, 2]) pacer.push(frame(index), 0);
    expect(taken(pacer, [0, 50, 100, 150, 200, 300])).toEqual([0, null, 1, null, 2, null]);
  });

  it("drops frames that are overtaken, and counts them", () => {
    const pacer = new Pacer({ fps: 10, frames: 100, keep: "time" });
    for (const index of [0, 1, 2, 3]) pacer.push(frame(index), 0);
    expect(pacer.take(205)).toEqual({ item: frame(2), passed: [frame(0), frame(1), frame(2)] });
  });

  it("leaves a gap where the kernel skipped", () => {
    const pacer = new Pacer({ fps: 10, frames: 100, keep: "time" });
    pacer.push(frame(0), 0);
    pacer.push(frame(3), 0);
    expect(taken(pacer, [0, 100, 200, 300])).toEqual([0, null, null, 3]);
  });

  it("goes on over the end of a loop", () => {
    const pacer = new Pacer({ fps: 10, frames: 5, keep: "time" });
    for (const index of [3, 4, 0, 1]) pacer.push(frame(index), 0);
    expect(taken(pacer, [0, 100, 200, 300])).toEqual([3, 4, 0, 1]);
  });

  it("starts anew after a pause of the kernel instead of racing", () => {
    const pacer = new Pacer({ fps: 10, frames: 100, keep: "time" });
    pacer.push(frame(0), 0);
    pacer.take(0);
    pacer.push(frame(1), 5000);
    expect(taken(pacer, [5000])).toEqual([1]);
    for (const index of [2, 3, 4]) pacer.push(frame(index), 5000);
    expect(taken(pacer, [5001, 5100, 5200]).filter((index) => index !== null).length).toBeGreaterThan(1);
  });
});

describe("a pacer that keeps frames", () => {
  it("paints each one, however late", () => {
    const pacer = new Pacer({ fps: 10, frames: 100, keep: "frames" });
    for (const index of [0, 1, 2, 3]) pacer.push(frame(index), 0);
    expect(taken(pacer, [500, 600, 700, 800])).toEqual([0, 1, 2, 3]);
  });
});
