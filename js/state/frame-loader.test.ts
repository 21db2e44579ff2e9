import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { modelChannel } from "../protocol/channel.ts";
import { Client } from "../protocol/client.ts";
import { FakeModel } from "../testing/fake-model.ts";
import { buildMovie } from "../testing/movie-facts.ts";
import { FrameCache } from "./frame-cache.ts";
import { FrameLoader, type Wish } from "./frame-loader.ts";
import { FIRST_SLICE } from "./movie.ts";

interface Asked {
  readonly id: number;
  readonly params: { readonly index: number; readonly channel?: number };
}

const wish = (index: number, channel = 0): Wish => ({ index, slice: { ...FIRST_SLICE, channel } });

let model: FakeModel;
let loader: FrameLoader;
const onFrame = vi.fn();
const onError = vi.fn();

const asked = () => model.sent as Asked[];
const indices = () => asked().map(({ params }) => params.index);

function build(frames = 100): void {
  const client = new Client(modelChannel(model.proxy()), "a1");
  const movie = buildMovie({ frames });
  loader = new FrameLoader(client, movie, { target: undefined, cache: new FrameCache(), onFrame, onError });
}

async function answer(index: number): Promise<void> {
  const request = asked().find(({ params }) => params.index === index);
  const result = { index, dtype: "|u1", shape: [2, 2] };
  const message = { kind: "response", view: "a1", id: request?.id, ok: true, result };
  model.receive(message, [new DataView(new ArrayBuffer(4))]);
  await vi.advanceTimersByTimeAsync(0);
}

async function refuse(index: number, code: string): Promise<void> {
  const request = asked()
    .filter(({ params }) => params.index === index)
    .at(-1);
  const error = { code, message: "no", hint: "" };
  model.receive({ kind: "response", view: "a1", id: request?.id, ok: false, error });
  await vi.advanceTimersByTimeAsync(0);
}

beforeEach(() => {
  vi.useFakeTimers();
  onFrame.mockReset();
  onError.mockReset();
  model = new FakeModel();
  build();
});

afterEach(() => {
  loader.dispose();
  vi.useRealTimers();
});

describe("wishes", () => {
  it("travel a few at a time; of those that wait only the last is sent", async () => {
    for (let index = 0; index < 50; index += 5) loader.want(wish(index));
    expect(indices()).toEqual([0, 5, 10]);
    await answer(0);
    expect(indices()).toEqual([0, 5, 10, 45]);
  });

  it("for a frame that is at hand send nothing", async () => {
    loader.want(wish(3));
    await answer(3);
    expect(loader.want(wish(3))?.index).toBe(3);
    expect(indices()).toEqual([3]);
  });

  it("for a frame under way are not sent twice", () => {
    loader.want(wish(3));
    loader.want(wish(3));
    expect(indices()).toEqual([3]);
  });

  it("name the channel only where it is not the first", () => {
    loader.want(wish(3));
    loader.want(wish(3, 2));
    expect(asked().map(({ params }) => params)).toEqual([{ index: 3 }, { index: 3, channel: 2 }]);
  });

  it("that were superseded are sent again while they are the newest", async () => {
    loader.want(wish(3));
    await refuse(3, "superseded");
    expect(indices()).toEqual([3, 3]);
    expect(onError).not.toHaveBeenCalled();
  });

  it("that were superseded by a newer one are forgotten", async () => {
    loader.want(wish(3));
    loader.want(wish(4));
    await refuse(3, "superseded");
    expect(indices()).toEqual([3, 4]);
  });

  it("that fail are told", async () => {
    loader.want(wish(3));
    await refuse(3, "chunk");
    expect(onError).toHaveBeenCalledWith(wish(3), expect.objectContaining({ name: "KernelError" }));
  });

  it("answered with another frame fail", async () => {
    loader.want(wish(3));
    const result = { index: 4, dtype: "|u1", shape: [2, 2] };
    model.receive({ kind: "response", view: "a1", id: 1, ok: true, result }, [
      new DataView(new ArrayBuffer(4)),
    ]);
    await vi.advanceTimersByTimeAsync(0);
    expect(onError).toHaveBeenCalledOnce();
    expect(onFrame).not.toHaveBeenCalled();
  });
});

describe("prefetching", () => {
  it("follows the direction of travel once all is quiet", async () => {
    loader.want(wish(50));
    await answer(50);
    loader.want(wish(49));
    await answer(49);
    await vi.advanceTimersByTimeAsync(1000);
    expect(indices()).toEqual([50, 49, 48]);
    await answer(48);
    await vi.advanceTimersByTimeAsync(1000);
    expect(indices().at(-1)).toBe(47);
  });

  it("stays inside the movie and comes to an end", async () => {
    build(3);
    loader.want(wish(1));
    for (const index of [1, 2, 0]) {
      await answer(index);
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(indices()).toEqual([1, 2, 0]);
  });

  it("gives up on a frame that can't be read, silently", async () => {
    build(3);
    loader.want(wish(1));
    await answer(1);
    await vi.advanceTimersByTimeAsync(1000);
    await refuse(2, "chunk");
    await vi.advanceTimersByTimeAsync(1000);
    expect(indices()).toEqual([1, 2, 0]);
    expect(onError).not.toHaveBeenCalled();
  });

  it("rests while a stream runs", async () => {
    loader.want(wish(1));
    loader.pause();
    await answer(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(indices()).toEqual([1]);
  });
});
