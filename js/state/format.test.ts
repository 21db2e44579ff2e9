import { describe, expect, it } from "vitest";
import { formatField, formatItems, formatSeconds, formatShape, formatSize, formatValue } from "./format.ts";

describe("sizes", () => {
  it.each([
    [0, "0 B"],
    [171, "171 B"],
    [1000, "1 kB"],
    [12_840, "12.8 kB"],
    [4_600_000, "4.6 MB"],
    [9_200_000_000, "9.2 GB"],
    [null, "–"],
  ])("%s is %s", (bytes, text) => expect(formatSize(bytes)).toBe(text));
});

describe("other numbers", () => {
  it.each([
    [formatSeconds(0.5666), "0.57 s"],
    [formatSeconds(125.25), "2:05.3 min"],
    [formatValue(-43, 0), "−43"],
    [formatValue(0.0012, 2), "0.0012"],
    [formatValue(Number.NaN, 2), "no number"],
    [formatField(1 / 3), "0.33333"],
    [formatItems(1), "1 item"],
    [formatItems(3000), "3,000 items"],
    [formatShape([1000, 512]), "1,000 × 512"],
    [formatShape([]), "scalar"],
  ])("%s", (text, expected) => expect(text).toBe(expected));
});
