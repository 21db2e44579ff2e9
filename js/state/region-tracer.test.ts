import { type Signal, signal } from "@preact/signals-core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { modelChannel } from "../protocol/channel.ts";
import { Client } from "../protocol/client.ts";
import type { RegionShape, ToKernel } from "../protocol/messages.ts";
import { FakeKernel } from "../testing/fake-kernel.ts";
import { FakeModel } from "../testing/fake-model.ts";
import { buildFakeMovie } from "../testing/fake-movie.ts";
import type { Mask } from "./masks.ts";
import { RegionTracer } from "./region-tracer.ts";
import { moveShape } from "./regions.ts";
import { ScrubberSession } from "./session.ts";
import { freeSettings, SCRUBBER_DEFAULTS } from "./settings.ts";

const BOX: RegionShape = {
  kind: "rectangle",
  points: [
    [1, 1],
    [5, 5],
  ],
};

let model: FakeModel;
let kernel: FakeKernel;
let session: ScrubberSession;
let tracer: RegionTracer;
let masks: Signal<readonly Mask[]>;

const asked = () =>
  (model.sent as ToKernel[]).flatMap((message) =>
    message.kind === "request" && message.method === "trace" ? [message.params] : [],
  );
const traces = () => [...session.regionTraces.value.values()];
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

async function open(frames = 40): Promise<void> {
  model = new FakeModel();
  const movie = buildFakeMovie({ frames: 40, height: 8, width: 8, masks: 3, more: { frames } });
  kernel = new FakeKernel(model, { movie, delay: 10 });
  const client = new Client(modelChannel(model.proxy()), "a1");
  session = new ScrubberSession({ client, settings: freeSettings(SCRUBBER_DEFAULTS).values });
  masks = signal([]);
  tracer = new RegionTracer(session, masks);
  void session.open();
  await pass(50);
}

beforeEach(async () => {
  vi.useFakeTimers();
  await open();
});

afterEach(() => {
  tracer.dispose();
  session.dispose();
  vi.useRealTimers();
});

describe("the trace of a region", () => {
  it("comes once it has been drawn, with its band", async () => {
    session.regions.add(BOX);
    await pass(255);
    expect(traces()).toMatchObject([{ name: "ROI 1", state: "loading" }]);
    await pass(500);
    expect(asked()).toEqual([{ roi: BOX, quantity: "mean", baseline: null }]);
    const [trace] = traces();
    expect(trace).toMatchObject({ state: "ready", unit: "photons" });
    expect([trace?.values.length, trace?.band?.length]).toEqual([40, 40]);
  });

  it("tells how far it is", async () => {
    session.regions.add(BOX);
    await pass(280);
    expect(traces()).toMatchObject([{ done: 50, total: 100 }]);
  });

  it("keeps the old values while it is read anew, and is read once for many small moves", async () => {
    session.regions.add(BOX);
    await pass(1000);
    const id = session.regions.selected.value ?? "";
    const values = traces()[0]?.values;
    for (let i = 0; i < 20; i++) {
      session.regions.change(id, (one) => moveShape(one, [0.1, 0], { height: 8, width: 8 }));
      await pass(20);
    }
    expect(traces()[0]).toMatchObject({ state: "loading", values });
    await pass(1000);
    expect(asked()).toHaveLength(2);
    expect(traces()[0]?.state).toBe("ready");
  });

  it("is not read again for a new name or colour", async () => {
    session.regions.add(BOX);
    await pass(1000);
    const id = session.regions.selected.value ?? "";
    session.regions.rename(id, "soma");
    session.regions.recolor(id, "#112233");
    await pass(1000);
    expect(asked()).toHaveLength(1);
    expect(traces()).toMatchObject([{ name: "soma", color: "#112233", state: "ready" }]);
  });

  it("is read again as dF/F, and for another channel", async () => {
    session.regions.add(BOX);
    await pass(1000);
    tracer.quantity.value = "dff";
    await pass(1000);
    expect(asked().at(-1)).toMatchObject({ quantity: "dff", baseline: 10 });
    tracer.baseline.value = 20;
    await pass(1000);
    expect(asked().at(-1)).toMatchObject({ quantity: "dff", baseline: 20 });
  });

  it("goes with its region, and what is under way is given up", async () => {
    session.regions.add(BOX);
    await pass(270);
    session.regions.remove(session.regions.selected.value ?? "");
    expect(traces()).toEqual([]);
    expect(model.sent.at(-1)).toMatchObject({ kind: "cancel" });
    await pass(1000);
    expect(traces()).toEqual([]);
  });

  it("can be stopped and asked for again", async () => {
    session.regions.add(BOX);
    await pass(270);
    const id = session.regions.selected.value ?? "";
    tracer.cancel(id);
    expect(model.sent.at(-1)).toMatchObject({ kind: "cancel" });
    expect(traces()).toMatchObject([{ state: "failed", message: "Stopped." }]);
    await pass(1000);
    expect(asked()).toHaveLength(1);
    tracer.ask(id);
    await pass(1000);
    expect(traces()).toMatchObject([{ state: "ready", message: "" }]);
  });

  it("comes while the movie runs too", async () => {
    session.regions.add(BOX);
    for (let index = 0; index < 40; index++) {
      session.seek(index);
      await pass(20);
    }
    expect(asked()).toHaveLength(1);
    expect(traces()).toMatchObject([{ state: "ready" }]);
  });

  it("that was stopped does not begin anew by itself", async () => {
    session.regions.add(BOX);
    await pass(270);
    const id = session.regions.selected.value ?? "";
    tracer.cancel(id);
    session.regions.rename(id, "soma");
    await pass(1000);
    expect(asked()).toHaveLength(1);
  });

  it("says why there is none, and others still come", async () => {
    kernel.failures.set("trace", { code: "chunk", message: "chunk 3 is damaged", hint: "Restore it." });
    session.regions.add(BOX);
    await pass(1000);
    expect(traces()).toMatchObject([{ state: "failed", message: "Chunk 3 is damaged. Restore it." }]);
    kernel.failures.clear();
    session.regions.add(BOX);
    await pass(1000);
    expect(traces()[1]).toMatchObject({ state: "ready" });
  });
});

