import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { modelChannel } from "../protocol/channel.ts";
import { Client } from "../protocol/client.ts";
import type { ToKernel } from "../protocol/messages.ts";
import { FakeKernel } from "../testing/fake-kernel.ts";
import { FakeModel } from "../testing/fake-model.ts";
import { buildMovie } from "../testing/movie-facts.ts";
import { buildCodeLine, findCodeLine } from "./code-line.ts";
import { GONE } from "./failure.ts";
import { ScrubberSession } from "./session.ts";
import { freeSettings, SCRUBBER_DEFAULTS, type ScrubberTraits } from "./settings.ts";

let model: FakeModel;
let kernel: FakeKernel;

function open(changes: Partial<ScrubberTraits> = {}, title = "movie"): ScrubberSession {
  const { values } = freeSettings({ ...SCRUBBER_DEFAULTS, ...changes });
  const session = new ScrubberSession({
    client: new Client(modelChannel(model.proxy())),
    settings: values,
  });
  session.movie.value = buildMovie({ title, frames: 100 });
  return session;
}

const lineOf = (changes: Partial<ScrubberTraits>, title?: string) => buildCodeLine(open(changes, title));

beforeEach(() => {
  vi.useFakeTimers();
  model = new FakeModel();
  kernel = new FakeKernel(model, { delay: 10 });
});

afterEach(() => vi.useRealTimers());

describe("the line of Python", () => {
  it("names what differs from a new scrubber", () => {
    expect(lineOf({})).toBe("djo.scrub(movie)");
    expect(lineOf({ position: 17, contrast: [100, 1200.5], colormap: "magma", overlay: true }, "raw")).toBe(
      'djo.scrub(raw, position=17, contrast=[100, 1200.5], colormap="magma", overlay=True)',
    );
    expect(lineOf({ fps: 10 })).toBe("djo.scrub(movie)");
    expect(lineOf({ fps: 30, playing: true, loop: false })).toBe("djo.scrub(movie, fps=30, loop=False)");
  });

  it("holds the regions", () => {
    const points = [
      [1, 2],
      [3, 4.5],
    ] as const;
    const roi = { id: "k", name: 'a "b"', color: "#112233", kind: "ellipse", points } as const;
    expect(lineOf({ rois: [roi] })).toBe(
      'djo.scrub(movie, rois=[{"id": "k", "name": "a \\"b\\"", "color": "#112233", "kind": "ellipse", ' +
        '"points": [[1, 2], [3, 4.5]]}])',
    );
  });

  it("calls a movie whose title is no name of Python movie", () => {
    expect(lineOf({ viewport: [0, 1.5, 2, 2] }, "run 3.zarr")).toBe(
      "djo.scrub(movie, viewport=[0, 1.5, 2, 2])",
    );
  });

  it("is the kernel's, for what is seen on the page", async () => {
    const found = findCodeLine(open({ position: 17, playing: true }));
    await vi.advanceTimersByTimeAsync(20);
    expect(await found).toBe("djo.scrub(raw, events=licks)");
    const [request] = model.sent as Extract<ToKernel, { method: "code" }>[];
    expect(request?.params.look).toMatchObject({ position: 17, fps: 10, rois: [], loop: true });
    expect(request?.params.look).not.toHaveProperty("playing");
  });

  it("is the page's own where the kernel is silent, refuses, or has gone", async () => {
    kernel.failures.set("code", { code: "value", message: "no such method", hint: "" });
    const refused = findCodeLine(open({ position: 17 }));
    await vi.advanceTimersByTimeAsync(20);
    expect(await refused).toBe("djo.scrub(movie, position=17)");
    kernel.silent = true;
    const silent = findCodeLine(open({ position: 18 }));
    await vi.advanceTimersByTimeAsync(2000);
    expect(await silent).toBe("djo.scrub(movie, position=18)");
    const session = open({ position: 19 });
    session.lost.value = GONE;
    expect(await findCodeLine(session)).toBe("djo.scrub(movie, position=19)");
  });
});
