import { describe, expect, it } from "vitest";
import { buildFakeFolder } from "../testing/fake-folder.ts";
import type { FakeNode } from "../testing/fake-kernel.ts";
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
    const rest = { name: "", size: null, path: "", line: "", scrubbable: false };
    expect(parseResult("preview", bare)).toEqual({ ...rest, ...bare });
  });

  it("reads a page of a listing", () => {
    const entry = { id: "n1", name: "a", kind: "file", size: 3, modified: null, items: null };
    const page = { entries: [entry], next: "200", total: 1000 };
    expect(parseResult("list", page)).toEqual(page);
  });

  it.each([
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
