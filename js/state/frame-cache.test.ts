import { describe, expect, it } from "vitest";
import { FrameCache } from "./frame-cache.ts";
import { FIRST_SLICE, type Frame, keyOfSlice } from "./movie.ts";

const FIRST = keyOfSlice(FIRST_SLICE);
const SECOND = keyOfSlice({ ...FIRST_SLICE, channel: 1 });

const frame = (index: number, bytes = 10, channel = 0): Frame => ({
  index,
  slice: { ...FIRST_SLICE, channel },
  dtype: "|u1",
  height: 1,
  width: bytes,
  codes: new Uint8Array(bytes),
});

describe("FrameCache", () => {
  it("stays within its bytes and forgets what was used longest ago", () => {
    const cache = new FrameCache(30);
    for (const index of [0, 1, 2]) cache.add(frame(index));
    cache.get(0, FIRST);
    cache.add(frame(3));
    expect([0, 1, 2, 3].map((index) => cache.has(index, FIRST))).toEqual([true, false, true, true]);
    expect(cache.bytes).toBe(30);
  });

  it("keeps one frame even if it is larger than the limit", () => {
    const cache = new FrameCache(5);
    cache.add(frame(0));
    cache.add(frame(1));
    expect([cache.has(0, FIRST), cache.has(1, FIRST)]).toEqual([false, true]);
  });

  it("counts a frame that comes twice once", () => {
    const cache = new FrameCache(100);
    cache.add(frame(0));
    cache.add(frame(0));
    expect(cache.bytes).toBe(10);
  });

  it("keeps channels apart", () => {
    const cache = new FrameCache(100);
    cache.add(frame(0, 10, 1));
    expect([cache.has(0, FIRST), cache.has(0, SECOND)]).toEqual([false, true]);
  });

  it("tells the runs of frames that it holds", () => {
    const cache = new FrameCache(1000);
    for (const index of [7, 0, 1, 4, 8, 9]) cache.add(frame(index));
    expect(cache.spans(FIRST)).toEqual([
      [0, 1],
      [4, 4],
      [7, 9],
    ]);
  });

  it("does not keep a large message alive for a small frame", () => {
    const cache = new FrameCache(1000);
    cache.add({ ...frame(0), codes: new Uint8Array(new ArrayBuffer(500), 100, 10) });
    expect(cache.get(0, FIRST)?.codes.buffer.byteLength).toBe(10);
  });
});
