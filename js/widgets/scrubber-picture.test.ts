import { beforeEach, describe, expect, it, vi } from "vitest";
import { enter, find, findAll, pass, press } from "../testing/page.ts";
import { drag, point, take, wheel } from "../testing/pointer.ts";
import { useScrubberPage } from "../testing/scrubber-page.ts";

const page = useScrubberPage({ width: 400 });

const key = (target: HTMLElement, kind: string, how: KeyboardEventInit = {}) =>
  target.dispatchEvent(new KeyboardEvent(kind, { key: " ", bubbles: true, cancelable: true, ...how }));

describe("zoom", () => {
  it("by the wheel with Ctrl keeps the point under the pointer", async () => {
    const root = await page.open();
    expect(wheel(page.picture(root), { deltaY: -300, ctrlKey: true }).defaultPrevented).toBe(true);
    const [y0 = 0, x0 = 0, y1 = 0] = page.viewport ?? [];
    const scale = 400 / (y1 - y0);
    expect(scale).toBeGreaterThan(60);
    expect(y0 + 300 / scale).toBeCloseTo(6, 6);
    expect(x0 + 100 / scale).toBeCloseTo(2, 6);
  });

  it("leaves the plain wheel to the page until the picture has been clicked", async () => {
    const root = await page.open();
    expect(wheel(page.picture(root), { deltaY: -100 }).defaultPrevented).toBe(false);
    expect(page.viewport).toBeNull();
    drag(page.picture(root), [[300, 300]]);
    expect(wheel(page.picture(root), { deltaY: -100 }).defaultPrevented).toBe(true);
    expect(page.viewport).not.toBeNull();
  });

  it("lets the page scroll on where there is nothing to zoom out of", async () => {
    const root = await page.open();
    drag(page.picture(root), [[300, 300]]);
    expect(wheel(page.picture(root), { deltaY: 100 }).defaultPrevented).toBe(false);
  });

  it("follows keys and buttons, and fits again", async () => {
    const root = await page.open();
    press(page.picture(root), "+");
    expect(page.viewport).not.toBeNull();
    press(page.picture(root), "0");
    expect(page.viewport).toBeNull();
    find(root, "zoom-in").click();
    expect(find(root, "zoom").textContent).toBe("1.5×");
    find(root, "zoom-fit").click();
    expect(page.viewport).toBeNull();
  });

  it("by two fingers spreads about the middle between them", async () => {
    const root = await page.open();
    const box = page.picture(root);
    const touch = (id: number) => ({ id, type: "touch" });
    point(box, "pointerdown", 200, 150, touch(1));
    point(box, "pointerdown", 200, 250, touch(2));
    point(box, "pointermove", 200, 100, touch(1));
    point(box, "pointermove", 200, 300, touch(2));
    const [y0 = 0, x0 = 0, y1 = 8, x1 = 8] = page.viewport ?? [];
    expect(8 / (x1 - x0)).toBeCloseTo(2, 5);
    expect([(y0 + y1) / 2, (x0 + x1) / 2]).toEqual([expect.closeTo(4, 5), expect.closeTo(4, 5)]);
    point(box, "pointerup", 200, 100, touch(1));
    point(box, "pointerup", 200, 300, touch(2));
    expect(page.rois).toEqual([]);
  });

  it("comes from Python, and places the picture without painting it anew", async () => {
    const root = await page.open();
    await pass(500);
    const painted = root.dataset.painted;
    page.model.set("viewport", [2, 4, 6, 8]);
    const canvas = find<HTMLCanvasElement>(root, "canvas");
    expect(canvas.style.width).toBe("800px");
    expect(canvas.style.transform).toBe("translate(-400px, -200px)");
    expect(root.dataset.painted).toBe(painted);
  });

  it("reads the pixel under the pointer out right", async () => {
    const root = await page.open({ viewport: [2, 4, 6, 8] });
    point(page.picture(root), "pointermove", 50, 350);
    expect(find(root, "readout").textContent).toContain("x 7  y 2");
  });
});

