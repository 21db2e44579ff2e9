import { describe, expect, it } from "vitest";
import type { Share } from "../protocol/owning.ts";
import { groupShares } from "./usage.ts";

const share = (schema_name: string, table: string, size: number, more: Partial<Share> = {}): Share => ({
  section: "schema",
  schema_name,
  table,
  objects: 1,
  files: 2,
  size,
  ...more,
});

const lines = (shares: readonly Share[]) =>
  groupShares(shares).map(({ name, size, depth }) => `${" ".repeat(depth)}${name} ${size}`);

describe("the bars of a store", () => {
  it("sum tables by schema, the largest first", () => {
    const shares = [share("lab", "Scan", 10), share("rig", "Clip", 25), share("lab", "Recording", 20)];
    expect(lines(shares)).toEqual(["lab 30", " Recording 20", " Scan 10", "rig 25", " Clip 25"]);
    expect(groupShares(shares)[0]).toMatchObject({ objects: 2, files: 4 });
  });

  it("name what belongs to no table", () => {
    const shares = [
      share("lab", "Scan", 10),
      share("lab", "", 5, { section: "hash" }),
      share("", "", 99, { section: "foreign" }),
      share("", "", 1, { section: "reserved" }),
    ];
    expect(lines(shares)).toEqual([
      "Other files 99",
      "lab 15",
      " Scan 10",
      " Blobs and attachments 5",
      "Kept by this package 1",
    ]);
  });

  it("are none of an empty store", () => {
    expect(groupShares([])).toEqual([]);
  });
});
