import { describe, expect, it } from "vitest";
import { buildFakeFolder } from "../testing/fake-folder.ts";
import type { FakeNode } from "../testing/fake-kernel.ts";
import { buildFakeMovie } from "../testing/fake-movie.ts";
import { parseResult } from "./results.ts";

function flatten(node: FakeNode): FakeNode[] {
  return [node, ...(node.children ?? []).flatMap(flatten)];
}

describe("parseResult", () => {
  it("reads every kind of preview", () => {
    const previews = flatten(buildFakeFolder({ many: 1 })).map(({ preview }) => preview);
    for (const preview of previews) expect(parseResult("preview", preview)).toEqual(preview);
    expect(new Set(previews.map(({ type }) => type))).toEqual(
      new Set(["none", "json", "array", "table", "text", "hex"]),
    );
  });

  it("reads an image and what it may lack", () => {
    const bare = { type: "image", mime: "image/png", width: 4, height: 3 };
    const rest = { name: "", size: null, path: "", url: "", line: "", scrubbable: false, whole: false };
    expect(parseResult("preview", bare)).toEqual({ ...rest, ...bare });
  });

  it("reads a page of a listing", () => {
    const entry = { id: "n1", name: "a", kind: "file", size: 3, modified: null, items: null };
    const page = { entries: [entry], next: "200", total: 1000 };
    expect(parseResult("list", page)).toEqual(page);
  });

  it("reads a description of an older kernel as a movie without the rest", () => {
    const { fps, axes, channel_names, steps, projections, masks, series, views, hints, ...old } =
      buildFakeMovie({
        frames: 2,
        height: 2,
        width: 2,
      }).facts;
    const rest = { fps, axes, channel_names, steps, projections, masks, series, views, hints };
    expect(parseResult("describe", old)).toEqual({ ...old, ...rest });
    expect(parseResult("frame", { index: 1, dtype: "|u1", shape: [2, 2] })).toMatchObject({ step: 1 });
  });

  it.each([
    ["project", { kind: "std", frames: 7, dtype: "<f4", shape: [2, 3] }],
    ["masks", { names: ["a"], rings: [[0, 0, 4]] }],
    ["trace", { unit: "dF/F", pixels: 4, frames: 7, has_band: false }],
    ["series", { traces: [{ name: "speed", unit: "cm/s" }], events: [{ name: "lick" }] }],
    ["clip", { name: "movie.mp4", mime: "video/mp4", size: 5 }],
    ["code", { line: "djo.scrub(movie)" }],
  ] as const)("reads the result of %s", (method, result) => {
    expect(parseResult(method, result)).toEqual(result);
  });

  it.each([
    ["a ring of two numbers", "masks", { names: ["a"], rings: [[0, 0]] }],
    ["a ring that begins nowhere", "masks", { names: ["a"], rings: [[0, -1, 3]] }],
    ["an unknown projection", "project", { kind: "median", frames: 7, dtype: "<f4", shape: [2, 3] }],
    ["a trace of no length", "trace", { unit: "photons", pixels: 4 }],
    [
      "an unknown kind of entry",
      "list",
      { entries: [{ id: "n1", name: "a", kind: "link" }], next: null, total: 1 },
    ],
    ["an unknown preview", "preview", { type: "html", html: "<b>" }],
    ["rows that are no texts", "preview", { type: "table", columns: ["a"], rows: [[1]] }],
    ["a result that is missing", "open", undefined],
  ] as const)("refuses %s", (_, method, result) => {
    expect(() => parseResult(method, result)).toThrow(expect.objectContaining({ name: "ProtocolError" }));
  });
});