describe("panning", () => {
  it("leaves the pixel under the pointer as it was", async () => {
    const root = await page.open({ viewport: [2, 2, 6, 6] });
    point(page.picture(root), "pointermove", 210, 210);
    const before = find(root, "readout").textContent;
    expect(before).toContain("x 4  y 4");
    drag(page.picture(root), [
      [210, 210],
      [110, 60],
    ]);
    expect(page.viewport?.map((side) => Number(side.toFixed(6)))).toEqual([3, 3.5, 7, 7.5]);
    expect(find(root, "readout").textContent).toBe(before);
  });

  it("holds the picture by the point where it was taken", async () => {
    const root = await page.open({ viewport: [2, 2, 6, 6] });
    drag(page.picture(root), [
      [200, 200],
      [150, 250],
    ]);
    expect(page.viewport).toEqual([2.5, 1.5, 6.5, 5.5]);
  });

  it("follows the middle button while a tool is chosen", async () => {
    const root = await page.open({ viewport: [2, 2, 6, 6] });
    take(root, "rectangle");
    drag(
      page.picture(root),
      [
        [200, 200],
        [100, 200],
      ],
      { button: 1 },
    );
    expect(page.viewport).toEqual([3, 2, 7, 6]);
    expect(page.rois).toEqual([]);
  });

  it("follows the space bar with a drag, whatever lies there, and nothing begins to play", async () => {
    const root = await page.open({ viewport: [2, 2, 6, 6] });
    take(root, "rectangle");
    key(page.picture(root), "keydown");
    expect(root.dataset.space).toBe("");
    key(page.picture(root), "keydown", { repeat: true });
    drag(page.picture(root), [
      [200, 200],
      [100, 200],
    ]);
    key(page.picture(root), "keyup");
    expect(page.viewport).toEqual([3, 2, 7, 6]);
    expect(page.rois).toEqual([]);
    expect(page.model.get("playing") ?? false).toBe(false);
    expect(root.dataset.space).toBeUndefined();
    press(page.picture(root), " ");
    expect(page.model.get("playing")).toBe(true);
    drag(page.picture(root), [
      [100, 100],
      [200, 200],
    ]);
    expect(page.rois).toHaveLength(1);
  });

  it("forgets the space bar where the focus goes elsewhere", async () => {
    const root = await page.open({ viewport: [2, 2, 6, 6] });
    key(page.picture(root), "keydown");
    page.picture(root).dispatchEvent(new FocusEvent("focusout", { bubbles: true, relatedTarget: null }));
    expect(root.dataset.space).toBeUndefined();
    key(page.picture(root), "keyup");
    expect(page.model.get("playing") ?? false).toBe(false);
  });

  it("leaves the space bar to a button that has the focus", async () => {
    const root = await page.open();
    press(find(root, "loop"), " ");
    press(find(root, "roi-name"), " ");
    expect(page.model.get("playing") ?? false).toBe(false);
  });

  it("follows Alt with arrows", async () => {
    const root = await page.open({ viewport: [2, 2, 6, 6] });
    press(page.picture(root), "ArrowRight", { altKey: true });
    expect(page.viewport?.map((side) => Number(side.toFixed(6)))).toEqual([2, 2.4, 6, 6.4]);
    expect(root.dataset.frame).toBe("0");
  });

  it("does nothing while all is seen", async () => {
    const root = await page.open();
    drag(page.picture(root), [
      [200, 200],
      [100, 100],
    ]);
    expect(page.viewport).toBeNull();
  });
});

