import { describe, expect, it, vi } from "vitest";
import { FakeKernel } from "../testing/fake-kernel.ts";
import { buildFakeMovie } from "../testing/fake-movie.ts";
import { enter, find, findAll, pass, press } from "../testing/page.ts";
import { useScrubberPage } from "../testing/scrubber-page.ts";
import scrubber from "./scrubber.ts";

const page = useScrubberPage();

describe("opening", () => {
  it("shows the frame where the position was left", async () => {
    const root = await page.open({ position: 17 });
    expect(root.dataset.frame).toBe("17");
    expect(find<HTMLInputElement>(root, "slider").value).toBe("17");
    expect(find<HTMLInputElement>(root, "slider").getAttribute("aria-valuetext")).toBe(
      "frame 17 of 60, 0.57 s",
    );
    expect(find(root, "status").textContent).toContain("0.57 s");
  });

  it("says what went wrong, and opens when asked again", async () => {
    page.build();
    page.kernel.failures.set("describe", {
      code: "missing",
      message: "movie_a1 is gone",
      hint: "Restore it.",
    });
    const root = page.show();
    await pass(100);
    expect(find(root, "error").textContent).toContain("Movie_a1 is gone.");
    expect(find(root, "error").textContent).toContain("Restore it.");
    page.kernel.failures.clear();
    find(root, "retry").click();
    await pass(100);
    expect(root.dataset.frame).toBe("0");
  });

  it("says that the kernel is silent, and opens once it answers", async () => {
    page.build();
    page.kernel.delay = 20_000;
    const root = page.show();
    await pass(10_000);
    expect(root.textContent).toContain("The kernel has not answered yet.");
    page.kernel.delay = 5;
    await pass(11_000);
    expect(root.dataset.frame).toBe("0");
  });

  it("shows names that look like markup as text", async () => {
    page.build();
    page.kernel.failures.set("describe", { code: "x", message: "<img src=x onerror=alert(1)>", hint: "" });
    const root = page.show();
    await pass(100);
    expect(root.querySelector("img")).toBeNull();
    expect(root.textContent).toContain("<img src=x");
  });
});

describe("looks", () => {
  it("change the pixels and send nothing", async () => {
    const root = await page.open({ contrast: [0, 100_000] });
    await pass(3000);
    const canvas = find<HTMLCanvasElement>(root, "canvas");
    const dark = page.pixel(canvas, 4, 4);
    const before = page.model.sent.length;
    enter(find(root, "contrast-hi"), "1");
    enter(find(root, "contrast-lo"), "-100");
    await pass(50);
    expect(page.pixel(canvas, 4, 4)).toEqual([255, 255, 255, 255]);
    expect(dark[0]).toBeLessThan(30);
    enter(find(root, "colormap"), "viridis");
    await pass(50);
    expect(page.pixel(canvas, 4, 4)).not.toEqual([255, 255, 255, 255]);
    expect(page.model.sent.length).toBe(before);
    expect(page.model.get("contrast")).toEqual([-100, 1]);
    expect(page.model.get("colormap")).toBe("viridis");
  });

  it("go back to automatic contrast", async () => {
    const root = await page.open({ contrast: [0, 5] });
    expect(find(root, "contrast-auto").getAttribute("aria-pressed")).toBe("false");
    find(root, "contrast-auto").click();
    expect(page.model.get("contrast")).toBeNull();
    expect(find<HTMLInputElement>(root, "contrast-hi").value).toBe("1100");
  });

  it("take limits in photons and keep them in counts", async () => {
    const root = await page.open();
    enter(find(root, "unit"), "photons");
    enter(find(root, "contrast-lo"), "0");
    enter(find(root, "contrast-hi"), "10");
    const [low, high] = page.model.get("contrast") as number[];
    expect(low).toBeCloseTo(10);
    expect(high).toBeCloseTo(860);
  });

  it("offer no photons where the gain is not known", async () => {
    page.build();
    const movie = buildFakeMovie({ frames: 5, height: 8, width: 8 });
    const facts = { ...movie.facts, photons: null, stabilized: null };
    page.kernel = new FakeKernel(page.model, { movie: { ...movie, facts } });
    const root = page.show();
    await pass(50);
    expect(findAll(root, "unit")).toEqual([]);
  });

  it("show another channel", async () => {
    const root = await page.open({}, { channels: 2 });
    enter(find(root, "channel"), "1");
    await pass(50);
    expect(page.requests("frame").at(-1)).toMatchObject({ params: { channel: 1 } });
  });
});

