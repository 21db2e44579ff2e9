import { describe, expect, it } from "vitest";
import fixture from "../../tests/fixtures/messages.json";
import type { OwningMethods } from "./owning.ts";
import { parseResult } from "./results.ts";

const METHODS: Record<keyof OwningMethods, string> = {
  owners: "owners",
  owner_row: "cells",
  compare: "parts",
  usage: "shares",
  enough: "ended",
};

describe("what is told of a store", () => {
  it.each(Object.entries(METHODS))("is read as the kernel writes it: %s", (method, field) => {
    const told = fixture.to_browser.find(({ result }) => result !== undefined && field in result);
    expect(told).toBeDefined();
    expect(parseResult(method as keyof OwningMethods, told?.result)).toEqual(told?.result);
  });

  it.each([
    [
      "a standing that is unknown",
      "owners",
      { owners: [{ kind: "object", standing: "lost", key: [], rows: 0 }] },
    ],
    [
      "a key without its value",
      "owners",
      { owners: [{ kind: "key", standing: "row", key: [["a"]], rows: 1 }] },
    ],
    ["markup in place of a text", "owner_row", { table: "a", cells: [["a", { html: "<b>" }]] }],
    ["no word about the whole", "compare", { parts: [], notes: [] }],
  ] as const)("is refused with %s", (_, method, result) => {
    expect(() => parseResult(method, result)).toThrow(expect.objectContaining({ name: "ProtocolError" }));
  });
});