describe("a large movie", () => {
  const large = { height: 80, width: 80, frames: 4, more: { steps: [2, 4, 8] } };

  // four of its pixels share one of the screen
  beforeEach(() => {
    vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(20);
  });

  const steps = () =>
    page.requests("frame").map((message) => {
      const params = (message as { params: { index: number; step?: number } }).params;
      return [params.index, params.step ?? 1];
    });

  it("is asked for coarsely first, and exactly once it rests", async () => {
    const root = await page.open({}, large);
    await pass(400);
    const ofFirst = steps().filter(([index]) => index === 0);
    expect(ofFirst).toContainEqual([0, 4]);
    expect(ofFirst.at(-1)).toEqual([0, 1]);
    expect(find<HTMLCanvasElement>(root, "canvas").width).toBe(80);
  });

  it("is asked for coarsely while the slider moves", async () => {
    const root = await page.open({}, large);
    await pass(400);
    const before = steps().length;
    for (const index of ["1", "2", "3"]) {
      enter(find(root, "slider"), index, "input");
      await pass(30);
    }
    const moving = steps()
      .slice(before)
      .filter(([index]) => index !== 3);
    expect(moving.every(([, step]) => step === 4)).toBe(true);
    await pass(400);
    expect(steps()).toContainEqual([3, 1]);
    expect(find<HTMLCanvasElement>(root, "canvas").width).toBe(80);
  });
});

describe("painting", () => {
  it("with any look sends nothing: limits, gamma, colours, unit, and limits for each frame", async () => {
    const root = await page.open();
    await pass(3000);
    const before = page.model.sent.length;
    const canvas = find<HTMLCanvasElement>(root, "canvas");
    const seen = new Set([page.pixel(canvas, 4, 4).join()]);
    const look = async (act: () => void) => {
      act();
      await pass(300);
      seen.add(page.pixel(canvas, 4, 4).join());
    };
    await look(() => enter(find(root, "contrast-hi"), "5000"));
    await look(() => enter(find(root, "gamma"), "0.4", "input"));
    await look(() => enter(find(root, "colormap"), "viridis"));
    await look(() => enter(find(root, "colormap"), "turbo"));
    await look(() => enter(find(root, "unit"), "stabilized"));
    await look(() => find(root, "contrast-frame").click());
    await look(() => find(root, "contrast-auto").click());
    await look(() => find<HTMLInputElement>(root, "contrast-each").querySelector("input")?.click());
    expect(page.model.sent.length).toBe(before);
    expect(seen.size).toBeGreaterThan(4);
    expect(page.model.get("gamma")).toBe(0.4);
  });

  it("shows two channels over each other", async () => {
    const root = await page.open({}, { channels: 2 });
    enter(find(root, "channel"), "overlay");
    await pass(300);
    const canvas = find<HTMLCanvasElement>(root, "canvas");
    const pixels = Array.from({ length: 64 }, (_, i) => page.pixel(canvas, i % 8, Math.floor(i / 8)));
    expect(pixels.every(([red, , blue]) => red === blue)).toBe(true);
    expect(pixels.some(([red, green]) => (red ?? 0) > 0 && (green ?? 0) > 0)).toBe(true);
    expect(page.model.get("overlay")).toBe(true);
    enter(find(root, "channel"), "1");
    await pass(300);
    expect(page.model.get("overlay")).toBe(false);
    expect(page.requests("frame").at(-1)).toMatchObject({ params: { channel: 1 } });
  });

  it("asks for the mean of some frames, and for another place on a further axis", async () => {
    const root = await page.open({ position: 5 }, { more: { axes: [{ name: "z", length: 4 }] } });
    enter(find(root, "rolling"), "3");
    enter(find(root, "axis-0"), "2", "input");
    await pass(50);
    expect(page.requests("frame")).toContainEqual(
      expect.objectContaining({ params: { index: 5, at: [2], mean: 3 } }),
    );
    expect([page.model.get("rolling"), page.model.get("at")]).toEqual([3, [2]]);
  });
});

describe("the histogram", () => {
  it("takes the nearer limit along in a drag, wherever it is pressed", async () => {
    const root = await page.open({ contrast: [0, 1000] });
    await pass(500);
    const plot = root.querySelector(".djo-histogram") as HTMLElement;
    const box = { left: 0, top: 0, width: 100, height: 64 } as DOMRect;
    vi.spyOn(plot, "getBoundingClientRect").mockReturnValue(box);
    const high = root.querySelector('[aria-label="White at"][role="slider"]') as HTMLElement;
    const place = Number.parseFloat(high.style.left);
    point(plot, "pointerdown", 30, place - 5);
    const pressed = (page.model.get("contrast") as number[])[1] ?? 0;
    expect(pressed).toBeLessThan(1000);
    point(high, "pointermove", 30, place - 20);
    expect((page.model.get("contrast") as number[])[1]).toBeLessThan(pressed);
    expect((page.model.get("contrast") as number[])[0]).toBe(0);
    point(high, "pointerup", 30, place - 20);
    point(high, "pointermove", 30, place);
    expect((page.model.get("contrast") as number[])[1]).toBeLessThan(pressed);
  });
});

