import { describe, expect, it } from "vitest";
import type { Entry, EntryKind } from "../protocol/messages.ts";
import { type Branch, findByName, findTrail, resolveRows } from "./tree.ts";

const entry = (id: string, kind: EntryKind = "file"): Entry => ({
  id,
  name: id.toUpperCase(),
  kind,
  size: null,
  modified: null,
  items: null,
});

const branch = (entries: readonly Entry[], changes: Partial<Branch> = {}): Branch => ({
  entries,
  next: null,
  total: entries.length,
  step: "ready",
  ...changes,
});

const branches = new Map([
  ["", branch([entry("a", "folder"), entry("b"), entry("c", "group")])],
  ["a", branch([entry("a1"), entry("a2", "folder")])],
  ["a2", branch([])],
]);

const names = (expanded: readonly string[]) =>
  resolveRows(branches, new Set(expanded)).map((row) => (row.kind === "entry" ? row.entry.name : row.text));

describe("rows", () => {
  it("are the top when nothing is expanded", () => {
    expect(names([])).toEqual(["A", "B", "C"]);
  });

  it("follow what is expanded, in depth", () => {
    expect(names(["a", "a2"])).toEqual(["A", "A1", "A2", "Nothing is here.", "B", "C"]);
  });

  it("ignore what is expanded below something folded", () => {
    expect(names(["a2"])).toEqual(["A", "B", "C"]);
  });

  it("tell place, siblings, and whether there is something to open", () => {
    const [first, second] = resolveRows(branches, new Set());
    expect(first).toMatchObject({ place: 1, siblings: 3, depth: 0, expanded: false });
    expect(second).toMatchObject({ place: 2, expanded: null });
  });

  it("end with a note while more is to come, is loading, or failed", () => {
    const note = (changes: Partial<Branch>) =>
      resolveRows(new Map([["", branch([entry("a")], changes)]]), new Set()).at(-1);
    expect(note({ next: "1", total: 3000 })).toMatchObject({
      step: "more",
      text: "1 of 3,000, loading more…",
    });
    expect(note({ step: "loading" })).toMatchObject({ step: "loading" });
    const failure = { code: "x", message: "The store is away.", hint: "" };
    expect(note({ step: "failed", failure })).toMatchObject({ step: "failed", text: "The store is away." });
  });
});

describe("finding", () => {
  it("gives the way down to an entry", () => {
    expect(findTrail(branches, "a2").map(({ id }) => id)).toEqual(["a", "a2"]);
    expect(findTrail(branches, "elsewhere")).toEqual([]);
  });

  it("by name goes around the end, whatever the case", () => {
    const rows = resolveRows(branches, new Set());
    expect(findByName(rows, "b", 0)).toBe(1);
    expect(findByName(rows, "a", 2)).toBe(0);
    expect(findByName(rows, "zz", 0)).toBe(-1);
  });
});
