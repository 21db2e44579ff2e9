/**
 * The rows of a query: those near to what is in sight, and the condition that was typed.
 *
 * A table may be longer than a page has room for, so pages of rows that are far away are dropped and asked for
 * again when they come near.
 */

import { batch, type Signal, signal } from "@preact/signals-core";
import type { RowInfo } from "../protocol/browsing.ts";
import { type Client, isAborted } from "../protocol/client.ts";
import type { Failure } from "../protocol/messages.ts";
import { describeFailure } from "./failure.ts";

export const PAGE = 100;
/** Pages of rows that are kept, those nearest to what is in sight. */
export const MAX_PAGES = 20;

export interface Span {
  readonly first: number;
  /** One past the last. */
  readonly end: number;
}

export class RowPages {
  readonly condition = signal("");
  readonly step = signal<"loading" | "ready" | "failed">("loading");
  readonly failure = signal<Failure | null>(null);
  /** Rows that are known to be there. */
  readonly count = signal(0);
  /** False until the last row has come. */
  readonly isAll = signal(false);
  /** The pages at hand, by their number. */
  readonly pages: Signal<ReadonlyMap<number, readonly RowInfo[]>> = signal(new Map());
  readonly #client: Client;
  #wanted: Span = { first: 0, end: PAGE };
  #failed = { page: 0, anew: true };
  #abort = new AbortController();

  constructor(client: Client) {
    this.#client = client;
  }

  /** Asks anew, for the rows that fit a condition. */
  restrict(condition: string): Promise<void> {
    this.#abort.abort();
    this.#abort = new AbortController();
    batch(() => {
      this.condition.value = condition;
      this.step.value = "ready";
    });
    this.#wanted = { first: 0, end: PAGE };
    return this.#load(0, true);
  }

  /** The row at a place; undefined while it is not at hand. */
  at(index: number): RowInfo | undefined {
    return this.pages.peek().get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** Tells which rows are in sight: what of them is missing is asked for. */
  async show(wanted: Span): Promise<void> {
    this.#wanted = wanted;
    if (this.step.peek() === "loading") return;
    const missing = this.#missing();
    if (missing !== null) await this.#load(missing);
  }

  /** Asks again for what could not be had. */
  async retry(): Promise<void> {
    const { page, anew } = this.#failed;
    if (this.step.peek() === "failed") await this.#load(page, anew);
  }

  /** The rows of a span, also those that are not at hand. */
  async read({ first, end }: Span): Promise<readonly RowInfo[]> {
    const found: RowInfo[] = [];
    for (let page = Math.floor(first / PAGE); page * PAGE < end; page++) {
      const rows = this.pages.peek().get(page) ?? (await this.#ask(page)).rows;
      found.push(...rows.slice(Math.max(0, first - page * PAGE), end - page * PAGE));
    }
    return found;
  }

  dispose(): void {
    this.#abort.abort();
  }

  /** The first page in sight that is not at hand, or the one after all that is known. */
  #missing(): number | null {
    const { first, end } = this.#wanted;
    const count = this.count.peek();
    const last = this.isAll.peek() ? Math.min(end, count) : end;
    for (let page = Math.floor(first / PAGE); page * PAGE < last; page++)
      if (!this.pages.peek().has(page)) return page;
    return null;
  }

  async #ask(page: number): Promise<{ rows: readonly RowInfo[]; hasMore: boolean }> {
    const condition = this.condition.peek();
    const { result } = await this.#client.request(
      "rows",
      {
        ...(page > 0 ? { cursor: String(page * PAGE) } : {}),
        limit: PAGE,
        ...(condition ? { condition } : {}),
      },
      { signal: this.#abort.signal },
    );
    return { rows: result.rows, hasMore: result.next !== null };
  }

  async #load(page: number, anew = false): Promise<void> {
    this.step.value = "loading";
    try {
      const { rows, hasMore } = await this.#ask(page);
      batch(() => {
        this.#take(page, { rows, hasMore, anew });
        this.failure.value = null;
        this.step.value = "ready";
      });
    } catch (error) {
      if (isAborted(error)) return;
      this.#failed = { page, anew };
      batch(() => {
        this.failure.value = describeFailure(error);
        this.step.value = "failed";
      });
      return;
    }
    await this.show(this.#wanted);
  }

  #take(
    page: number,
    { rows, hasMore, anew }: { rows: readonly RowInfo[]; hasMore: boolean; anew: boolean },
  ): void {
    const kept = new Map(anew ? [] : this.pages.peek());
    const end = page * PAGE + rows.length;
    if (!hasMore) {
      this.count.value = end;
      this.isAll.value = true;
    } else if (anew || end > this.count.peek()) {
      this.count.value = end;
      this.isAll.value = false;
    }
    kept.set(page, rows);
    const middle = (this.#wanted.first + this.#wanted.end) / 2 / PAGE - 0.5;
    const far = [...kept.keys()].sort((a, b) => Math.abs(b - middle) - Math.abs(a - middle));
    for (const other of far.slice(0, Math.max(0, kept.size - MAX_PAGES))) kept.delete(other);
    this.pages.value = kept;
  }
}
