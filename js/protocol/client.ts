/**
 * One view's side of the conversation: requests with answers, streams, events.
 *
 *     const client = new Client(channel);
 *     const { result, buffers } = await client.request("frame", { index: 17 });
 *     client.dispose();
 */

import { buildCancel, buildCredit, buildPlay, buildRequest, buildStop } from "./build.ts";
import type { Channel } from "./channel.ts";
import { integer, ProtocolError } from "./check.ts";
import { type Door, findProxy, openDoor } from "./door.ts";
import { InOrder } from "./in-order.ts";
import { Link } from "./link.ts";
import {
  type Encoding,
  type Failure,
  type FrameResult,
  type Method,
  type Methods,
  type PlayOptions,
  PROTOCOL,
  type StreamEnd,
  type StreamFrame,
  type ToBrowser,
  type ToKernel,
} from "./messages.ts";
import { parseFailure, parseMessage } from "./parse.ts";
import { parseResult } from "./results.ts";
import { canUnpack, unpackFrame } from "./unpack.ts";

/** The kernel answered a request with an error. */
export class KernelError extends Error {
  override readonly name = "KernelError";
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

export interface Answer<M extends Method> {
  readonly result: Methods[M]["result"];
  readonly buffers: readonly DataView[];
}

export interface RequestOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number, note: string) => void;
}

interface Waiting {
  readonly method: Method;
  readonly onProgress: RequestOptions["onProgress"];
  resolve(result: unknown, buffers: readonly DataView[]): void;
  reject(error: Error): void;
}

export interface StreamHandlers {
  onFrame(frame: StreamFrame, buffers: readonly DataView[]): void;
  /** Frames `from` up to but not including `to` can't be read; the stream goes on behind them. */
  onUnavailable(from: number, to: number, failure: Failure): void;
  onEnd(end: StreamEnd): void;
}

export interface Stream {
  credit(n: number): void;
  stop(): void;
}

export type EventHandler = (name: string, data: Record<string, unknown>) => void;