describe("a projection", () => {
  const movie = { more: { projections: true } };

  it("comes with progress, takes the frame's place, and its values are read out", async () => {
    const root = await page.open({}, movie);
    enter(find(root, "projection"), "mean");
    await pass(20);
    expect(root.textContent).toContain("Mean of all frames");
    expect(find<HTMLProgressElement>(root, "projection-progress").value).toBe(0.5);
    const canvas = find<HTMLCanvasElement>(root, "canvas");
    const before = page.pixel(canvas, 3, 3);
    await pass(300);
    expect(findAll(root, "projection-progress")).toEqual([]);
    expect(page.pixel(canvas, 3, 3)).not.toEqual(before);
    enter(find(root, "projection"), "");
    await pass(50);
    expect(page.pixel(canvas, 3, 3)).toEqual(before);
    enter(find(root, "projection"), "mean");
    await pass(50);
    expect(page.requests("project")).toHaveLength(1);
  });

  it("is given up when it is stopped", async () => {
    const root = await page.open({}, movie);
    enter(find(root, "projection"), "std");
    await pass(20);
    find(root, "projection-stop").click();
    expect(page.sent("cancel")).toHaveLength(1);
    expect(page.model.get("projection")).toBe("");
    await pass(300);
    expect(findAll(root, "projection-progress")).toEqual([]);
  });

  it("that fails says why, and gives the frames back", async () => {
    const root = await page.open({}, movie);
    page.kernel.failures.set("project", { code: "chunk", message: "chunk 3 is damaged", hint: "" });
    enter(find(root, "projection"), "max");
    await pass(300);
    expect(find(root, "error").textContent).toContain("Chunk 3 is damaged.");
    find(root, "retry").click();
    await pass(50);
    expect(findAll(root, "error")).toEqual([]);
    expect(page.model.get("projection")).toBe("");
  });

  it("of spread has limits of its own, and leaves those of the frames alone", async () => {
    const root = await page.open({ contrast: [10, 500], projection: "std" }, movie);
    await pass(400);
    const high = find<HTMLInputElement>(root, "contrast-hi");
    expect(Number(high.value)).not.toBe(500);
    enter(high, "300");
    await pass(50);
    expect(high.value).toBe("300");
    expect(page.model.get("contrast")).toEqual([10, 500]);
    enter(find(root, "unit"), "photons");
    await pass(50);
    expect(Number(high.value)).toBeCloseTo(300 / 85, 3);
  });
});

describe("the scale bar", () => {
  it("has a round length, also when zoomed", async () => {
    const root = await page.open({}, { more: { pixel_size: [0.5, 0.5] } });
    const bar = find(root, "scale-bar");
    expect(bar.textContent).toBe("1 µm");
    expect((bar.querySelector(".djo-scale-line") as HTMLElement).style.width).toBe("100px");
    page.model.set("viewport", [0, 0, 4, 4]);
    expect(bar.textContent).toBe("500 nm");
  });

  it("is not there where the size of a pixel is not known", async () => {
    const root = await page.open();
    expect(find(root, "scale-bar").hidden).toBe(true);
  });
});

it("a grid tells pixels apart when they are large", async () => {
  const root = await page.open({}, { height: 80, width: 80 });
  const grid = root.querySelector(".djo-grid") as HTMLElement;
  expect(grid.hidden).toBe(true);
  page.model.set("viewport", [0, 0, 20, 20]);
  expect(grid.hidden).toBe(false);
  expect(grid.style.backgroundSize).toBe("20px 20px");
});
