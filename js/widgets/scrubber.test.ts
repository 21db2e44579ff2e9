import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ToKernel } from "../protocol/messages.ts";
import { installFakeCanvas } from "../testing/fake-canvas.ts";
import { FakeKernel } from "../testing/fake-kernel.ts";
import { FakeModel } from "../testing/fake-model.ts";
import { buildFakeMovie } from "../testing/fake-movie.ts";
import { enter, find, findAll, pass, press } from "../testing/page.ts";
import scrubber from "./scrubber.ts";

const DAMAGED = {
  code: "chunk",
  message: "chunk 1.0.0 (frames 10-19) is damaged",
  hint: "Restore the object.",
};

let model: FakeModel;
let kernel: FakeKernel;
let pixel: ReturnType<typeof installFakeCanvas>;
const endings: (() => void)[] = [];

function build(traits: Record<string, unknown> = {}, movie: Parameters<typeof buildFakeMovie>[0] = {}): void {
  model = new FakeModel(traits);
  kernel = new FakeKernel(model, {
    movie: buildFakeMovie({ frames: 60, height: 8, width: 8, ...movie }),
    delay: 5,
  });
}

function show(): HTMLElement {
  const el = document.createElement("div");
  document.body.append(el);
  endings.push(scrubber.render({ model: model.proxy(), el }));
  return el.querySelector(".djo-scrubber") as HTMLElement;
}

async function open(traits: Record<string, unknown> = {}, movie: Parameters<typeof buildFakeMovie>[0] = {}) {
  build(traits, movie);
  const root = show();
  await pass(100);
  return root;
}

const sent = (kind: string) => (model.sent as ToKernel[]).filter((message) => message.kind === kind);
const requests = (method: string) =>
  sent("request").filter((message) => message.kind === "request" && message.method === method);

beforeEach(() => {
  vi.useFakeTimers();
  pixel = installFakeCanvas();
});

afterEach(() => {
  for (const end of endings.splice(0)) end();
  kernel.stop();
  document.body.replaceChildren();
  vi.useRealTimers();
});

describe("opening", () => {
  it("shows the frame where the position was left", async () => {
    const root = await open({ position: 17 });
    expect(root.dataset.frame).toBe("17");
    expect(find<HTMLInputElement>(root, "slider").value).toBe("17");
    expect(find<HTMLInputElement>(root, "slider").getAttribute("aria-valuetext")).toBe(
      "frame 17 of 60, 0.57 s",
    );
    expect(find(root, "status").textContent).toContain("0.57 s");
  });

  it("says what went wrong, and opens when asked again", async () => {
    build();
    kernel.failures.set("describe", { code: "missing", message: "movie_a1 is gone", hint: "Restore it." });
    const root = show();
    await pass(100);
    expect(find(root, "error").textContent).toContain("Movie_a1 is gone.");
    expect(find(root, "error").textContent).toContain("Restore it.");
    kernel.failures.clear();
    find(root, "retry").click();
    await pass(100);
    expect(root.dataset.frame).toBe("0");
  });

  it("says that the kernel is silent, and opens once it answers", async () => {
    build();
    kernel.delay = 20_000;
    const root = show();
    await pass(10_000);
    expect(root.textContent).toContain("The kernel has not answered yet.");
    kernel.delay = 5;
    await pass(11_000);
    expect(root.dataset.frame).toBe("0");
  });

  it("shows names that look like markup as text", async () => {
    build();
    kernel.failures.set("describe", { code: "x", message: "<img src=x onerror=alert(1)>", hint: "" });
    const root = show();
    await pass(100);
    expect(root.querySelector("img")).toBeNull();
    expect(root.textContent).toContain("<img src=x");
  });
});

