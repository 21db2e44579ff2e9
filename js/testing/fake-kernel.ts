/**
 * A kernel in the page: answers the protocol for one movie and one folder.
 *
 *     const model = new FakeModel();
 *     const kernel = new FakeKernel(model, { movie: buildFakeMovie() });
 *
 * Answers come a moment later, never inside `send`, as from a real one.
 */

import type { Entry, Failure, Method, PreviewResult, ToKernel } from "../protocol/messages.ts";
import type { FakeModel } from "./fake-model.ts";
import type { FakeMovie } from "./fake-movie.ts";

type Request = Extract<ToKernel, { kind: "request" }>;
type Play = Extract<ToKernel, { kind: "play" }>;

export interface FakeNode {
  readonly entry: Entry;
  readonly preview: PreviewResult;
  readonly buffer?: DataView;
  readonly children?: readonly FakeNode[];
}

export interface FakeKernelOptions {
  readonly movie?: FakeMovie;
  readonly root?: FakeNode;
  /** Milliseconds before each answer. */
  readonly delay?: number;
}

interface RunningStream {
  readonly play: Play;
  index: number;
  credit: number;
  timer: ReturnType<typeof setInterval>;
}

export class FakeKernel {
  /** Errors by `method` or by `frame/17`; remove one to mend it. */
  readonly failures = new Map<string, Failure>();
  /** True: nothing is answered. */
  silent = false;
  delay: number;
  readonly #model: FakeModel;
  readonly #movie: FakeMovie | undefined;
  readonly #nodes = new Map<string, FakeNode>();
  readonly #streams = new Map<string, RunningStream>();
  readonly #cancelled = new Set<string>();
  #greeted = false;

  constructor(model: FakeModel, { movie, root, delay = 0 }: FakeKernelOptions) {
    this.#model = model;
    this.#movie = movie;
    this.delay = delay;
    if (root) this.#register(root, "");
    model.onSend = (message) => this.#receive(message as ToKernel);
  }

  get streams(): number {
    return this.#streams.size;
  }

  stop(): void {
    for (const { timer } of this.#streams.values()) clearInterval(timer);
    this.#streams.clear();
  }

  #register(node: FakeNode, id: string): void {
    this.#nodes.set(id, node);
    for (const child of node.children ?? []) this.#register(child, child.entry.id);
  }

  #receive(message: ToKernel): void {
    if (this.silent) return;
    if (message.kind === "request") setTimeout(() => this.#answer(message), this.delay);
    else if (message.kind === "cancel") this.#cancelled.add(`${message.view}/${message.id}`);
    else if (message.kind === "play") this.#play(message);
    else this.#control(message);
  }

  #answer(request: Request): void {
    const { view, id } = request;
    if (this.#cancelled.has(`${view}/${id}`)) return;
    const failure = this.failures.get(request.method) ?? this.#failureOfFrame(request);
    const base = { kind: "response", view, id, ...(this.#greeted ? {} : { protocol: 1 }) };
    this.#greeted = true;
    if (failure) return this.#model.receive({ ...base, ok: false, error: failure });
    const { result, buffers } = this.#handle(request);
    this.#model.receive({ ...base, ok: true, result }, buffers);
  }

  #failureOfFrame({ method, params }: Request): Failure | undefined {
    return method === "frame" ? this.failures.get(`frame/${(params as { index: number }).index}`) : undefined;
  }

  #handle(request: Request): { result: unknown; buffers: readonly DataView[] } {
    const handlers: Record<Method, () => { result: unknown; buffers: readonly DataView[] }> = {
      describe: () => ({ result: this.#movie?.facts, buffers: this.#movie?.buffers ?? [] }),
      frame: () => this.#frame(request.params as { index: number; channel?: number }),
      profile: () => this.#profile(),
      list: () => this.#list(request.params as { node: string; cursor?: string; limit?: number }),
      preview: () => {
        const node = this.#nodes.get((request.params as { node: string }).node);
        return { result: node?.preview, buffers: node?.buffer ? [node.buffer] : [] };
      },
      open: () => ({ result: { target: "t1" }, buffers: [] }),
    };
    return handlers[request.method]();
  }

  #frame({ index, channel = 0 }: { index: number; channel?: number }) {
    const facts = this.#movie?.facts;
    return {
      result: { index, dtype: "|u1", shape: [facts?.height, facts?.width] },
      buffers: this.#movie ? [this.#movie.frame(index, channel)] : [],
    };
  }

  #profile() {
    const frames = this.#movie?.facts.frames ?? 0;
    const indices = Array.from({ length: Math.min(frames, 300) }, (_, i) => i);
    const values = indices.map(
      (i) => 200 + 30 * Math.sin(i / 17) + 25 * Math.sin(i / 5) ** 8 + 6 * Math.sin(i * 7),
    );
    return { result: { indices, values }, buffers: [] };
  }

  #list({ node, cursor = "0", limit = 200 }: { node: string; cursor?: string; limit?: number }) {
    const children = this.#nodes.get(node)?.children ?? [];
    const from = Number(cursor);
    const end = Math.min(children.length, from + limit);
    const entries = children.slice(from, end).map(({ entry }) => entry);
    return {
      result: { entries, next: end < children.length ? String(end) : null, total: children.length },
      buffers: [],
    };
  }

  #play(play: Play): void {
    const key = `${play.view}/${play.stream}`;
    const stream = {
      play,
      index: play.from,
      credit: play.credit,
      timer: setInterval(() => this.#send(key), 1000 / play.fps),
    };
    this.#streams.set(key, stream);
  }

  #send(key: string): void {
    const stream = this.#streams.get(key);
    const movie = this.#movie;
    if (!stream || !movie || stream.credit === 0) return;
    const { view, stream: number } = stream.play;
    const failure = this.failures.get(`frame/${stream.index}`);
    if (failure) return this.#end(key, { reason: "error", error: failure });
    const { height, width, frames } = movie.facts;
    const message = {
      kind: "frame",
      view,
      stream: number,
      index: stream.index,
      dtype: "|u1",
      shape: [height, width],
    };
    stream.credit--;
    stream.index++;
    this.#model.receive(message, [movie.frame(stream.index - 1, 0)]);
    if (stream.index < frames) return;
    if (stream.play.loop) stream.index = 0;
    else this.#end(key, { reason: "end" });
  }

  #end(key: string, how: Record<string, unknown>): void {
    const stream = this.#streams.get(key);
    if (!stream) return;
    clearInterval(stream.timer);
    this.#streams.delete(key);
    this.#model.receive({ kind: "end", view: stream.play.view, stream: stream.play.stream, ...how });
  }

  #control(message: Extract<ToKernel, { kind: "credit" | "stop" }>): void {
    const key = `${message.view}/${message.stream}`;
    const stream = this.#streams.get(key);
    if (stream && message.kind === "credit") stream.credit += message.n;
    if (message.kind === "stop") this.#end(key, { reason: "stopped" });
  }
}
