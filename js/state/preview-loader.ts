/** The preview of the node that is selected; of answers that come late only the last counts. */

import { type Signal, signal } from "@preact/signals-core";
import { type Client, isAborted } from "../protocol/client.ts";
import type { Failure, PreviewResult } from "../protocol/messages.ts";
import { describeFailure } from "./failure.ts";

export interface Preview {
  readonly node: string;
  readonly facts: PreviewResult;
  /** Image or thumbnail, if it has one. */
  readonly buffer: DataView | null;
}

export type PreviewState =
  | { readonly step: "loading"; readonly node: string }
  | { readonly step: "ready"; readonly preview: Preview }
  | { readonly step: "failed"; readonly node: string; readonly failure: Failure };

export class PreviewLoader {
  readonly state: Signal<PreviewState> = signal({ step: "loading", node: "" });
  readonly #client: Client;
  #abort = new AbortController();

  constructor(client: Client) {
    this.#client = client;
  }

  async load(node: string): Promise<void> {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.state.value = { step: "loading", node };
    try {
      const { result, buffers } = await this.#client.request(
        "preview",
        { node },
        { signal: this.#abort.signal },
      );
      this.state.value = { step: "ready", preview: { node, facts: result, buffer: buffers[0] ?? null } };
    } catch (error) {
      if (!isAborted(error)) this.state.value = { step: "failed", node, failure: describeFailure(error) };
    }
  }

  dispose(): void {
    this.#abort.abort();
  }
}
