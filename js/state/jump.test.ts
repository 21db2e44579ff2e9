import { describe, expect, it } from "vitest";
import { buildMovie } from "../testing/movie-facts.ts";
import { parseJump } from "./jump.ts";

const movie = buildMovie({ frames: 3000, frame_rate: 20 });

describe("where a user wants to go", () => {
  it.each([
    ["300", 300],
    [" 300 ", 300],
    ["9999", 2999],
    ["-4", 0],
    ["12.5 s", 250],
    ["12.5s", 250],
    ["12,5 s", 250],
    ["2 seconds", 40],
    ["1:02.5", 1250],
    ["1:02 min", 1240],
    ["9999 s", 2999],
    ["-1 s", 0],
  ])("%j is frame %d", (text, index) => {
    expect(parseJump(text, movie)).toEqual({ ok: true, index });
  });

  it("is the nearest frame in real times", () => {
    const times = Float64Array.of(5, 5.1, 8, 8.1);
    const irregular = buildMovie({ frames: 4, times });
    const indices = ["0 s", "5.06 s", "6 s", "7 s", "99 s"].map((text) => parseJump(text, irregular));
    expect(indices.map((jump) => jump.ok && jump.index)).toEqual([0, 1, 1, 2, 3]);
  });

  it.each(["", "soon", "12.5", "1e3 s", "1:2:3"])("%j is asked about", (text) => {
    expect(parseJump(text, movie)).toMatchObject({ ok: false });
  });

  it("can't be a time where none is known", () => {
    expect(parseJump("3 s", buildMovie({ frame_rate: null }))).toEqual({
      ok: false,
      message: "This movie has no times, only frames.",
    });
  });
});