describe("two views of one model", () => {
  it("show the same frame, and only one of them streams", async () => {
    page.build({ fps: 30 }, { frames: 400 });
    const [one, two] = [page.show(), page.show()];
    await pass(100);
    find(two, "play").click();
    await pass(1000);
    expect(page.kernel.streams).toBe(1);
    expect(Math.abs(Number(one.dataset.frame) - Number(two.dataset.frame))).toBeLessThan(3);
    expect(find(one, "play").title).toBe("Pause");
    find(one, "play").click();
    await pass(50);
    expect(page.kernel.streams).toBe(0);
  });

  it("go on when the one that streams is closed", async () => {
    page.build({ fps: 30 }, { frames: 400 });
    const [, two] = [page.show(), page.show()];
    await pass(100);
    page.model.set("playing", true);
    await pass(500);
    page.endings.shift()?.();
    await pass(500);
    const frame = Number(two?.dataset.frame);
    await pass(500);
    expect(Number(two?.dataset.frame)).toBeGreaterThan(frame);
    expect(page.kernel.streams).toBe(1);
  });
});

describe("the end of a view", () => {
  it("leaves nothing behind", async () => {
    const root = await page.open({ fps: 30 }, { frames: 400 });
    find(root, "play").click();
    await pass(300);
    page.endings.shift()?.();
    await pass(1000);
    expect(page.model.listeners).toBe(0);
    expect(page.kernel.streams).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    expect(document.querySelector(".djo-scrubber")).toBeNull();
  });

  it("comes with the signal of the host too", async () => {
    page.build();
    const abort = new AbortController();
    const el = document.createElement("div");
    scrubber.render({ model: page.model.proxy(), el, signal: abort.signal });
    abort.abort();
    expect(page.model.listeners).toBe(0);
    expect(el.childElementCount).toBe(0);
  });

  it("of the kernel's object is told; frames at hand still show", async () => {
    const root = await page.open();
    page.model.receive({ kind: "event", view: "*", name: "closed", data: {} });
    expect(find(root, "lost").textContent).toContain("The kernel has let go of this movie.");
    press(root, "ArrowRight");
    await pass(50);
    expect(root.dataset.frame).toBe("1");
  });
});

describe("a kernel that goes", () => {
  it("is told, with the way back; frames at hand still show", async () => {
    const root = await page.open();
    await pass(2000);
    page.kernel.silent = true;
    page.model.tell("comm_live_update");
    await pass(50);
    expect(find(root, "lost").textContent).toContain("Run the cell again");
    press(root, "ArrowRight");
    await pass(50);
    expect(root.dataset.frame).toBe("1");
    expect(find(root, "lost").hidden).toBe(false);
  });

  it("and comes back is told no more", async () => {
    const root = await page.open();
    page.model.tell("comm_live_update");
    await pass(50);
    expect(find(root, "lost").hidden).toBe(true);
  });

  it("opens again when asked", async () => {
    const root = await page.open({ position: 7 });
    await pass(2000);
    page.kernel.silent = true;
    page.model.tell("comm_live_update");
    page.kernel.silent = false;
    find(root, "reopen").click();
    await pass(200);
    expect(findAll(root, "lost").every((node) => node.hidden)).toBe(true);
    expect(root.dataset.frame).toBe("7");
  });

  it("without a word is told after a while", async () => {
    const root = await page.open();
    page.kernel.silent = true;
    enter(find(root, "slider"), "50", "input");
    await pass(12_000);
    expect(find(root, "error").textContent).toContain("The kernel has not answered.");
    page.kernel.silent = false;
    find(root, "retry").click();
    await pass(50);
    expect(root.dataset.frame).toBe("50");
  });

  it("is told also where sending fails", async () => {
    const root = await page.open();
    await pass(2000);
    page.model.onSend = () => {
      throw new Error("Cannot send");
    };
    enter(find(root, "slider"), "50", "input");
    await pass(50);
    expect(find(root, "lost").textContent).toContain("is gone");
  });
});
