/**
 * A kernel in the page: answers the protocol for one movie and one folder.
 *
 *     const model = new FakeModel();
 *     const kernel = new FakeKernel(model, { movie: buildFakeMovie() });
 *
 * Answers come a moment later, never inside `send`, as from a real one.
 */

import type { BrowsingMethods } from "../protocol/browsing.ts";
import type {
  Entry,
  Failure,
  Method,
  Methods,
  PreviewResult,
  RegionShape,
  ToKernel,
} from "../protocol/messages.ts";
import type { SetupMethods } from "../protocol/setup.ts";
import {
  type Answer,
  answerClip,
  answerFrame,
  answerMasks,
  answerProjection,
  answerSeries,
  answerTrace,
} from "./fake-frames.ts";
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
  /** Frames before this one were told to be missing. */
  missing: number;
  credit: number;
  timer: ReturnType<typeof setInterval>;
}

/** How much longer than a frame the work on a whole movie takes. */
const LONGER = 10;

export class FakeKernel {
  /** Errors by `method` or by `frame/17`; remove one to mend it. */
  readonly failures = new Map<string, Failure>();
  /** True: nothing is answered. */
  silent = false;
  delay: number;
  /** Answers what this kernel itself does not. */
  answers: ((method: Method, params: unknown) => Answer | undefined) | undefined;
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
    if (message.kind === "request") this.#schedule(message);
    else if (message.kind === "cancel") this.#cancelled.add(`${message.view}/${message.id}`);
    else if (message.kind === "play") this.#play(message);
    else this.#control(message);
  }

  /** Long work tells how far it is, half-way. */
  #schedule(request: Request): void {
    const { view, id, method } = request;
    const isLong = method === "project" || method === "trace" || method === "clip";
    if (!isLong) return void setTimeout(() => this.#answer(request), this.delay);
    const tell = () => {
      if (this.#cancelled.has(`${view}/${id}`)) return;
      this.#model.receive({ kind: "progress", view, id, done: 50, total: 100, note: "reading frames" });
    };
    setTimeout(tell, this.delay);
    setTimeout(() => this.#answer(request), this.delay * LONGER);
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

  #handle({ method, params }: Request): Answer {
    const movie = this.#movie;
    const nothing: Answer = { result: undefined, buffers: [] };
    const ofMovie = (act: (movie: FakeMovie) => Answer) => (movie ? act(movie) : nothing);
    const given = <M extends Method>(_: M) => params as Methods[M]["params"];
    const handlers: Record<Exclude<Method, keyof SetupMethods | keyof BrowsingMethods>, () => Answer> = {
      describe: () => ({ result: movie?.facts, buffers: movie?.buffers ?? [] }),
      frame: () => ofMovie((one) => answerFrame(one, given("frame"))),
      profile: () => this.#profile(),
      project: () => ofMovie((one) => answerProjection(one, given("project").kind, given("project"))),
      masks: () => ofMovie(answerMasks),
      trace: () => ofMovie((one) => answerTrace(one, this.#region(given("trace").roi), given("trace"))),
      series: () => ofMovie(answerSeries),
      clip: () => answerClip(given("clip").format),
      code: () => ({ result: { line: "djo.scrub(raw, events=licks)" }, buffers: [] }),
      list: () => this.#list(given("list")),
      preview: () => {
        const node = this.#nodes.get(given("preview").node);
        return { result: node?.preview, buffers: node?.buffer ? [node.buffer] : [] };
      },
      open: () => ({ result: { target: "t1" }, buffers: [] }),
      door: () => nothing,
    };
    if (method in handlers) return handlers[method as keyof typeof handlers]();
    const about = { kind: "object", title: "files", columns: [], folder: "/home/me/downloads" };
    const own = this.answers?.(method, params);
    return own ?? (method === "about" ? { result: about, buffers: [] } : nothing);
  }

  #region(roi: Methods["trace"]["params"]["roi"]): RegionShape {
    return roi.kind === "mask" ? { kind: "polygon", points: this.#movie?.masks[roi.mask] ?? [] } : roi;
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
      missing: 0,
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
    const lost = this.failures.get("play");
    if (lost) return this.#end(key, { reason: "error", error: lost });
    const failure = this.failures.get(`frame/${stream.index}`);
    if (failure) {
      if (stream.missing <= stream.index) this.#tellMissing(stream, failure);
      return this.#advance(key, stream);
    }
    const { result, buffers } = answerFrame(movie, { ...stream.play, index: stream.index });
    const message = { kind: "frame", view, stream: number, ...(result as object) };
    this.#model.receive(message, buffers);
    stream.credit--;
    this.#advance(key, stream);
  }

  /** Tells once of a run of frames that fail. */
  #tellMissing(stream: RunningStream, error: Failure): void {
    stream.missing = stream.index;
    while (this.failures.has(`frame/${stream.missing}`)) stream.missing++;
    const data = { stream: stream.play.stream, from: stream.index, to: stream.missing, error };
    this.#model.receive({ kind: "event", view: stream.play.view, name: "unavailable", data });
  }

  #advance(key: string, stream: RunningStream): void {
    stream.index++;
    if (stream.index < (this.#movie?.facts.frames ?? 0)) return;
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
