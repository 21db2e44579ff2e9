/** The rows of a query: pages as they come, and the condition that was typed. */

import { batch, type Signal, signal } from "@preact/signals-core";
import type { RowInfo } from "../protocol/browsing.ts";
import { type Client, isAborted } from "../protocol/client.ts";
import type { Failure } from "../protocol/messages.ts";
import { describeFailure } from "./failure.ts";

const PAGE = 100;

export class RowPages {
  readonly rows: Signal<readonly RowInfo[]> = signal([]);
  readonly condition = signal("");
  readonly step = signal<"loading" | "ready" | "failed">("loading");
  readonly failure = signal<Failure | null>(null);
  /** Where the next page begins; null when all have come. */
  readonly next = signal<string | null>(null);
  readonly #client: Client;
  #abort = new AbortController();

  constructor(client: Client) {
    this.#client = client;
  }

  /** Asks anew, for the rows that fit a condition. */
  restrict(condition: string): Promise<void> {
    this.condition.value = condition;
    this.#abort.abort();
    this.#abort = new AbortController();
    return this.#load(null);
  }

  /** Asks for the next page, where there is one. */
  async more(): Promise<void> {
    const { value: next } = this.next;
    if (next !== null && this.step.value === "ready") await this.#load(next);
  }

  dispose(): void {
    this.#abort.abort();
  }

  async #load(cursor: string | null): Promise<void> {
    const { signal: aborted } = this.#abort;
    this.step.value = "loading";
    const where = cursor === null ? {} : { cursor };
    const condition = this.condition.peek();
    try {
      const { result } = await this.#client.request(
        "rows",
        { ...where, limit: PAGE, ...(condition ? { condition } : {}) },
        { signal: aborted },
      );
      batch(() => {
        this.rows.value = cursor === null ? result.rows : [...this.rows.peek(), ...result.rows];
        this.next.value = result.next;
        this.failure.value = null;
        this.step.value = "ready";
      });
    } catch (error) {
      if (isAborted(error)) return;
      batch(() => {
        this.failure.value = describeFailure(error);
        this.step.value = "failed";
      });
    }
  }
}
