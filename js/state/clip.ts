/** A span of the movie as a file, made by the kernel as the page shows it. */

import { type Signal, signal } from "@preact/signals-core";
import { readBytes } from "../protocol/buffers.ts";
import { isAborted } from "../protocol/client.ts";
import type { ClipFormat, ClipParams, Failure } from "../protocol/messages.ts";
import { describeFailure } from "./failure.ts";
import { paramsOfSlice } from "./movie.ts";
import type { ScrubberSession } from "./session.ts";

export interface ClipWish {
  /** First and last frame. */
  readonly from: number;
  readonly to: number;
  readonly fps: number;
  readonly format: ClipFormat;
  readonly scale: number;
}

export type ClipState =
  | { readonly step: "idle" }
  | { readonly step: "making"; readonly done: number; readonly total: number }
  | { readonly step: "ready"; readonly name: string; readonly size: number; readonly blob: Blob }
  | { readonly step: "failed"; readonly failure: Failure };

export class ClipMaker {
  readonly state: Signal<ClipState> = signal({ step: "idle" });
  readonly #session: ScrubberSession;
  #abort = new AbortController();

  constructor(session: ScrubberSession) {
    this.#session = session;
  }

  async make(wish: ClipWish): Promise<void> {
    const params = this.#build(wish);
    if (!params) return;
    this.cancel();
    this.#abort = new AbortController();
    this.state.value = { step: "making", done: 0, total: wish.to - wish.from };
    const onProgress = (done: number, total: number) => {
      this.state.value = { step: "making", done, total };
    };
    try {
      const answer = await this.#session.request("clip", params, { signal: this.#abort.signal, onProgress });
      const { name, mime, size } = answer.result;
      const bytes = answer.buffers.map(readBytes);
      this.state.value = { step: "ready", name, size, blob: new Blob(bytes, { type: mime }) };
    } catch (error) {
      if (!isAborted(error)) this.state.value = { step: "failed", failure: describeFailure(error) };
    }
  }

  cancel(): void {
    this.#abort.abort();
    this.state.value = { step: "idle" };
  }

  #build({ from, to, fps, format, scale }: ClipWish): ClipParams | null {
    const shown = this.#session.shown.peek();
    if (!shown) return null;
    const { channel, at } = paramsOfSlice(shown.slice);
    return {
      ...(channel === undefined ? {} : { channel }),
      ...(at === undefined ? {} : { at }),
      from: Math.min(from, to),
      to: Math.max(from, to) + 1,
      fps,
      format,
      limits: shown.limits,
      gamma: shown.gamma,
      colormap: shown.colormap,
      unit: shown.scale.unit,
      scale,
    };
  }
}
