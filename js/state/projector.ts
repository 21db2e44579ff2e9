/** Gets the projection that is asked for, one at a time, and keeps those it has got. */

import { effect, untracked } from "@preact/signals-core";
import { readCodes } from "../protocol/buffers.ts";
import { ProtocolError } from "../protocol/check.ts";
import { isAborted } from "../protocol/client.ts";
import type { Projection, ProjectResult } from "../protocol/messages.ts";
import { describeFailure } from "./failure.ts";
import { type Frame, type Movie, paramsOfSlice, type Slice } from "./movie.ts";
import type { Projected } from "./picture.ts";
import type { ScrubberSession } from "./session.ts";

function parseProjection(movie: Movie, facts: ProjectResult, slice: Slice, buffer?: DataView): Frame {
  const [height, width] = facts.shape;
  if (height !== movie.height || width !== movie.width)
    throw new ProtocolError(
      `projection must be ${movie.height} x ${movie.width}, got ${facts.shape.join(" x ")}`,
    );
  const codes = readCodes(buffer, facts.dtype, height * width);
  return { index: -1, slice, dtype: facts.dtype, height, width, codes };
}

export class Projector {
  readonly #session: ScrubberSession;
  readonly #kept = new Map<string, Projected>();
  readonly #stop: () => void;
  #key = "";
  #abort = new AbortController();

  constructor(session: ScrubberSession) {
    this.#session = session;
    this.#stop = effect(() => {
      const [shown, movie] = [session.shown.value, session.movie.value];
      if (!shown || !movie) return;
      const slice: Slice = { channel: shown.channel, at: shown.at, step: 1, mean: 1 };
      const kind = shown.projection;
      untracked(() => this.#follow(movie, kind, slice));
    });
  }

  /** Gives up the one under way: the frame shows again. */
  cancel(): void {
    this.#session.settings.projection.value = "";
  }

  dispose(): void {
    this.#stop();
    this.#abort.abort();
    this.#session.picture.projection.value = null;
  }

  #follow(movie: Movie, kind: "" | Projection, slice: Slice): void {
    const key = kind && `${kind}/${slice.channel}/${slice.at.join()}`;
    if (key === this.#key) return;
    this.#key = key;
    this.#abort.abort();
    const kept = this.#kept.get(key);
    if (kind === "" || kept) this.#tell(kept ?? null);
    else void this.#ask(movie, kind, slice, key);
  }

  #tell(projection: Projected | null): void {
    this.#session.picture.projection.value = projection;
  }

  async #ask(movie: Movie, kind: Projection, slice: Slice, key: string): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    const begun: Projected = { kind, state: "loading", done: 0, total: 0, frame: null, failure: null };
    this.#tell(begun);
    const onProgress = (done: number, total: number) => this.#tell({ ...begun, done, total });
    try {
      const options = { signal: abort.signal, onProgress };
      const { result, buffers } = await this.#session.request(
        "project",
        { kind, ...paramsOfSlice(slice) },
        options,
      );
      const frame = parseProjection(movie, result, slice, buffers[0]);
      const ready: Projected = { ...begun, state: "ready", done: result.frames, total: result.frames, frame };
      this.#kept.set(key, ready);
      this.#tell(ready);
    } catch (error) {
      if (isAborted(error) || abort.signal.aborted) return;
      this.#tell({ ...begun, state: "failed", failure: describeFailure(error) });
    }
  }
}
