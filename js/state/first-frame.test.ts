import { describe, expect, it, vi } from "vitest";
import { buildEmbedded } from "../testing/embedded.ts";
import { buildFakeMovie } from "../testing/fake-movie.ts";
import { find, pass } from "../testing/page.ts";
import { DAMAGED, useScrubberPage } from "../testing/scrubber-page.ts";

const page = useScrubberPage();

describe("the first frame", () => {
  it("is asked for together with the description, once", async () => {
    page.build({ position: 17 });
    const root = page.show();
    expect(page.sent("request").map((message) => message.kind === "request" && message.method)).toEqual([
      "describe",
      "frame",
    ]);
    await pass(20);
    expect(root.dataset.frame).toBe("17");
    const asked = page.requests("frame").filter((one) => JSON.stringify(one).includes('"index":17'));
    expect(asked).toHaveLength(1);
  });

  it("may lie beyond the end of the movie", async () => {
    const root = await page.open({ position: 1000 });
    expect(root.dataset.frame).toBe("59");
  });

  it("that can't be read is told", async () => {
    page.build({ position: 50 });
    page.kernel.failures.set("frame/50", DAMAGED);
    const root = page.show();
    await pass(200);
    expect(root.textContent).toContain("is damaged");
  });
});

describe("a frame that comes with the widget", () => {
  const movie = buildFakeMovie({ frames: 60, height: 8, width: 8 });

  it("is shown before the kernel has answered, and is asked for no more", async () => {
    page.build({ position: 17, head_start: buildEmbedded(movie, [17]) });
    const root = page.show();
    expect(root.dataset.frame).toBe("17");
    expect(find<HTMLInputElement>(root, "slider").max).toBe("59");
    await pass(500);
    const asked = page.requests("frame").filter((one) => JSON.stringify(one).includes('"index":17'));
    expect(asked).toEqual([]);
    expect(find(root, "lost").hidden).toBe(true);
  });

  it.each([
    ["of another position", { position: 3 }],
    ["of another channel", { position: 17, channel: 1 }],
    ["below a projection", { position: 17, projection: "mean" }],
  ])("%s is not shown", async (_, traits) => {
    page.build({ ...traits, head_start: buildEmbedded(movie, [17]) }, { channels: 2 });
    const root = page.show();
    expect(root.dataset.frame).toBeUndefined();
    await pass(100);
    expect(root.dataset.frame).toBe(`${traits.position}`);
  });

  it("that is broken is left out", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    page.build({ head_start: new DataView(new ArrayBuffer(3)) });
    const root = page.show();
    await pass(100);
    expect(root.dataset.frame).toBe("0");
    expect(warn).toHaveBeenCalledOnce();
  });

  it("does not hide that no kernel is there", async () => {
    page.build({ position: 17, head_start: buildEmbedded(movie, [17]) });
    page.kernel.silent = true;
    const root = page.show();
    expect(find(root, "lost").hidden).toBe(true);
    await pass(11_000);
    expect(find(root, "lost").hidden).toBe(false);
    expect(root.dataset.frame).toBe("17");
  });
});
