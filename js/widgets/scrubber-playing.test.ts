import { describe, expect, it } from "vitest";
import { enter, find, findAll, pass, press } from "../testing/page.ts";
import { DAMAGED, useScrubberPage } from "../testing/scrubber-page.ts";

const page = useScrubberPage();

describe("playing", () => {
  const running = { frames: 400 };

  it("streams frames, grants credit, and moves the position", async () => {
    const root = await page.open({ fps: 30 }, running);
    find(root, "play").click();
    await pass(2000);
    expect(page.sent("play")).toEqual([
      expect.objectContaining({ from: 1, fps: 30, loop: true, credit: 8, keep: "time" }),
    ]);
    expect(page.sent("credit").length).toBeGreaterThan(5);
    expect(Number(root.dataset.painted)).toBeGreaterThan(40);
    expect(page.model.get("position")).toBe(Number(root.dataset.frame));
    expect(find(root, "play").title).toBe("Pause");
  });

  it("stops where it is", async () => {
    const root = await page.open({ fps: 30 }, running);
    press(root, " ");
    await pass(500);
    press(root, " ");
    const frame = root.dataset.frame;
    await pass(500);
    expect(root.dataset.frame).toBe(frame);
    expect(page.sent("stop")).toHaveLength(1);
    expect(page.kernel.streams).toBe(0);
    expect(page.model.get("playing")).toBe(false);
  });

  it("goes on from where the slider was put", async () => {
    const root = await page.open({ fps: 30 }, running);
    find(root, "play").click();
    await pass(500);
    enter(find(root, "slider"), "200", "input");
    await pass(1000);
    expect(Number(root.dataset.frame)).toBeGreaterThan(200);
    expect(page.kernel.streams).toBe(1);
  });

  it("takes a new rate at once", async () => {
    const root = await page.open({ fps: 30 }, running);
    find(root, "play").click();
    await pass(200);
    enter(find(root, "fps"), "60");
    await pass(200);
    expect(page.sent("play").at(-1)).toMatchObject({ fps: 60 });
    expect(page.kernel.streams).toBe(1);
  });

  it("starts and stops from Python", async () => {
    const root = await page.open({ fps: 30 }, running);
    page.model.set("playing", true);
    await pass(500);
    expect(Number(root.dataset.frame)).toBeGreaterThan(5);
    page.model.set("playing", false);
    await pass(50);
    expect(page.kernel.streams).toBe(0);
  });

  it("ends at the last frame when it does not loop", async () => {
    const root = await page.open({ fps: 30, loop: false, position: 380 }, running);
    find(root, "play").click();
    await pass(2000);
    expect(root.dataset.frame).toBe("399");
    expect(page.model.get("playing")).toBe(false);
  });

  it("sends for nothing once the whole movie is at hand", async () => {
    const root = await page.open({ fps: 60 }, { frames: 30 });
    find(root, "play").click();
    await pass(1500);
    const before = page.sent("credit").length;
    const painted = Number(root.dataset.painted);
    await pass(1000);
    expect(page.kernel.streams).toBe(0);
    expect(page.sent("credit").length).toBe(before);
    expect(Number(root.dataset.painted)).toBeGreaterThan(painted + 40);
  });

  it("marks frames that can't be read, and plays on", async () => {
    const root = await page.open({ fps: 30 }, running);
    for (let index = 10; index < 40; index++) page.kernel.failures.set(`frame/${index}`, DAMAGED);
    find(root, "play").click();
    await pass(900);
    expect(find(root, "error").textContent).toContain("Chunk 1.0.0 (frames 10-19) is damaged.");
    expect(Number(page.model.get("position"))).toBeGreaterThan(10);
    expect(find(root, "play").title).toBe("Pause");
    await pass(2000);
    expect(Number(root.dataset.frame)).toBeGreaterThan(40);
    expect(findAll(root, "error")).toEqual([]);
  });

  it("stops when the whole movie can't be read, and says why", async () => {
    const root = await page.open({ fps: 30 }, running);
    page.kernel.failures.set("play", { code: "store", message: "store main is gone", hint: "" });
    find(root, "play").click();
    await pass(500);
    expect(find(root, "error").textContent).toContain("Store main is gone.");
    expect(find(root, "play").title).toBe("Play");
  });

  it("keeps every frame when asked to", async () => {
    const root = await page.open({ fps: 30 }, running);
    find(root, "every-frame").click();
    find(root, "play").click();
    await pass(200);
    expect(find(root, "every-frame").getAttribute("aria-pressed")).toBe("true");
    expect(page.sent("play").at(-1)).toMatchObject({ keep: "frames" });
    expect(page.model.get("keep")).toBe("frames");
  });

  it("runs another channel", async () => {
    const root = await page.open({ fps: 30 }, { ...running, channels: 2 });
    enter(find(root, "channel"), "1");
    await pass(50);
    find(root, "play").click();
    await pass(1000);
    expect(page.sent("play")).toEqual([expect.objectContaining({ channel: 1 })]);
    expect(Number(root.dataset.frame)).toBeGreaterThan(10);
  });

  it("takes no rate that can't be played", async () => {
    const root = await page.open({ fps: 30 }, running);
    enter(find(root, "fps"), "0");
    expect(page.model.get("fps")).toBeGreaterThan(0);
    enter(find(root, "fps"), "100000");
    expect(page.model.get("fps")).toBeLessThan(1000);
  });
});
