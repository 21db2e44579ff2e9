import { describe, expect, it } from "vitest";
import { enter, find, findAll, pass, press } from "../testing/page.ts";
import { DAMAGED, useScrubberPage } from "../testing/scrubber-page.ts";

const page = useScrubberPage();

describe("moving in time", () => {
  it("follows the slider and tells Python", async () => {
    const root = await page.open();
    enter(find(root, "slider"), "42", "input");
    await pass(200);
    expect(root.dataset.frame).toBe("42");
    expect(page.model.saved.at(-1)).toMatchObject({ position: 42 });
  });

  it("follows Python", async () => {
    const root = await page.open();
    page.model.set("position", 33);
    await pass(50);
    expect(root.dataset.frame).toBe("33");
  });

  it("follows keys", async () => {
    const root = await page.open({ position: 20 });
    const frameAfter = async (key: string, options: KeyboardEventInit = {}) => {
      press(root, key, options);
      await pass(50);
      return root.dataset.frame;
    };
    expect(await frameAfter("ArrowRight")).toBe("21");
    expect(await frameAfter("ArrowLeft", { shiftKey: true })).toBe("11");
    expect(await frameAfter("Home")).toBe("0");
    expect(await frameAfter("ArrowLeft")).toBe("0");
    expect(await frameAfter("End")).toBe("59");
  });

  it("jumps to a frame or a time that is typed", async () => {
    const root = await page.open();
    const field = find<HTMLInputElement>(root, "position");
    const jump = async (text: string) => {
      field.value = text;
      field.dispatchEvent(new Event("input"));
      field.dispatchEvent(new Event("change"));
      await pass(100);
      return root.dataset.frame;
    };
    expect(await jump("42")).toBe("42");
    expect(await jump("0.5 s")).toBe("15");
    expect(field.value).toBe("15");
    expect(await jump("soon")).toBe("15");
    expect(find(root, "position-error").textContent).toContain("such as 12.5 s");
    expect(field.getAttribute("aria-invalid")).toBe("true");
    expect(await jump("7")).toBe("7");
    expect(find(root, "position-error").textContent).toBe("");
  });

  it("reads the position out once it rests", async () => {
    const root = await page.open();
    for (const key of ["ArrowRight", "ArrowRight", "ArrowRight"]) {
      press(root, key);
      await pass(50);
      expect(find(root, "spoken").textContent).toBe("");
    }
    await pass(1000);
    expect(find(root, "spoken").textContent).toBe("Frame 3 of 60, 0.10 s");
  });

  it("leaves keys to a field that is typed in", async () => {
    const root = await page.open({ position: 20 });
    press(find(root, "fps"), "ArrowRight");
    await pass(50);
    expect(root.dataset.frame).toBe("20");
  });

  it("asks once for a frame that it has had", async () => {
    const root = await page.open();
    for (const position of ["30", "0", "30"]) {
      enter(find(root, "slider"), position, "input");
      await pass(50);
    }
    const asked = page
      .requests("frame")
      .map((message) => (message.kind === "request" ? message.params : null));
    expect(asked.filter((params) => params && "index" in params && params.index === 30)).toHaveLength(1);
  });

  it("keeps the old frame and shows a mark while the new one is late", async () => {
    const root = await page.open();
    page.kernel.delay = 1000;
    enter(find(root, "slider"), "50", "input");
    await pass(120);
    expect(root.querySelector(".djo-late.djo-on")).toBeNull();
    await pass(100);
    expect(root.dataset.frame).toBe("0");
    expect(root.querySelector(".djo-late.djo-on")).not.toBeNull();
    await pass(1000);
    expect(root.dataset.frame).toBe("50");
    expect(root.querySelector(".djo-late.djo-on")).toBeNull();
  });
});

describe("a frame that can't be read", () => {
  it("is told in place, while other frames still show", async () => {
    const root = await page.open();
    page.kernel.failures.set("frame/50", DAMAGED);
    enter(find(root, "slider"), "50", "input");
    await pass(50);
    expect(find(root, "error").textContent).toContain("Chunk 1.0.0 (frames 10-19) is damaged.");
    enter(find(root, "slider"), "40", "input");
    await pass(50);
    expect(findAll(root, "error")).toEqual([]);
    expect(root.dataset.frame).toBe("40");
  });

  it("shows once it has been mended", async () => {
    const root = await page.open();
    page.kernel.failures.set("frame/50", DAMAGED);
    enter(find(root, "slider"), "50", "input");
    await pass(50);
    page.kernel.failures.clear();
    find(root, "retry").click();
    await pass(50);
    expect(root.dataset.frame).toBe("50");
    expect(findAll(root, "error")).toEqual([]);
  });
});

describe("traces and events", () => {
  it("have a lane each, with name and value", async () => {
    const root = await page.open({}, { more: { series: true } });
    await pass(1000);
    expect(findAll(root, "lane").map((lane) => lane.dataset.name)).toEqual(["lick", "speed"]);
    const speed = findAll(root, "lane")[1];
    expect(speed?.textContent).toMatch(/speed[\d.−]+ cm\/s/);
  });

  it("take the slider from event to event", async () => {
    const root = await page.open({}, { more: { series: true }, frames: 200 });
    await pass(1000);
    const visited: number[] = [];
    for (const key of ["]", "]", "["]) {
      press(root, key);
      await pass(50);
      visited.push(Number(root.dataset.frame));
    }
    expect(visited[1]).toBeGreaterThan(visited[0] ?? 0);
    expect(visited[2]).toBe(visited[0]);
  });
});