function randomView(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

function aborted(): Error {
  return new DOMException("The request was cancelled.", "AbortError");
}

/** What an `AbortSignal` throws, recognised by its name. */
export function isAborted(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

export class Client {
  readonly view: string;
  readonly #channel: Channel;
  readonly #stopListening: () => void;
  readonly #waiting = new Map<number, Waiting>();
  readonly #streams = new Map<number, StreamHandlers & { readonly arrivals: InOrder }>();
  /** The stream that each `play` asked for; a refused one is answered by its id. */
  readonly #plays = new Map<number, number>();
  readonly #events = new Set<EventHandler>();
  readonly #endings = new Set<() => void>();
  readonly #link = new Link();
  readonly #now: () => number;
  #door: Door | null = null;
  #isDoorSought = false;
  #nextId = 1;
  #nextStream = 1;

  constructor(channel: Channel, view: string = randomView(), now = () => performance.now()) {
    this.view = view;
    this.#now = now;
    this.#channel = channel;
    this.#stopListening = channel.listen((message, buffers) => this.#receive(message, buffers));
  }

  request<M extends Method>(
    method: M,
    params: Methods[M]["params"],
    { signal, onProgress }: RequestOptions = {},
  ): Promise<Answer<M>> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const abort = () => this.#cancel(id);
      const settle = () => {
        this.#waiting.delete(id);
        signal?.removeEventListener("abort", abort);
      };
      this.#waiting.set(id, {
        method,
        onProgress,
        resolve: (result, buffers) => {
          settle();
          resolve({ result: result as Methods[M]["result"], buffers });
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      if (signal?.aborted) return this.#waiting.get(id)?.reject(aborted());
      signal?.addEventListener("abort", abort);
      const packed = method === "frame" && this.#encoding === "deflate" ? { encoding: this.#encoding } : {};
      this.#send(id, buildRequest(this.view, id, method, { ...params, ...packed }), method);
    });
  }

  play(options: Omit<PlayOptions, "stream">, handlers: StreamHandlers): Stream {
    const stream = this.#nextStream++;
    const id = this.#nextId++;
    this.#streams.set(stream, { ...handlers, arrivals: new InOrder() });
    this.#plays.set(id, stream);
    let encoding: Encoding = "raw";
    const change = () => {
      const changed = this.#encoding !== encoding;
      encoding = this.#encoding;
      return changed ? { encoding } : {};
    };
    this.#channel.send(buildPlay(this.view, id, { stream, ...options, ...change() }));
    return {
      credit: (n) => {
        if (this.#streams.has(stream))
          this.#channel.send(buildCredit(this.view, stream, n, change().encoding));
      },
      stop: () => {
        this.#plays.delete(id);
        if (this.#streams.delete(stream)) this.#channel.send(buildStop(this.view, stream));
      },
    };
  }

  /** Calls `action` when the kernel may be gone. Returns the function that ends it. */
  onDoubt(action: () => void): () => void {
    const stop = this.#channel.onDoubt(action);
    this.#endings.add(stop);
    return () => {
      this.#endings.delete(stop);
      stop();
    };
  }

  /** Hears events for this view and for all views. Returns the function that ends it. */
  onEvent(handler: EventHandler): () => void {
    this.#events.add(handler);
    return () => this.#events.delete(handler);
  }

  dispose(): void {
    for (const stream of this.#streams.keys()) this.#channel.send(buildStop(this.view, stream));
    this.#streams.clear();
    this.#plays.clear();
    for (const id of [...this.#waiting.keys()]) this.#cancel(id);
    this.#events.clear();
    for (const end of this.#endings) end();
    this.#endings.clear();
    this.#stopListening();
  }

  /** Frames are asked for through the kernel's door where there is one. */
  #send(id: number, message: ToKernel, method: Method): void {
    if (method !== "frame" || !this.#door) return this.#channel.send(message);
    this.#door.ask(message).then(
      (told) => this.#receive(told.message, told.buffers),
      () => {
        this.#door = null;
        if (this.#waiting.has(id)) this.#channel.send(message);
      },
    );
  }

  async #seekDoor(): Promise<void> {
    if (this.#isDoorSought) return;
    this.#isDoorSought = true;
    const base = findProxy(document);
    if (base === null) return;
    try {
      this.#door = await openDoor(base, (await this.request("door", {})).result);
    } catch {
      // frames go on coming as they have come
    }
  }

  #cancel(id: number): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#channel.send(buildCancel(this.view, id));
    waiting.reject(aborted());
  }

  /** How frames are to travel: packed where the line is slower than the packing. */
  get #encoding(): Encoding {
    return this.#link.isSlow && canUnpack() ? "deflate" : "raw";
  }

  /** The buffers of a frame, at once where they came raw. */
  #unpack(
    frame: FrameResult,
    buffers: readonly DataView[],
  ): readonly DataView[] | Promise<readonly DataView[]> {
    if (frame.encoding === "raw") return buffers;
    const begun = this.#now();
    return unpackFrame(frame, buffers[0]).then((codes) => {
      this.#link.noteUnpacked(codes.byteLength, this.#now() - begun);
      return [codes];
    });
  }

  #receive(raw: unknown, buffers: readonly DataView[]): void {
    const { view, sent } = (raw ?? {}) as { view?: unknown; sent?: unknown };
    if (typeof sent === "number") {
      const bytes = buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
      this.#link.note({ sent, bytes }, this.#now());
    }
    if (view !== this.view && view !== "*") return;
    let message: ToBrowser;
    try {
      message = parseMessage(raw);
    } catch (error) {
      if (error instanceof ProtocolError) return this.#receiveBroken(raw, error);
      throw error;
    }
    this.#dispatch(message, buffers);
  }

  /** A message that can't be read still settles the request that it names. */
  #receiveBroken(raw: unknown, error: ProtocolError): void {
    const { id } = raw as { id?: unknown };
    if (typeof id === "number") this.#waiting.get(id)?.reject(error);
    else console.warn("dj-objectstore: a message was ignored:", error.message);
  }

  #dispatch(message: ToBrowser, buffers: readonly DataView[]): void {
    switch (message.kind) {
      case "response":
        return this.#answer(message, buffers);
      case "progress":
        return this.#waiting.get(message.id)?.onProgress?.(message.done, message.total, message.note);
      case "frame":
        return this.#pass(message, buffers);
      case "end":
        return this.#streams.get(message.stream)?.arrivals.add(message, (end) => this.#end(end));
      case "event":
        if (message.name === "unavailable") return this.#tellUnavailable(message.data);
        for (const handler of [...this.#events]) handler(message.name, message.data);
    }
  }

  #pass(message: StreamFrame, buffers: readonly DataView[]): void {
    const { stream } = message;
    this.#streams.get(stream)?.arrivals.add(
      this.#unpack(message, buffers),
      (unpacked) => this.#streams.get(stream)?.onFrame(message, unpacked),
      (error) => {
        if (!this.#streams.has(stream)) return;
        this.#channel.send(buildStop(this.view, stream));
        const failure = { code: "protocol", message: (error as Error).message, hint: "" };
        this.#end({ kind: "end", view: this.view, stream, reason: "error", error: failure });
      },
    );
  }

  #end(end: StreamEnd): void {
    const handlers = this.#streams.get(end.stream);
    this.#streams.delete(end.stream);
    handlers?.onEnd(end);
  }

  #tellUnavailable(data: Record<string, unknown>): void {
    const stream = integer(data, "stream");
    const [from, to] = [integer(data, "from"), integer(data, "to")];
    this.#streams.get(stream)?.arrivals.add(parseFailure(data.error), (failure) => {
      this.#streams.get(stream)?.onUnavailable(from, to, failure);
    });
  }

  #answer(message: Extract<ToBrowser, { kind: "response" }>, buffers: readonly DataView[]): void {
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return this.#answerPlay(message);
    if (message.protocol !== undefined && message.protocol !== PROTOCOL)
      return waiting.reject(
        new ProtocolError(
          `The kernel speaks version ${message.protocol} of the protocol, this page ${PROTOCOL}.`,
        ),
      );
    if (!message.ok) return waiting.reject(new KernelError(message.error));
    try {
      const result = parseResult(waiting.method, message.result);
      if (waiting.method === "frame") void this.#seekDoor();
      const unpacked = waiting.method === "frame" ? this.#unpack(result as FrameResult, buffers) : buffers;
      if (unpacked instanceof Promise)
        unpacked.then((codes) => waiting.resolve(result, codes), waiting.reject);
      else waiting.resolve(result, unpacked);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      waiting.reject(error);
    }
  }

  #answerPlay(message: Extract<ToBrowser, { kind: "response" }>): void {
    const stream = this.#plays.get(message.id);
    this.#plays.delete(message.id);
    if (stream === undefined || message.ok) return;
    this.#end({ kind: "end", view: this.view, stream, reason: "error", error: message.error });
  }
}
