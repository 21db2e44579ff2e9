import { signal } from "@preact/signals-core";
import { beforeEach, describe, expect, it } from "vitest";
import type { RegionShape } from "../protocol/messages.ts";
import { RegionEditor } from "./region-editor.ts";
import { moveShape } from "./regions.ts";
import type { Region } from "./settings.ts";

const BOX: RegionShape = {
  kind: "rectangle",
  points: [
    [1, 1],
    [5, 5],
  ],
};
const SIZE = { height: 100, width: 100 };

let rois = signal<readonly Region[]>([]);
let mask = signal(-1);
let editor: RegionEditor;

beforeEach(() => {
  rois = signal<readonly Region[]>([]);
  mask = signal(-1);
  editor = new RegionEditor({ rois, mask });
});

const names = () => rois.value.map(({ name }) => name);

describe("drawing", () => {
  it("reaches the trait once it is finished, and is then selected", () => {
    editor.begin(BOX);
    expect(rois.value).toEqual([]);
    expect(editor.shown.value).toHaveLength(1);
    editor.finish();
    expect(rois.value).toEqual([expect.objectContaining({ name: "ROI 1", ...BOX })]);
    expect(editor.selected.value).toBe(rois.value[0]?.id);
  });

  it("gives each a name, a colour and an id of its own", () => {
    for (let i = 0; i < 5; i++) editor.add(BOX);
    for (const key of ["name", "color", "id"] as const)
      expect(new Set(rois.value.map((region) => region[key])).size).toBe(5);
  });

  it("of a mere click leaves nothing", () => {
    editor.add({
      kind: "ellipse",
      points: [
        [3, 3],
        [3, 3.1],
      ],
    });
    expect(rois.value).toEqual([]);
    expect(editor.canUndo.value).toBe(false);
  });

  it("that is broken off leaves nothing", () => {
    editor.begin(BOX);
    editor.cancel();
    expect([rois.value, editor.shown.value]).toEqual([[], []]);
  });
});

describe("changing", () => {
  beforeEach(() => {
    editor.add(BOX);
    editor.add(BOX);
  });

  it("hides the old shape while it is dragged", () => {
    const region = rois.value[0] as Region;
    editor.draft.value = moveShape(region, [10, 10], SIZE);
    expect(editor.shown.value).toHaveLength(2);
    expect(editor.shown.value[0]?.points[0]).toEqual([11, 11]);
    expect(rois.value[0]?.points[0]).toEqual([1, 1]);
    editor.finish();
    expect(rois.value[0]?.points[0]).toEqual([11, 11]);
  });

  it("renames, but not to nothing", () => {
    const id = rois.value[0]?.id ?? "";
    editor.rename(id, " soma ");
    editor.rename(id, "  ");
    expect(names()).toEqual(["soma", "ROI 2"]);
  });

  it("recolours", () => {
    editor.recolor(rois.value[1]?.id ?? "", "#112233");
    expect(rois.value[1]?.color).toBe("#112233");
  });

  it("deletes, and selects the one that takes its place", () => {
    editor.add(BOX);
    const [, second, third] = rois.value.map(({ id }) => id);
    editor.select(second ?? null);
    editor.remove(second ?? "");
    expect(names()).toEqual(["ROI 1", "ROI 3"]);
    expect(editor.selected.value).toBe(third);
  });
});

describe("undo", () => {
  it("goes back step by step to the beginning, and forth again", () => {
    const steps: (readonly Region[])[] = [rois.value];
    const acts = [
      () => editor.add(BOX),
      () => editor.add(BOX),
      () => editor.rename(rois.value[0]?.id ?? "", "soma"),
      () => editor.change(rois.value[1]?.id ?? "", (one) => moveShape(one, [3, 4], SIZE)),
      () => editor.remove(rois.value[0]?.id ?? ""),
    ];
    for (const act of acts) {
      act();
      steps.push(rois.value);
    }
    for (const step of steps.slice(0, -1).reverse()) {
      editor.undo();
      expect(rois.value).toEqual(step);
    }
    editor.undo();
    for (const step of steps.slice(1)) {
      editor.redo();
      expect(rois.value).toEqual(step);
    }
  });

  it("forgets what was undone once something else is done", () => {
    editor.add(BOX);
    editor.undo();
    editor.add({ ...BOX, kind: "ellipse" });
    editor.redo();
    expect(rois.value.map(({ kind }) => kind)).toEqual(["ellipse"]);
  });

  it("leaves nothing selected that is gone", () => {
    editor.add(BOX);
    editor.undo();
    expect(editor.selected.value).toBeNull();
  });
});

it("a region and a given mask are not selected together", () => {
  editor.add(BOX);
  editor.selectMask(3);
  expect([editor.selected.value, mask.value]).toEqual([null, 3]);
  editor.select(rois.value[0]?.id ?? null);
  expect(mask.value).toBe(-1);
});

it("regions that Python sets are shown, and what is none is not", () => {
  rois.value = [{ id: "p", name: "soma", color: "#123456", ...BOX }, { id: "q" } as Region];
  expect(editor.regions.value.map(({ name }) => name)).toEqual(["soma"]);
});
