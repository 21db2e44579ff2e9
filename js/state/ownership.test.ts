import { describe, expect, it } from "vitest";
import type { Owner, Standing } from "../protocol/owning.ts";
import { describeOwner, describeParts, markOf } from "./ownership.ts";

const owner = (changes: Partial<Owner>): Owner => ({
  kind: "object",
  standing: "",
  reason: "",
  table: "",
  field: "",
  key: [],
  rows: 0,
  restriction: "",
  line: "",
  ...changes,
});

const row = owner({
  standing: "row",
  table: "lab.scan",
  field: "files",
  key: [
    ["subject", "M1"],
    ["day", "2026-01-05"],
  ],
  rows: 1,
});

describe("the mark of an entry", () => {
  it.each<[string, Partial<Owner>, string | null]>([
    ["a row", { standing: "row", rows: 1 }, "1 row"],
    ["many rows", { standing: "row", rows: 12_000 }, "12,000 rows"],
    ["no row", { standing: "orphan" }, "no row"],
    ["a young object", { standing: "recent" }, "recent"],
    ["a write", { standing: "writing" }, "being written"],
    ["what is not ours", { standing: "foreign" }, "foreign"],
    ["what was removed", { standing: "quarantined" }, "quarantined"],
    ["what was not read", { standing: "unread" }, "not read"],
    ["a schema", { kind: "schema" }, "schema"],
    ["a schema that was not read", { kind: "schema", standing: "unread" }, "not read"],
    ["a part", { kind: "part" }, null],
  ])("of %s", (_, changes, word) => {
    expect(markOf(owner(changes))?.word ?? null).toBe(word);
  });

  it("asks to be looked at where something may be wrong, and nowhere else", () => {
    const alerts = (["row", "orphan", "recent", "writing", "unread", "foreign"] as Standing[]).filter(
      (standing) => markOf(owner({ standing }))?.tone === "alert",
    );
    expect(alerts).toEqual(["orphan", "unread"]);
  });
});

describe("an owner in words", () => {
  it("names the row", () => {
    expect(describeOwner(row)).toBe("A row names it: lab.scan, subject = M1, day = 2026-01-05, in files.");
    expect(describeOwner({ ...row, kind: "key", rows: 3 })).toBe(
      "3 rows name something in it; the first: lab.scan, subject = M1, day = 2026-01-05, in files.",
    );
  });

  it("names the table of a folder, and why rows of a schema may be hidden", () => {
    const key = [["subject", ""]] as const;
    expect(describeOwner(owner({ kind: "table", table: "lab.scan", field: "files, movie", key }))).toBe(
      "Table lab.scan, by subject. Objects in files, movie.",
    );
    expect(
      describeOwner(owner({ kind: "schema", table: "lab", reason: "this user may not read all of lab.x" })),
    ).toBe("Schema lab. This user may not read all of lab.x.");
    expect(
      describeOwner(owner({ kind: "schema", standing: "unread", reason: "there is no schema 'x'" })),
    ).toBe("There is no schema 'x'.");
  });

  it("says why it can't be told", () => {
    const said = describeOwner(owner({ standing: "unread", reason: "the database does not answer" }));
    expect(said).toBe("It can't be told whether a row names it. The database does not answer.");
  });

  it("speaks of what lies in a folder of keys", () => {
    expect(describeOwner(owner({ kind: "key", standing: "writing" }))).toBe(
      "Something in it is being written just now.",
    );
  });

  it("says nothing of a part or a section", () => {
    expect(describeOwner(owner({ kind: "part" }))).toBe("");
    expect(describeOwner(owner({ kind: "section" }))).toBe("");
  });
});

it("the summary of a store begins with the largest", () => {
  const part = (standing: Standing, size: number) => ({ standing, objects: 1, files: 2, size });
  const lines = describeParts([part("foreign", 5), part("row", 100), part("orphan", 7)]);
  expect(lines.map(({ word }) => word)).toEqual(["row", "no row", "foreign"]);
});