describe("moving in time", () => {
  it("follows the slider and tells Python", async () => {
    const root = await open();
    enter(find(root, "slider"), "42", "input");
    await pass(200);
    expect(root.dataset.frame).toBe("42");
    expect(model.saved.at(-1)).toMatchObject({ position: 42 });
  });

  it("follows Python", async () => {
    const root = await open();
    model.set("position", 33);
    await pass(50);
    expect(root.dataset.frame).toBe("33");
  });

  it("follows keys", async () => {
    const root = await open({ position: 20 });
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

  it("leaves keys to a field that is typed in", async () => {
    const root = await open({ position: 20 });
    press(find(root, "fps"), "ArrowRight");
    await pass(50);
    expect(root.dataset.frame).toBe("20");
  });

  it("asks once for a frame that it has had", async () => {
    const root = await open();
    for (const position of ["30", "0", "30"]) {
      enter(find(root, "slider"), position, "input");
      await pass(50);
    }
    const asked = requests("frame").map((message) => (message.kind === "request" ? message.params : null));
    expect(asked.filter((params) => params && "index" in params && params.index === 30)).toHaveLength(1);
  });

  it("keeps the old frame and shows a mark while the new one is late", async () => {
    const root = await open();
    kernel.delay = 1000;
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
    const root = await open();
    kernel.failures.set("frame/50", DAMAGED);
    enter(find(root, "slider"), "50", "input");
    await pass(50);
    expect(find(root, "error").textContent).toContain("Chunk 1.0.0 (frames 10-19) is damaged.");
    enter(find(root, "slider"), "40", "input");
    await pass(50);
    expect(findAll(root, "error")).toEqual([]);
    expect(root.dataset.frame).toBe("40");
  });

  it("shows once it has been mended", async () => {
    const root = await open();
    kernel.failures.set("frame/50", DAMAGED);
    enter(find(root, "slider"), "50", "input");
    await pass(50);
    kernel.failures.clear();
    find(root, "retry").click();
    await pass(50);
    expect(root.dataset.frame).toBe("50");
    expect(findAll(root, "error")).toEqual([]);
  });
});

describe("looks", () => {
  it("change the pixels and send nothing", async () => {
    const root = await open({ contrast: [0, 100_000] });
    await pass(3000);
    const canvas = find<HTMLCanvasElement>(root, "canvas");
    const dark = pixel(canvas, 4, 4);
    const before = model.sent.length;
    enter(find(root, "contrast-hi"), "1");
    enter(find(root, "contrast-lo"), "-100");
    await pass(50);
    expect(pixel(canvas, 4, 4)).toEqual([255, 255, 255, 255]);
    expect(dark[0]).toBeLessThan(30);
    enter(find(root, "colormap"), "viridis");
    await pass(50);
    expect(pixel(canvas, 4, 4)).not.toEqual([255, 255, 255, 255]);
    expect(model.sent.length).toBe(before);
    expect(model.get("contrast")).toEqual([-100, 1]);
    expect(model.get("colormap")).toBe("viridis");
  });

  it("go back to automatic contrast", async () => {
    const root = await open({ contrast: [0, 5] });
    expect(find(root, "contrast-auto").getAttribute("aria-pressed")).toBe("false");
    find(root, "contrast-auto").click();
    expect(model.get("contrast")).toBeNull();
    expect(find<HTMLInputElement>(root, "contrast-hi").value).toBe("1100");
  });

  it("take limits in photons and keep them in counts", async () => {
    const root = await open();
    enter(find(root, "unit"), "photons");
    enter(find(root, "contrast-lo"), "0");
    enter(find(root, "contrast-hi"), "10");
    const [low, high] = model.get("contrast") as number[];
    expect(low).toBeCloseTo(10);
    expect(high).toBeCloseTo(860);
  });

  it("offer no photons where the gain is not known", async () => {
    build();
    const movie = buildFakeMovie({ frames: 5, height: 8, width: 8 });
    const facts = { ...movie.facts, photons: null, stabilized: null };
    kernel = new FakeKernel(model, { movie: { ...movie, facts } });
    const root = show();
    await pass(50);
    expect(findAll(root, "unit")).toEqual([]);
  });

  it("show another channel", async () => {
    const root = await open({}, { channels: 2 });
    enter(find(root, "channel"), "1");
    await pass(50);
    expect(requests("frame").at(-1)).toMatchObject({ params: { channel: 1 } });
  });
});

describe("playing", () => {
  const running = { frames: 400 };

  it("streams frames, grants credit, and moves the position", async () => {
    const root = await open({ fps: 30 }, running);
    find(root, "play").click();
    await pass(2000);
    expect(sent("play")).toEqual([
      expect.objectContaining({ from: 1, fps: 30, loop: true, credit: 8, keep: "time" }),
    ]);
    expect(sent("credit").length).toBeGreaterThan(5);
    expect(Number(root.dataset.painted)).toBeGreaterThan(40);
    expect(model.get("position")).toBe(Number(root.dataset.frame));
    expect(find(root, "play").title).toBe("Pause");
  });

  it("stops where it is", async () => {
    const root = await open({ fps: 30 }, running);
    press(root, " ");
    await pass(500);
    press(root, " ");
    const frame = root.dataset.frame;
    await pass(500);
    expect(root.dataset.frame).toBe(frame);
    expect(sent("stop")).toHaveLength(1);
    expect(kernel.streams).toBe(0);
    expect(model.get("playing")).toBe(false);
  });

  it("goes on from where the slider was put", async () => {
    const root = await open({ fps: 30 }, running);
    find(root, "play").click();
    await pass(500);
    enter(find(root, "slider"), "200", "input");
    await pass(1000);
    expect(Number(root.dataset.frame)).toBeGreaterThan(200);
    expect(kernel.streams).toBe(1);
  });

  it("takes a new rate at once", async () => {
    const root = await open({ fps: 30 }, running);
    find(root, "play").click();
    await pass(200);
    enter(find(root, "fps"), "60");
    await pass(200);
    expect(sent("play").at(-1)).toMatchObject({ fps: 60 });
    expect(kernel.streams).toBe(1);
  });

  it("starts and stops from Python", async () => {
    const root = await open({ fps: 30 }, running);
    model.set("playing", true);
    await pass(500);
    expect(Number(root.dataset.frame)).toBeGreaterThan(5);
    model.set("playing", false);
    await pass(50);
    expect(kernel.streams).toBe(0);
  });

  it("ends at the last frame when it does not loop", async () => {
    const root = await open({ fps: 30, loop: false, position: 380 }, running);
    find(root, "play").click();
    await pass(2000);
    expect(root.dataset.frame).toBe("399");
    expect(model.get("playing")).toBe(false);
  });

  it("sends for nothing once the whole movie is at hand", async () => {
    const root = await open({ fps: 60 }, { frames: 30 });
    find(root, "play").click();
    await pass(1500);
    const before = sent("credit").length;
    const painted = Number(root.dataset.painted);
    await pass(1000);
    expect(kernel.streams).toBe(0);
    expect(sent("credit").length).toBe(before);
    expect(Number(root.dataset.painted)).toBeGreaterThan(painted + 40);
  });

  it("stops at a frame that can't be read, and says why", async () => {
    const root = await open({ fps: 30 }, running);
    kernel.failures.set("frame/20", DAMAGED);
    find(root, "play").click();
    await pass(2000);
    expect(root.dataset.frame).toBe("19");
    expect(find(root, "error").textContent).toContain("damaged");
    expect(find(root, "play").title).toBe("Play");
  });

  it("runs another channel", async () => {
    const root = await open({ fps: 30 }, { ...running, channels: 2 });
    enter(find(root, "channel"), "1");
    await pass(50);
    find(root, "play").click();
    await pass(1000);
    expect(sent("play")).toEqual([expect.objectContaining({ channel: 1 })]);
    expect(Number(root.dataset.frame)).toBeGreaterThan(10);
  });

  it("takes no rate that can't be played", async () => {
    const root = await open({ fps: 30 }, running);
    enter(find(root, "fps"), "0");
    expect(model.get("fps")).toBeGreaterThan(0);
    enter(find(root, "fps"), "100000");
    expect(model.get("fps")).toBeLessThan(1000);
  });
});

describe("two views of one model", () => {
  it("show the same frame, and only one of them streams", async () => {
    build({ fps: 30 }, { frames: 400 });
    const [one, two] = [show(), show()];
    await pass(100);
    find(two, "play").click();
    await pass(1000);
    expect(kernel.streams).toBe(1);
    expect(Math.abs(Number(one.dataset.frame) - Number(two.dataset.frame))).toBeLessThan(3);
    expect(find(one, "play").title).toBe("Pause");
    find(one, "play").click();
    await pass(50);
    expect(kernel.streams).toBe(0);
  });

  it("go on when the one that streams is closed", async () => {
    build({ fps: 30 }, { frames: 400 });
    const [, two] = [show(), show()];
    await pass(100);
    model.set("playing", true);
    await pass(500);
    endings.shift()?.();
    await pass(500);
    const frame = Number(two?.dataset.frame);
    await pass(500);
    expect(Number(two?.dataset.frame)).toBeGreaterThan(frame);
    expect(kernel.streams).toBe(1);
  });
});

describe("the end of a view", () => {
  it("leaves nothing behind", async () => {
    const root = await open({ fps: 30 }, { frames: 400 });
    find(root, "play").click();
    await pass(300);
    endings.shift()?.();
    await pass(1000);
    expect(model.listeners).toBe(0);
    expect(kernel.streams).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    expect(document.querySelector(".djo-scrubber")).toBeNull();
  });

  it("comes with the signal of the host too", async () => {
    build();
    const abort = new AbortController();
    const el = document.createElement("div");
    scrubber.render({ model: model.proxy(), el, signal: abort.signal });
    abort.abort();
    expect(model.listeners).toBe(0);
    expect(el.childElementCount).toBe(0);
  });

  it("of the kernel's object is told; frames at hand still show", async () => {
    const root = await open();
    model.receive({ kind: "event", view: "*", name: "closed", data: {} });
    expect(find(root, "error").textContent).toContain("The kernel has let go of this movie.");
    press(root, "ArrowRight");
    await pass(50);
    expect(root.dataset.frame).toBe("1");
  });
});
