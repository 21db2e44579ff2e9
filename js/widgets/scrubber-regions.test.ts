import { describe, expect, it } from "vitest";
import { enter, find, pass, press } from "../testing/page.ts";
import { drag, take } from "../testing/pointer.ts";
import { useScrubberPage } from "../testing/scrubber-page.ts";

const page = useScrubberPage({ width: 400 });

describe("drawing an ROI", () => {
  it.each(["rectangle", "ellipse"])("%s by a drag", async (kind) => {
    const root = await page.open();
    take(root, kind);
    drag(page.picture(root), [
      [50, 100],
      [80, 120],
      [200, 300],
    ]);
    expect(page.rois).toMatchObject([
      {
        name: "ROI 1",
        kind,
        points: [
          [1, 2],
          [4, 6],
        ],
      },
    ]);
    expect(find(root, `tool-${kind}`).getAttribute("aria-pressed")).toBe("false");
  });

  it("polygon by clicks, closed at its first corner", async () => {
    const root = await page.open();
    take(root, "polygon");
    for (const [y, x] of [
      [50, 50],
      [50, 200],
      [200, 200],
      [51, 51],
    ] as const)
      drag(page.picture(root), [[y, x]]);
    expect(page.rois).toMatchObject([
      {
        kind: "polygon",
        points: [
          [1, 1],
          [1, 4],
          [4, 4],
        ],
      },
    ]);
  });

  it("polygon, with its last corner taken back and Enter", async () => {
    const root = await page.open();
    take(root, "polygon");
    for (const [y, x] of [
      [50, 50],
      [50, 200],
      [200, 200],
      [300, 50],
    ] as const)
      drag(page.picture(root), [[y, x]]);
    press(page.picture(root), "Backspace");
    press(page.picture(root), "Enter");
    expect(page.rois).toMatchObject([
      {
        points: [
          [1, 1],
          [1, 4],
          [4, 4],
        ],
      },
    ]);
  });

  it("freehand by a drag, as a polygon", async () => {
    const root = await page.open();
    take(root, "freehand");
    const circle = Array.from({ length: 60 }, (_, i) => {
      const angle = (2 * Math.PI * i) / 60;
      return [200 + 100 * Math.sin(angle), 200 + 100 * Math.cos(angle)] as const;
    });
    drag(page.picture(root), circle);
    const [roi] = page.rois;
    expect(roi?.kind).toBe("polygon");
    expect(roi?.points.length).toBeGreaterThan(8);
    expect(roi?.points.length).toBeLessThan(60);
  });

  it("ends with Escape and leaves nothing", async () => {
    const root = await page.open();
    take(root, "polygon");
    drag(page.picture(root), [[50, 50]]);
    press(page.picture(root), "Escape");
    press(page.picture(root), "Escape");
    expect(page.rois).toEqual([]);
    expect(root.querySelector(".djo-region")).toBeNull();
  });

  it("by key places it in the middle of what is seen", async () => {
    const root = await page.open({ viewport: [4, 4, 8, 8] });
    for (const kind of ["rectangle", "ellipse", "polygon", "freehand"]) find(root, `tool-${kind}`).click();
    expect(page.rois.map(({ name }) => name)).toEqual(["ROI 1", "ROI 2", "ROI 3", "ROI 4"]);
    expect(page.rois[0]?.points).toEqual([
      [5.5, 5.5],
      [6.5, 6.5],
    ]);
  });
});

const BOX = {
  id: "a1",
  name: "soma",
  color: "#e69f00",
  kind: "rectangle",
  points: [
    [1, 1],
    [3, 3],
  ],
};

