/** Parts around the picture: several movies, saved pages, what is taken out. */

import { describe, expect, it, vi } from "vitest";
import { buildEmbedded } from "../testing/embedded.ts";
import { buildFakeMovie } from "../testing/fake-movie.ts";
import { enter, find, findAll, pass, press } from "../testing/page.ts";
import { useScrubberPage } from "../testing/scrubber-page.ts";

const page = useScrubberPage();

describe("movies side by side", () => {
  const views = [
    { target: null, title: "raw", role: "movie" },
    { target: "t1", title: "corrected", role: "movie" },
    { target: "t2", title: "difference", role: "difference" },
  ] as const;
  const linked = { frames: 400, more: { views } };

  const frames = (root: HTMLElement) => [
    root.dataset.frame,
    ...findAll(root, "pane")
      .slice(1)
      .map((pane) => pane.dataset.frame),
  ];

  it("show one time", async () => {
    const root = await page.open({}, linked);
    await pass(200);
    expect(findAll(root, "pane").map((pane) => pane.getAttribute("aria-label"))).toEqual(
      views.map(({ title }) => title),
    );
    enter(find(root, "slider"), "40", "input");
    await pass(200);
    expect(frames(root)).toEqual(["40", "40", "40"]);
  });

  it("run in step", async () => {
    const root = await page.open({ fps: 30 }, linked);
    await pass(200);
    find(root, "play").click();
    await pass(1000);
    const before = Number(root.dataset.frame);
    await pass(1000);
    const shown = frames(root).map(Number);
    expect(Math.min(...shown)).toBeGreaterThan(before);
    expect(Math.max(...shown) - Math.min(...shown)).toBeLessThan(2);
    find(root, "play").click();
    await pass(200);
    expect(new Set(frames(root)).size).toBe(1);
    expect(page.kernel.streams).toBe(0);
  });

  it("share contrast but for the difference, which is about zero", async () => {
    const root = await page.open({}, linked);
    await pass(200);
    const [, second, third] = findAll(root, "pane").map((pane) => find<HTMLCanvasElement>(pane, "canvas"));
    const before = second && page.pixel(second, 4, 4);
    const difference = third && page.pixel(third, 4, 4);
    enter(find(root, "contrast-hi"), "1");
    enter(find(root, "contrast-lo"), "-100");
    await pass(50);
    expect(second && page.pixel(second, 4, 4)).toEqual([255, 255, 255, 255]);
    expect(before).not.toEqual([255, 255, 255, 255]);
    expect(third && page.pixel(third, 4, 4)).toEqual(difference);
    expect(find<HTMLInputElement>(root, "reach").value).toBe("1100");
  });

  it("leave nothing behind", async () => {
    const root = await page.open({}, linked);
    find(root, "play").click();
    await pass(300);
    page.endings.shift()?.();
    await pass(1000);
    expect(page.model.listeners).toBe(0);
    expect(page.kernel.streams).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a page without a kernel", () => {
  it("plays the frames that were saved in it", async () => {
    const movie = buildFakeMovie({ frames: 20, height: 8, width: 8 });
    page.build({ embedded: buildEmbedded(movie, [...Array(20).keys()]), fps: 30 });
    page.kernel.silent = true;
    const root = page.show();
    await pass(3000);
    expect(root.dataset.frame).toBe("0");
    find(root, "play").click();
    await pass(400);
    expect(Number(root.dataset.frame)).toBeGreaterThan(5);
    await pass(20_000);
    expect(findAll(root, "error")).toEqual([]);
    expect(findAll(root, "lost").every((node) => node.hidden)).toBe(true);
  });

  it("with a kernel shows the kernel's movie", async () => {
    const movie = buildFakeMovie({ frames: 5, height: 8, width: 8 });
    page.build({ embedded: buildEmbedded(movie, [0, 1]) });
    const root = page.show();
    await pass(3000);
    expect(find<HTMLInputElement>(root, "slider").max).toBe("59");
  });
});

describe("taking out", () => {
  const clicked = () => {
    const links: HTMLAnchorElement[] = [];
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
      links.push(this);
    });
    return links;
  };

  it("makes a clip as shown, tells how far it is, and saves it", async () => {
    const root = await page.open({ position: 5, colormap: "magma" });
    const links = clicked();
    find(root, "export").click();
    enter(find(root, "clip-to"), "20");
    enter(find(root, "clip-format"), "gif");
    find(root, "clip-make").click();
    await pass(10);
    expect(find(root, "export-said").textContent).toContain("50 of 100");
    await pass(200);
    expect(page.requests("clip")).toEqual([
      expect.objectContaining({
        params: expect.objectContaining({
          from: 5,
          to: 21,
          format: "gif",
          colormap: "magma",
          unit: "counts",
        }),
      }),
    ]);
    expect(links.map(({ download }) => download)).toEqual([expect.stringMatching(/\.gif$/)]);
    expect(find(root, "export-said").textContent).toContain("Saved");
  });

  it("gives a clip up when asked", async () => {
    const root = await page.open();
    const links = clicked();
    find(root, "export").click();
    find(root, "clip-make").click();
    await pass(10);
    find(root, "clip-cancel").click();
    await pass(500);
    expect(links).toEqual([]);
    expect(page.sent("cancel").length).toBeGreaterThan(0);
    expect(find(root, "clip-make").hidden).toBe(false);
  });

  it("says why no clip was made", async () => {
    const root = await page.open();
    page.kernel.failures.set("clip", {
      code: "missing-package",
      message: "imageio-ffmpeg is not installed",
      hint: "pip install imageio-ffmpeg",
    });
    find(root, "export").click();
    find(root, "clip-make").click();
    await pass(200);
    expect(find(root, "export-said").textContent).toContain("Imageio-ffmpeg is not installed.");
  });

  it("is folded away by Escape", async () => {
    const root = await page.open();
    find(root, "export").click();
    expect(find(root, "export").getAttribute("aria-expanded")).toBe("true");
    press(find(root, "copy-code"), "Escape");
    expect(find(root, "export").getAttribute("aria-expanded")).toBe("false");
  });
});
