/** The rows of a query that are selected, by their ids, as a file manager selects: alone, with Ctrl, with Shift. */

import { type Signal, signal } from "@preact/signals-core";
import { isAborted } from "../protocol/client.ts";
import type { RowPages } from "./rows.ts";

/** As many as the kernel takes home at once. */
export const MAX_ROWS = 1000;

export class RowSelection {
  readonly ids: Signal<ReadonlySet<string>> = signal(new Set());
  /** The row that keys start from; -1 before any was chosen. */
  readonly active = signal(-1);
  /** True when more rows were asked for than are taken. */
  readonly isCut = signal(false);
  readonly #pages: RowPages;
  #anchor = -1;
  #turn = 0;

  constructor(pages: RowPages) {
    this.#pages = pages;
  }

  clear(): void {
    this.#take([], false);
    this.#anchor = -1;
  }

  /** Moves without a change of what is selected. */
  move(index: number): void {
    this.active.value = index;
  }

  only(index: number): void {
    this.active.value = index;
    this.#anchor = index;
    const row = this.#pages.at(index);
    this.#take(row ? [row.id] : [], false);
  }

  /** Adds a row, or takes it out. */
  toggle(index: number): void {
    this.active.value = index;
    this.#anchor = index;
    const row = this.#pages.at(index);
    if (!row) return;
    const now = [...this.ids.peek()];
    const next = now.includes(row.id) ? now.filter((id) => id !== row.id) : [...now, row.id];
    this.#take(next.slice(0, MAX_ROWS), next.length > MAX_ROWS);
  }

  /** Selects all rows from where the selection began, which for a long way have to be asked for. */
  async to(index: number): Promise<void> {
    this.active.value = index;
    if (this.#anchor < 0) this.#anchor = index;
    await this.#span(this.#anchor, index);
  }

  /** Selects all rows that are known. */
  async all(): Promise<void> {
    if (this.#pages.count.peek() > 0) await this.#span(0, this.#pages.count.peek() - 1);
  }

  /** The rows between two, of too many those nearest to the first of them. */
  async #span(from: number, to: number): Promise<void> {
    const turn = ++this.#turn;
    const isCut = Math.abs(to - from) >= MAX_ROWS;
    const far = isCut ? from + Math.sign(to - from) * (MAX_ROWS - 1) : to;
    try {
      const rows = await this.#pages.read({ first: Math.min(from, far), end: Math.max(from, far) + 1 });
      if (turn === this.#turn)
        this.#take(
          rows.map(({ id }) => id),
          isCut,
        );
    } catch (error) {
      // the grid tells of rows that can't be read
      if (!isAborted(error)) await this.#pages.show({ first: far, end: far + 1 });
    }
  }

  #take(ids: readonly string[], isCut: boolean): void {
    this.#turn++;
    this.isCut.value = isCut;
    this.ids.value = new Set(ids);
  }
}