describe("an ROI", () => {
  const roi = BOX;
  const triangle = {
    ...roi,
    kind: "polygon",
    points: [
      [1, 1],
      [1, 6],
      [6, 6],
    ],
  };
  const open = async () => {
    const root = await page.open({ rois: [roi] });
    return { root, box: page.picture(root) };
  };
  const shape = (root: HTMLElement) => root.querySelector("[data-region]") as Element;
  const handle = (root: HTMLElement, number: number) =>
    root.querySelector(`[data-handle="${number}"]`) as Element;

  it("set from Python is drawn and listed", async () => {
    const { root } = await open();
    expect(shape(root).getAttribute("stroke")).toBe("#e69f00");
    expect(find(root, "roi").textContent).toContain("soma");
  });

  it("is selected by a click and moved by a drag", async () => {
    const { root } = await open();
    drag(shape(root), [[100, 100]]);
    expect(find(root, "roi").getAttribute("aria-pressed")).toBe("true");
    drag(shape(root), [
      [100, 100],
      [150, 120],
    ]);
    expect(page.rois).toMatchObject([
      {
        points: [
          [2, 1.4],
          [4, 3.4],
        ],
      },
    ]);
    expect(page.model.get("viewport") ?? null).toBeNull();
  });

  it("changes by its corners", async () => {
    const { root } = await open();
    find(root, "roi").click();
    drag(handle(root, 2), [
      [150, 150],
      [300, 250],
    ]);
    expect(page.rois).toMatchObject([
      {
        points: [
          [1, 1],
          [6, 5],
        ],
      },
    ]);
  });

  it("of corners gains and loses them", async () => {
    const root = await page.open({
      rois: [
        {
          ...roi,
          kind: "polygon",
          points: [
            [1, 1],
            [1, 3],
            [3, 3],
          ],
        },
      ],
    });
    find(root, "roi").click();
    drag(root.querySelector('[data-edge="0"]') as Element, [
      [50, 100],
      [0, 100],
    ]);
    expect(page.rois[0]?.points).toEqual([
      [1, 1],
      [0, 2],
      [1, 3],
      [3, 3],
    ]);
    for (let press = 0; press < 2; press++) drag(handle(root, 1), [[0, 100]]);
    expect(page.rois[0]?.points).toEqual([
      [1, 1],
      [1, 3],
      [3, 3],
    ]);
  });

  it("gains a corner where an edge is clicked twice, and it follows the pointer", async () => {
    const root = await page.open({ rois: [triangle] });
    for (let press = 0; press < 2; press++) drag(shape(root), [[150, 220]]);
    expect(page.rois[0]?.points).toEqual(triangle.points);
    drag(shape(root), [[52, 100]]);
    drag(shape(root), [
      [52, 100],
      [25, 100],
    ]);
    expect(page.rois[0]?.points).toEqual([
      [1, 1],
      [0.5, 2],
      [1, 6],
      [6, 6],
    ]);
    expect(find(root, "corner").textContent).toBe("Corner 2 of 4: x 2, y 0.5");
  });

  it("has corners that keys step through, move, add and delete", async () => {
    const root = await page.open({ rois: [triangle] });
    const corners = find(root, "corners");
    expect(corners.hidden).toBe(true);
    find(root, "roi").click();
    expect(corners.getAttribute("aria-label")).toBe("Corners of soma");
    const said = find(root, "corner");
    expect(said.getAttribute("role")).toBe("status");
    expect(said.textContent).toBe("Corner 1 of 3: x 1, y 1");
    const next = find(root, "corner-next");
    next.click();
    expect(said.textContent).toBe("Corner 2 of 3: x 6, y 1");
    expect(root.querySelector("circle.djo-chosen")?.getAttribute("data-handle")).toBe("1");
    press(next, "ArrowDown");
    press(next, "ArrowRight", { shiftKey: true });
    expect(said.textContent).toBe("Corner 2 of 3: x 8, y 2");
    expect(root.dataset.frame).toBe("0");
    find(root, "corner-add").click();
    expect(said.textContent).toBe("Corner 3 of 4: x 7, y 4");
    press(next, "Delete");
    press(next, "Insert");
    expect(said.textContent).toBe("Corner 4 of 4: x 3.5, y 3.5");
    find(root, "corner-remove").click();
    expect(find<HTMLButtonElement>(root, "corner-remove").disabled).toBe(true);
    press(next, "Delete");
    expect(page.rois).toHaveLength(1);
    find(root, "corner-previous").click();
    for (let i = 0; i < 3; i++) find(root, "corner-previous").click();
    expect(said.textContent).toBe("Corner 2 of 3: x 8, y 2");
  });

  it("that is a box has four corners, none more and none less", async () => {
    const { root } = await open();
    find(root, "roi").click();
    for (let i = 0; i < 2; i++) find(root, "corner-next").click();
    const next = find(root, "corner-next");
    expect(find(root, "corner").textContent).toBe("Corner 3 of 4: x 3, y 3");
    expect([find(root, "corner-add").hidden, find(root, "corner-remove").hidden]).toEqual([true, true]);
    press(next, "Insert");
    press(next, "Delete");
    press(next, "ArrowUp", { shiftKey: true });
    expect(find(root, "corner").textContent).toBe("Corner 2 of 4: x 3, y 0");
    expect(page.rois[0]?.points).toEqual([
      [1, 1],
      [0, 3],
    ]);
  });

  it("is moved, grown and deleted by key from the list, and all of it undone", async () => {
    const { root } = await open();
    const row = find(root, "roi");
    press(row, "ArrowRight");
    press(row, "ArrowDown");
    expect(page.rois[0]?.points).toEqual([
      [2, 2],
      [4, 4],
    ]);
    expect(root.dataset.frame).toBe("0");
    press(row, "+");
    expect(page.rois[0]?.points).toEqual([
      [1.5, 1.5],
      [4.5, 4.5],
    ]);
    press(row, "Delete");
    expect(page.rois).toEqual([]);
    for (let i = 0; i < 4; i++) press(page.picture(root), "z", { ctrlKey: true });
    expect(page.rois).toEqual([roi]);
    press(page.picture(root), "z", { ctrlKey: true, shiftKey: true });
    expect(page.rois[0]?.points).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it("takes another name and colour", async () => {
    const { root } = await open();
    find(root, "roi").click();
    enter(find(root, "roi-name"), "dendrite");
    enter(find(root, "roi-color"), "#112233");
    expect(page.rois).toMatchObject([{ name: "dendrite", color: "#112233" }]);
    expect(find(root, "roi-remove").getAttribute("aria-label")).toBe("Delete dendrite");
  });

  it("shows its trace's unit, and dF/F when chosen", async () => {
    const { root } = await open();
    await pass(1000);
    expect(find(root, "roi").textContent).toContain("photons");
    enter(find(root, "quantity"), "dff");
    enter(find(root, "baseline"), "20");
    await pass(1000);
    expect(page.requests("trace").at(-1)).toMatchObject({ params: { quantity: "dff", baseline: 20 } });
    expect(find(root, "roi").textContent).toContain("dF/F");
  });
});

describe("given masks", () => {
  it("are outlined, selected by a click or from the list, and traced", async () => {
    const root = await page.open({}, { masks: 3 });
    await pass(100);
    const contours = root.querySelectorAll("[data-mask]");
    expect(contours).toHaveLength(3);
    drag(contours[1] as Element, [[100, 100]]);
    expect(page.model.get("mask")).toBe(1);
    expect(contours[1]?.classList.contains("djo-chosen")).toBe(true);
    expect(find<HTMLSelectElement>(root, "mask").value).toBe("1");
    await pass(1000);
    expect(page.requests("trace").at(-1)).toMatchObject({ params: { roi: { kind: "mask", mask: 1 } } });
    expect(find(root, "mask-trace").hidden).toBe(true);
    enter(find(root, "mask"), "0");
    await pass(270);
    find(root, "mask-trace").click();
    expect(page.sent("cancel")).toHaveLength(1);
    expect(root.textContent).toContain("Stopped.");
    find(root, "mask-trace").click();
    await pass(1000);
    expect(page.requests("trace").at(-1)).toMatchObject({ params: { roi: { kind: "mask", mask: 0 } } });
    enter(find(root, "mask"), "-1");
    expect(page.model.get("mask")).toBe(-1);
    expect(root.querySelector(".djo-mask.djo-chosen")).toBeNull();
  });
});

it("two views of one movie ask for a trace once, and both have it", async () => {
  page.build({ rois: [BOX] });
  const roots = [page.show(), page.show()];
  await pass(2000);
  expect(page.requests("trace")).toHaveLength(1);
  for (const root of roots) expect(find(root, "roi").textContent).toContain("photons");
});
