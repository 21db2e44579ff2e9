import { beforeEach, describe, expect, it, vi } from "vitest";
import { FakeModel } from "../testing/fake-model.ts";
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
      result: { index: 17, dtype: "|u1", shape: [1, 1], step: 1 },
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
