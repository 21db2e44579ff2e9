import { describe, expect, it } from "vitest";
import { buildEmbedded } from "../testing/embedded.ts";
import { buildFakeMovie } from "../testing/fake-movie.ts";
import { nearestSaved, parseEmbedded } from "./embedded.ts";
import { secondsOf } from "./movie.ts";

const movie = buildFakeMovie({ frames: 20, height: 4, width: 6, more: { series: true, steps: [2] } });

describe("a movie inside the page", () => {
  it("has the frames that were put in, and asks for nothing else", () => {
    const saved = parseEmbedded(buildEmbedded(movie, [0, 1, 2]));
    expect(saved?.movie).toMatchObject({ frames: 3, height: 4, width: 6, series: false, steps: [] });
    expect(saved?.frames.map(({ index }) => index)).toEqual([0, 1, 2]);
    const codes = new Uint8Array(movie.frame(2, 0).buffer);
    expect([...(saved?.frames[2]?.codes ?? [])]).toEqual([...codes]);
    expect(saved?.movie.table?.length).toBe(movie.table.length);
  });

  it("keeps the time of frames that were picked out", () => {
    const saved = parseEmbedded(buildEmbedded(movie, [0, 6, 12]));
    expect(saved && [0, 1, 2].map((index) => secondsOf(saved.movie, index))).toEqual([0, 0.2, 0.4]);
  });

  it("knows which of its frames is nearest to one of the whole movie", () => {
    const saved = parseEmbedded(buildEmbedded(movie, [0, 6, 12]));
    expect(saved && [0, 2, 4, 7, 19].map((index) => nearestSaved(saved, index))).toEqual([0, 0, 1, 1, 2]);
  });

  it("may lie anywhere in a larger buffer", () => {
    const bytes = buildEmbedded(movie, [0, 1]);
    const padded = new Uint8Array(bytes.byteLength + 3);
    padded.set(new Uint8Array(bytes.buffer), 3);
    expect(parseEmbedded(new DataView(padded.buffer, 3))?.frames).toHaveLength(2);
  });

  it("may be absent", () => {
    expect(parseEmbedded(new DataView(new ArrayBuffer(0)))).toBeNull();
  });

  it("is refused where it is cut short", () => {
    const bytes = buildEmbedded(movie, [0, 1]);
    expect(() => parseEmbedded(new DataView(bytes.buffer, 0, bytes.byteLength - 1))).toThrow(RangeError);
  });
});