it("several are read one at a time", async () => {
  for (let i = 0; i < 3; i++) session.regions.add(BOX);
  await pass(300);
  expect(asked()).toHaveLength(1);
  await pass(1000);
  expect(asked()).toHaveLength(3);
  expect(traces().map(({ state }) => state)).toEqual(["ready", "ready", "ready"]);
});

describe("another view of the movie", () => {
  let other: RegionTracer;
  let second: ScrubberSession;
  const others = () => [...second.regionTraces.value.values()];

  beforeEach(async () => {
    const client = new Client(modelChannel(model.proxy()), "b1");
    const { settings, conductor } = session;
    second = new ScrubberSession({ client, settings, conductor });
    other = new RegionTracer(second, masks);
    void second.open();
    await pass(50);
  });

  afterEach(() => {
    other.dispose();
    second.dispose();
  });

  it("hears how far a trace is that the first one asked for, and has its values", async () => {
    session.regions.add(BOX);
    await pass(280);
    for (const each of [traces(), others()]) expect(each).toMatchObject([{ done: 50, total: 100 }]);
    await pass(500);
    expect(asked()).toHaveLength(1);
    expect(others()).toEqual(traces());
    expect(others()).toMatchObject([{ state: "ready", unit: "photons" }]);
  });

  it("takes what is there already", async () => {
    other.dispose();
    session.regions.add(BOX);
    await pass(1000);
    other = new RegionTracer(second, masks);
    await pass(300);
    expect(asked()).toHaveLength(1);
    expect(others()).toMatchObject([{ state: "ready" }]);
  });

  it("asks itself where the first one gave it up or has gone", async () => {
    session.regions.add(BOX);
    await pass(270);
    tracer.cancel(session.regions.selected.value ?? "");
    await pass(500);
    expect(asked()).toHaveLength(2);
    expect([traces()[0]?.state, others()[0]?.state]).toEqual(["failed", "ready"]);
    session.regions.add(BOX);
    await pass(270);
    tracer.dispose();
    await pass(1000);
    expect(others().map(({ state }) => state)).toEqual(["ready", "ready"]);
  });

  it("can be stopped alone", async () => {
    session.regions.add(BOX);
    await pass(270);
    other.cancel(session.regions.regions.value[0]?.id ?? "");
    await pass(500);
    expect(model.sent).not.toContainEqual(expect.objectContaining({ kind: "cancel" }));
    expect([traces()[0]?.state, others()[0]?.state]).toEqual(["ready", "failed"]);
  });

  it("fails alike, and asks for what differs", async () => {
    kernel.failures.set("trace", { code: "chunk", message: "chunk 3 is damaged", hint: "Restore it." });
    session.regions.add(BOX);
    await pass(1000);
    expect(asked()).toHaveLength(1);
    expect(others()).toMatchObject([{ state: "failed", message: "Chunk 3 is damaged. Restore it." }]);
    kernel.failures.clear();
    other.quantity.value = "dff";
    other.ask(session.regions.regions.value[0]?.id ?? "");
    await pass(1000);
    expect(asked().at(-1)).toMatchObject({ quantity: "dff" });
    expect([traces()[0]?.state, others()[0]?.unit]).toEqual(["failed", "dF/F"]);
  });
});

it("the selected mask has a trace, and only that one", async () => {
  masks.value = ["a", "b", "c"].map((name) => ({ name, color: "#ffffff", path: "" }));
  session.regions.selectMask(1);
  await pass(1000);
  expect(asked()).toEqual([expect.objectContaining({ roi: { kind: "mask", mask: 1 } })]);
  expect([...session.regionTraces.value.keys()]).toEqual(["mask:1"]);
  session.regions.selectMask(2);
  await pass(1000);
  expect([...session.regionTraces.value.keys()]).toEqual(["mask:2"]);
});

it("of a very long movie none is read unasked", async () => {
  tracer.dispose();
  session.dispose();
  await open(100_000_000);
  session.regions.add(BOX);
  await pass(1000);
  expect(asked()).toEqual([]);
  tracer.ask(session.regions.selected.value ?? "");
  await pass(0);
  expect(asked()).toHaveLength(1);
});
