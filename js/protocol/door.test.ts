import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeModel } from "../testing/fake-model.ts";
import { modelChannel } from "./channel.ts";
import { Client } from "./client.ts";
import { findProxy, openDoor } from "./door.ts";

const PROXY = { name: "@jupyterhub/jupyter-server-proxy" };
const OPENED = { port: 41234, token: "s0me-T0ken" };
const BASE = "http://localhost:3000/user/me/proxy/";

/** What a Jupyter server tells its page. */
function configure(config: unknown): void {
  document.getElementById("jupyter-config-data")?.remove();
  const node = document.createElement("script");
  node.id = "jupyter-config-data";
  node.type = "application/json";
  node.textContent = typeof config === "string" ? config : JSON.stringify(config);
  document.head.append(node);
}

const greeting = () => new Response(JSON.stringify({ dj_objectstore: 1 }));

function told(message: object, codes: Uint8Array<ArrayBuffer> = new Uint8Array(0)): Response {
  const text = new TextEncoder().encode(JSON.stringify(message));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, text.length, true);
  return new Response(new Blob([length, text, codes]));
}

const frame = (id: number, index: number) => ({
  kind: "response",
  view: "a1",
  id,
  ok: true,
  result: { index, dtype: "|u1", shape: [1, 3] },
});

const fetched = vi.fn<(url: string, init: RequestInit) => Promise<Response>>();

beforeEach(() => {
  fetched.mockReset();
  vi.stubGlobal("fetch", fetched);
});

afterEach(() => {
  vi.unstubAllGlobals();
  document.getElementById("jupyter-config-data")?.remove();
});

describe("the proxy", () => {
  it("is where the page's server says that it has one", () => {
    const here = new URL(document.baseURI).origin;
    for (const baseUrl of ["/user/me/", "/user/me", `${here}/user/me/`]) {
      configure({ baseUrl, federated_extensions: [{ name: "other" }, PROXY] });
      expect(findProxy(document)).toBe(`${here}/user/me/proxy/`);
    }
  });

  it.each([
    ["says nothing of it", { baseUrl: "/", federated_extensions: [{ name: "other" }] }],
    ["has no extensions", { baseUrl: "/" }],
    ["names no address", { federated_extensions: [PROXY] }],
    ["is of another origin", { baseUrl: "https://example.org/", federated_extensions: [PROXY] }],
    ["tells something else", { baseUrl: 3, federated_extensions: [null, PROXY] }],
    ["can't be read", "{"],
  ])("is not there where the page's server %s", (_, config) => {
    configure(config);
    expect(findProxy(document)).toBeNull();
  });

  it("is not there on a page without a Jupyter server", () => {
    expect(findProxy(document)).toBeNull();
  });
});

describe("a door", () => {
  it("is greeted, and then asked, with the token out of sight", async () => {
    fetched
      .mockResolvedValueOnce(greeting())
      .mockResolvedValueOnce(told(frame(1, 17), Uint8Array.of(7, 8, 9)));
    const door = await openDoor(BASE, OPENED);
    const { message, buffers } = await door.ask({ kind: "cancel", view: "a1", id: 1 });
    expect(message).toEqual(frame(1, 17));
    const [codes] = buffers as [DataView];
    expect(new Uint8Array(codes.buffer, codes.byteOffset)).toEqual(Uint8Array.of(7, 8, 9));
    for (const [url, init] of fetched.mock.calls) {
      expect(url).toBe(`${BASE}41234/`);
      expect(init).toMatchObject({ redirect: "error", credentials: "same-origin", cache: "no-store" });
      expect(new Headers(init.headers).get("X-Dj-Objectstore-Token")).toBe(OPENED.token);
    }
    expect(fetched.mock.calls[1]?.[1].body).toBe('{"kind":"cancel","view":"a1","id":1}');
  });

  it.each([
    ["that answers something else", () => Promise.resolve(new Response("{}"))],
    ["that answers no JSON", () => Promise.resolve(new Response("<html>"))],
    ["that refuses", () => Promise.resolve(new Response("", { status: 403 }))],
    ["that is not there", () => Promise.reject(new TypeError("failed"))],
  ])("%s is none", async (_, answer) => {
    fetched.mockImplementation(answer);
    await expect(openDoor(BASE, OPENED)).rejects.toThrow();
  });

  it.each([
    ["nothing", new Uint8Array(0)],
    ["too little", Uint8Array.of(9, 0, 0, 0, 123)],
    ["no JSON", Uint8Array.of(1, 0, 0, 0, 123)],
  ])("that tells %s is refused", async (_, body) => {
    fetched.mockResolvedValueOnce(greeting()).mockResolvedValueOnce(new Response(body));
    const door = await openDoor(BASE, OPENED);
    await expect(door.ask({ kind: "stop", view: "a1", stream: 1 })).rejects.toThrow();
  });
});

