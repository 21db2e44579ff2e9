import { beforeEach, describe, expect, it, vi } from "vitest";
import { FakeModel } from "../testing/fake-model.ts";
import { packCodes } from "../testing/pack.ts";
import { modelChannel } from "./channel.ts";
import { Client } from "./client.ts";

let model: FakeModel;
let client: Client;

beforeEach(() => {
  model = new FakeModel();
  client = new Client(modelChannel(model.proxy()), "a1");
});

const frame = (view: string, id: number, index: number) => ({
  kind: "response",
  view,
  id,
  ok: true,
  result: { index, dtype: "|u1", shape: [1, 1] },
});

describe("a request", () => {
  it("is sent with the view and a fresh id, and answered with buffers", async () => {
    const answer = client.request("frame", { index: 17 });
    expect(model.sent).toEqual([
      { kind: "request", view: "a1", id: 1, method: "frame", params: { index: 17 } },
    ]);
    const buffer = new DataView(new ArrayBuffer(1));
    model.receive(frame("a1", 1, 17), [buffer]);
    expect(await answer).toEqual({
      result: { index: 17, dtype: "|u1", shape: [1, 1], step: 1, encoding: "raw" },
      buffers: [buffer],
    });
  });

  it("ignores the answers to other views", async () => {
    const answer = client.request("frame", { index: 17 });
    model.receive(frame("b1", 1, 3));
    model.receive(frame("a1", 1, 17));
    expect((await answer).result.index).toBe(17);
  });

  it("fails with the kernel's error", async () => {
    const answer = client.request("frame", { index: 17 });
    const error = { code: "chunk", message: "chunk 1.0.0 is missing", hint: "Restore the object." };
    model.receive({ kind: "response", view: "a1", id: 1, ok: false, error });
    await expect(answer).rejects.toMatchObject({ name: "KernelError", failure: error });
  });

  it("fails when the answer can't be read", async () => {
    const answer = client.request("frame", { index: 17 });
    model.receive({ kind: "response", view: "a1", id: 1, ok: true, result: { index: 17 } });
    await expect(answer).rejects.toMatchObject({ name: "ProtocolError" });
  });

  it("fails when the message around the answer can't be read", async () => {
    const answer = client.request("frame", { index: 17 });
    model.receive({ kind: "response", view: "a1", id: 1, ok: "yes" });
    await expect(answer).rejects.toMatchObject({ name: "ProtocolError" });
  });

  it("fails when the kernel speaks another version", async () => {
    const answer = client.request("frame", { index: 17 });
    model.receive({ ...frame("a1", 1, 17), protocol: 2 });
    await expect(answer).rejects.toThrow("version 2");
  });

  it("is cancelled by its signal", async () => {
    const abort = new AbortController();
    const answer = client.request("frame", { index: 17 }, { signal: abort.signal });
    abort.abort();
    await expect(answer).rejects.toMatchObject({ name: "AbortError" });
    expect(model.sent.at(-1)).toEqual({ kind: "cancel", view: "a1", id: 1 });
  });

  it("is not sent when its signal has fired already", async () => {
    await expect(
      client.request("frame", { index: 17 }, { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ name: "AbortError" });
    expect(model.sent).toEqual([]);
  });

  it("tells its progress", () => {
    const onProgress = vi.fn();
    void client.request("profile", {}, { onProgress });
    model.receive({ kind: "progress", view: "a1", id: 1, done: 3, total: 10, note: "reading" });
    expect(onProgress).toHaveBeenCalledWith(3, 10, "reading");
  });
});

describe("a stream", () => {
  const options = { from: 0, fps: 30, loop: false, credit: 8, keep: "time" } as const;

  it("hands on frames until it ends", () => {
    const handlers = { onFrame: vi.fn(), onUnavailable: vi.fn(), onEnd: vi.fn() };
    client.play(options, handlers);
    expect(model.sent).toEqual([{ kind: "play", view: "a1", id: 1, stream: 1, ...options }]);
    const message = { kind: "frame", view: "a1", stream: 1, index: 0, dtype: "|u1", shape: [1, 1] };
    model.receive(message);
    model.receive({ kind: "end", view: "a1", stream: 1, reason: "end" });
    model.receive(message);
    expect(handlers.onFrame).toHaveBeenCalledTimes(1);
    expect(handlers.onEnd).toHaveBeenCalledTimes(1);
  });

  it("hears nothing more once it is stopped", () => {
    const handlers = { onFrame: vi.fn(), onUnavailable: vi.fn(), onEnd: vi.fn() };
    const stream = client.play(options, handlers);
    stream.stop();
    stream.stop();
    stream.credit(4);
    model.receive({ kind: "end", view: "a1", stream: 1, reason: "stopped" });
    expect(model.sent.slice(1)).toEqual([{ kind: "stop", view: "a1", stream: 1 }]);
    expect(handlers.onEnd).not.toHaveBeenCalled();
  });

  it("ends when the kernel refuses it", () => {
    const handlers = { onFrame: vi.fn(), onUnavailable: vi.fn(), onEnd: vi.fn() };
    client.play(options, handlers);
    const error = { code: "target", message: "no such movie", hint: "" };
    model.receive({ kind: "response", view: "a1", id: 1, ok: false, error });
    expect(handlers.onEnd).toHaveBeenCalledWith(expect.objectContaining({ reason: "error", error }));
  });
});

describe("frames over a line that is slower than packing them", () => {
  const options = { from: 0, fps: 30, loop: true, credit: 8, keep: "time" } as const;
  const shape = [64, 64];
  const handlers = () => ({ onFrame: vi.fn(), onUnavailable: vi.fn(), onEnd: vi.fn() });
  const packed = (level: number) => packCodes(new Uint8Array(4096).fill(level));
  const frameOf = (index: number, more: object = { encoding: "deflate" }) => ({
    kind: "frame",
    view: "a1",
    stream: 1,
    index,
    dtype: "|u1",
    shape,
    ...more,
  });
  const indices = (onFrame: ReturnType<typeof vi.fn>) => onFrame.mock.calls.map(([frame]) => frame.index);
  let now = 0;

  /** Frames of another view of the movie, each so many milliseconds on its way. */
  function travel(took: number): void {
    for (let n = 0; n < 24; n++) {
      model.receive({ kind: "event", view: "*", name: "none", data: {}, sent: now });
      now += took;
      model.receive({ ...frameOf(n), view: "b1", sent: now - took }, [
        new DataView(new ArrayBuffer(200_000)),
      ]);
    }
  }

  beforeEach(() => {
    client.dispose();
    now = 0;
    client = new Client(modelChannel(model.proxy()), "a1", () => now);
  });

  it("are asked for packed, and raw as soon as the line is fast", () => {
    travel(100);
    void client.request("frame", { index: 3 });
    void client.request("describe", {});
    const stream = client.play(options, handlers());
    travel(1);
    stream.credit(4);
    stream.credit(4);
    void client.request("frame", { index: 4 });
    expect(model.sent).toMatchObject([
      { method: "frame", params: { index: 3, encoding: "deflate" } },
      { method: "describe" },
      { kind: "play", encoding: "deflate" },
      { kind: "credit", encoding: "raw" },
      { kind: "credit" },
      { method: "frame", params: { index: 4 } },
    ]);
    expect(JSON.stringify(model.sent.at(1))).not.toContain("encoding");
    expect(JSON.stringify(model.sent.slice(4))).not.toContain("encoding");
  });

  it("are asked for raw where the browser can't unpack", () => {
    vi.stubGlobal("DecompressionStream", undefined);
    travel(100);
    void client.request("frame", { index: 3 });
    vi.unstubAllGlobals();
    expect(JSON.stringify(model.sent)).not.toContain("encoding");
  });

  it("are answered unpacked", async () => {
    const answer = client.request("frame", { index: 17 });
    const result = { index: 17, dtype: "|u1", shape, encoding: "deflate" };
    model.receive({ kind: "response", view: "a1", id: 1, ok: true, result }, [await packed(9)]);
    const { buffers } = await answer;
    expect(new Uint8Array(buffers[0]?.buffer as ArrayBuffer)).toEqual(new Uint8Array(4096).fill(9));
  });

  it("are refused where they can't be unpacked", async () => {
    const answer = client.request("frame", { index: 17 });
    const result = { index: 17, dtype: "|u1", shape: [65, 64], encoding: "deflate" };
    model.receive({ kind: "response", view: "a1", id: 1, ok: true, result }, [await packed(9)]);
    await expect(answer).rejects.toMatchObject({ name: "ProtocolError" });
  });

  it("come in their order, packed or not, and the end last", async () => {
    const heard = handlers();
    const [first, last] = [await packed(1), await packed(3)];
    client.play(options, heard);
    model.receive(frameOf(0), [first]);
    model.receive(frameOf(1, {}), [new DataView(new ArrayBuffer(4096))]);
    model.receive({
      kind: "event",
      view: "a1",
      name: "unavailable",
      data: { stream: 1, from: 2, to: 3, error: { code: "chunk", message: "gone" } },
    });
    model.receive(frameOf(3), [last]);
    model.receive({ kind: "end", view: "a1", stream: 1, reason: "end" });
    expect(heard.onFrame).not.toHaveBeenCalled();
    await vi.waitFor(() => expect(heard.onEnd).toHaveBeenCalledTimes(1));
    expect(indices(heard.onFrame)).toEqual([0, 1, 3]);
    const order = [heard.onFrame, heard.onUnavailable, heard.onEnd].map(
      (one) => one.mock.invocationCallOrder,
    );
    expect(order[1]?.[0]).toBeGreaterThan(order[0]?.[1] as number);
    expect(order[2]?.[0]).toBeGreaterThan(order[0]?.[2] as number);
  });

  it("are not handed on once the stream was stopped", async () => {
    const heard = handlers();
    const [frame, other] = [await packed(1), await packed(9)];
    const stream = client.play(options, heard);
    model.receive(frameOf(0), [frame]);
    stream.stop();
    const next = client.request("frame", { index: 17 });
    const result = { index: 17, dtype: "|u1", shape, encoding: "deflate" };
    model.receive({ kind: "response", view: "a1", id: 2, ok: true, result }, [other]);
    await next;
    expect(heard.onFrame).not.toHaveBeenCalled();
  });

  it("end the stream, with the reason, where one can't be unpacked", async () => {
    const heard = handlers();
    const frame = await packed(1);
    client.play(options, heard);
    model.receive(frameOf(0), [frame]);
    model.receive(frameOf(1), [new DataView(new ArrayBuffer(100))]);
    await vi.waitFor(() => expect(heard.onEnd).toHaveBeenCalledTimes(1));
    expect(indices(heard.onFrame)).toEqual([0]);
    expect(heard.onEnd.mock.calls[0]?.[0]).toMatchObject({ reason: "error", error: { code: "protocol" } });
    expect(model.sent.at(-1)).toEqual({ kind: "stop", view: "a1", stream: 1 });
  });
});

describe("events", () => {
  it("reach the view they are for, and all views when they are for all", () => {
    const heard = vi.fn();
    client.onEvent(heard);
    for (const view of ["a1", "*", "b1"]) model.receive({ kind: "event", view, name: "closed", data: {} });
    expect(heard).toHaveBeenCalledTimes(2);
  });

  it("that can't be read are passed over", () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    expect(() => model.receive({ kind: "event", view: "*" })).not.toThrow();
  });
});

describe("dispose", () => {
  it("cancels what waits, stops what runs, and listens no more", async () => {
    const answer = client.request("describe", {});
    client.play(
      { from: 0, fps: 30, loop: true, credit: 8, keep: "time" },
      { onFrame: vi.fn(), onUnavailable: vi.fn(), onEnd: vi.fn() },
    );
    client.dispose();
    await expect(answer).rejects.toMatchObject({ name: "AbortError" });
    const kinds = model.sent.map((message) => (message as { kind: string }).kind);
    expect(kinds).toEqual(["request", "play", "stop", "cancel"]);
    expect(model.listeners).toBe(0);
  });
});
