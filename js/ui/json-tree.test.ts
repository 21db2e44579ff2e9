import { describe, expect, it } from "vitest";
import { buildJson } from "./json-tree.ts";

function show(value: unknown): HTMLElement {
  const node = document.createElement("div");
  node.append(...buildJson(typeof value === "string" ? value : JSON.stringify(value)));
  return node;
}

function open(fold: HTMLDetailsElement): void {
  fold.open = true;
  fold.dispatchEvent(new Event("toggle"));
}

const folds = (node: HTMLElement) => [...node.querySelectorAll("details")];

describe("folding JSON", () => {
  it("opens the first levels and folds the deeper ones", () => {
    const node = show({ laser: { power: 28, lines: { blue: 488 } } });
    expect(folds(node).map(({ open: isOpen }) => isOpen)).toEqual([true, true, false]);
    expect(node.textContent).toContain('"power": 28');
    expect(node.querySelectorAll(".djo-json-line")).toHaveLength(1);
    expect(node.querySelectorAll("summary")[2]?.textContent).toBe('"lines": {1 }blue: 488');
    open(folds(node)[2] as HTMLDetailsElement);
    expect(node.textContent).toContain('"blue": 488');
  });

  it("holds few elements of a long list, and more when asked", () => {
    const node = show(Array.from({ length: 50_000 }, (_, i) => i));
    expect(node.querySelectorAll(".djo-json-line")).toHaveLength(200);
    const more = node.querySelector("button");
    expect(more?.textContent).toBe("49,800 more");
    more?.click();
    expect(node.querySelectorAll(".djo-json-line")).toHaveLength(400);
  });

  it("keeps a long member folded", () => {
    const node = show({ values: Array.from({ length: 5000 }, (_, i) => i) });
    expect(node.querySelectorAll(".djo-json-line")).toHaveLength(0);
    expect(node.querySelectorAll("summary")[1]?.textContent).toBe('"values": [5,000 ]0');
  });

  it("shows names and values that look like markup as text", () => {
    const node = show({ "<b>x</b>": "<script>no()</script>" });
    expect(node.querySelectorAll("b, script")).toHaveLength(0);
    expect(node.textContent).toContain('"<b>x</b>": "<script>no()</script>"');
  });

  it.each(['{"a": ', "{'a': 1}", '{"id": 12345678901234567890}', "17"])("leaves %s as it is", (text) => {
    const node = show(text);
    expect(folds(node)).toEqual([]);
    expect(node.textContent).toBe(text);
  });

  it("survives deep nesting", () => {
    expect(folds(show(`${"[".repeat(5000)}${"]".repeat(5000)}`)).length).toBeLessThan(5);
  });
});