describe("a client", () => {
  let model: FakeModel;
  let client: Client;

  beforeEach(() => {
    model = new FakeModel();
    client = new Client(modelChannel(model.proxy()), "a1");
  });

  const methods = () => model.sent.map((message) => (message as { method?: string }).method);
  const rest = () => new Promise((resolve) => setTimeout(resolve));

  /** The first frame has come, and the kernel has been asked for its door. */
  async function seek(): Promise<void> {
    const first = client.request("frame", { index: 3 });
    model.receive(frame(1, 3));
    await first;
    await rest();
    if (methods().includes("door"))
      model.receive({ kind: "response", view: "a1", id: 2, ok: true, result: OPENED });
    await rest();
  }

  it("looks for no door where there is no proxy", async () => {
    await seek();
    void client.request("frame", { index: 4 });
    expect(methods()).toEqual(["frame", "frame"]);
    expect(fetched).not.toHaveBeenCalled();
  });

  it("gets its frames through the door, and all else as before", async () => {
    configure({ baseUrl: "/user/me/", federated_extensions: [PROXY] });
    fetched
      .mockResolvedValueOnce(greeting())
      .mockResolvedValueOnce(told(frame(3, 17), Uint8Array.of(7, 8, 9)));
    await seek();
    const { result, buffers } = await client.request("frame", { index: 17 });
    expect(result.index).toBe(17);
    expect(buffers[0]?.getUint8(2)).toBe(9);
    void client.request("profile", {});
    expect(methods()).toEqual(["frame", "door", "profile"]);
    expect(JSON.parse(String(fetched.mock.calls[1]?.[1].body))).toEqual({
      kind: "request",
      view: "a1",
      id: 3,
      method: "frame",
      params: { index: 17 },
    });
  });

  it("hears of a failure that came through the door", async () => {
    configure({ baseUrl: "/", federated_extensions: [PROXY] });
    const error = { code: "chunk", message: "gone", hint: "" };
    const failed = { kind: "response", view: "a1", id: 3, ok: false, error };
    fetched.mockResolvedValueOnce(greeting()).mockResolvedValueOnce(told(failed));
    await seek();
    await expect(client.request("frame", { index: 17 })).rejects.toMatchObject({ failure: error });
  });

  it("asks as before, for good, once the door is shut", async () => {
    configure({ baseUrl: "/", federated_extensions: [PROXY] });
    fetched.mockResolvedValueOnce(greeting()).mockRejectedValue(new TypeError("failed"));
    await seek();
    const answer = client.request("frame", { index: 17 });
    await rest();
    expect(model.sent.at(-1)).toMatchObject({ id: 3, method: "frame", params: { index: 17 } });
    model.receive(frame(3, 17));
    expect((await answer).result.index).toBe(17);
    void client.request("frame", { index: 18 });
    expect(methods()).toEqual(["frame", "door", "frame", "frame"]);
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  it("does not ask again for what was cancelled meanwhile", async () => {
    configure({ baseUrl: "/", federated_extensions: [PROXY] });
    fetched.mockResolvedValueOnce(greeting()).mockRejectedValue(new TypeError("failed"));
    await seek();
    const abort = new AbortController();
    const answer = client.request("frame", { index: 17 }, { signal: abort.signal });
    abort.abort();
    await expect(answer).rejects.toMatchObject({ name: "AbortError" });
    await rest();
    expect(model.sent.at(-1)).toMatchObject({ kind: "cancel", id: 3 });
  });

  it("says nothing where the kernel knows of no door", async () => {
    configure({ baseUrl: "/", federated_extensions: [PROXY] });
    const first = client.request("frame", { index: 3 });
    model.receive(frame(1, 3));
    await first;
    const error = { code: "protocol", message: "unknown method", hint: "" };
    model.receive({ kind: "response", view: "a1", id: 2, ok: false, error });
    await rest();
    void client.request("frame", { index: 4 });
    expect(methods()).toEqual(["frame", "door", "frame"]);
    expect(fetched).not.toHaveBeenCalled();
  });
});
