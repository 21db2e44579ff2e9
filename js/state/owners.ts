/** Whose the entries on show are: asked of the kernel as they come into sight, and kept until read again. */

import { batch, type Signal, signal } from "@preact/signals-core";
import { type Client, isAborted } from "../protocol/client.ts";
import type { Failure } from "../protocol/messages.ts";
import type { Owner } from "../protocol/owning.ts";
import { describeFailure } from "./failure.ts";

/** Entries that are asked about at once. */
const AT_ONCE = 200;

export class Owners {
  readonly known: Signal<ReadonlyMap<string, Owner>> = signal(new Map());
  readonly reading = signal(false);
  readonly failure: Signal<Failure | null> = signal(null);
  readonly #client: Client;
  /** Ids of what is in sight, and of what is looked at in the preview. */
  #wanted: readonly string[] = [];
  #looked = "";
  #anew = false;
  #abort = new AbortController();

  constructor(client: Client) {
    this.#client = client;
  }

  /** Says what is in sight now; what was is asked about no further. */
  show(ids: readonly string[]): void {
    this.#wanted = ids;
    void this.#ask();
  }

  /** Says what is looked at, which may be out of sight. */
  look(id: string): void {
    this.#looked = id;
    void this.#ask();
  }

  /** Forgets what is known, and asks about what is in sight of the database as it is now. */
  readAgain(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#anew = true;
    batch(() => {
      this.reading.value = false;
      this.failure.value = null;
      this.known.value = new Map();
    });
    void this.#ask();
  }

  dispose(): void {
    this.#abort.abort();
  }

  async #ask(): Promise<void> {
    if (this.reading.peek() || this.failure.peek()) return;
    const known = this.known.peek();
    const wanted = this.#looked === "" ? this.#wanted : [this.#looked, ...this.#wanted];
    const nodes = [...new Set(wanted)].filter((id) => !known.has(id)).slice(0, AT_ONCE);
    if (nodes.length === 0) return;
    const { signal: aborted } = this.#abort;
    const anew = this.#anew ? { anew: true } : {};
    this.#anew = false;
    this.reading.value = true;
    try {
      const { result } = await this.#client.request("owners", { nodes, ...anew }, { signal: aborted });
      const next = new Map(this.known.peek());
      for (const [i, owner] of result.owners.entries()) next.set(nodes[i] as string, owner);
      this.known.value = next;
    } catch (error) {
      if (isAborted(error)) return;
      this.failure.value = describeFailure(error);
    }
    this.reading.value = false;
    void this.#ask();
  }
}
