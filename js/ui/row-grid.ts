/** The rows of a query as a grid, of which only those in sight exist; the objects in it open below. */

import { type Signal, untracked } from "@preact/signals-core";
import type { ColumnInfo, ObjectInfo, RowInfo } from "../protocol/browsing.ts";
import { formatSize } from "../state/format.ts";
import type { RowSelection } from "../state/row-selection.ts";
import type { RowPages, Span } from "../state/rows.ts";
import { el } from "./dom.ts";
import { icon } from "./icons.ts";
import { takeRowKeys } from "./row-keys.ts";
import type { Scope } from "./scope.ts";

/** Of a row before the first one was laid out, in px. */
const ROW_HEIGHT = 24;
const MARGIN = 8;
/** Rows below those in sight that are asked for ahead. */
const AHEAD = 20;

let grids = 0;

export interface GridParts {
  readonly columns: readonly ColumnInfo[];
  readonly chosen: Signal<string>;
  readonly selection: RowSelection;
}

export class RowGrid {
  readonly node: HTMLElement;
  readonly table: HTMLTableElement;
  readonly pages: RowPages;
  readonly selection: RowSelection;
  readonly #columns: readonly ColumnInfo[];
  readonly #chosen: Signal<string>;
  readonly #heads: readonly HTMLElement[];
  readonly #body = el("tbody");
  readonly #prefix = `djo-rows-${grids++}-`;
  /** Columns of numbers, by the rows that came first; they end at the right. */
  #numeric: readonly boolean[] | null = null;
  #rowHeight = ROW_HEIGHT;
  /** Which object of the active row the keys are on. */
  #field = 0;

  constructor(pages: RowPages, { columns, chosen, selection }: GridParts, scope: Scope) {
    this.pages = pages;
    this.selection = selection;
    // texts first, as they come in a row
    this.#columns = [
      ...columns.filter(({ kind }) => kind !== "object"),
      ...columns.filter(({ kind }) => kind === "object"),
    ];
    this.#chosen = chosen;
    this.#heads = this.#columns.map(({ name, kind, codec }) =>
      el("th", { scope: "col", class: `djo-column-${kind}` }, codec ? `${name} <${codec}>` : name),
    );
    this.table = el(
      "table",
      { class: "djo-table", role: "grid", djo: "grid", tabindex: 0, "aria-label": "Rows" },
      el("thead", {}, el("tr", { "aria-rowindex": 1 }, ...this.#heads)),
      this.#body,
    );
    this.table.setAttribute("aria-multiselectable", "true");
    this.node = el("div", { class: "djo-row-grid-frame", djo: "rows" }, this.table);
    this.node.addEventListener("scroll", () => this.#draw());
    this.#body.addEventListener("click", (event) => this.#onClick(event));
    takeRowKeys(this, scope);
    scope.observeWidth(this.node, () => this.#draw());
    scope.effect(() => {
      pages.pages.value;
      chosen.value;
      selection.ids.value;
      selection.active.value;
      untracked(() => this.#draw());
    });
    scope.effect(() => {
      pages.condition.value;
      untracked(() => this.#begin());
    });
  }

  /** Rows that fit in sight. */
  get page(): number {
    return Math.max(1, Math.floor(this.node.clientHeight / this.#rowHeight) - 2);
  }

  /** Scrolls until a row is in sight, below the heads. */
  scrollTo(index: number): void {
    const top = index * this.#rowHeight;
    const { scrollTop, clientHeight } = this.node;
    if (top < scrollTop) this.node.scrollTop = top;
    else if (top + 2 * this.#rowHeight > scrollTop + clientHeight)
      this.node.scrollTop = top + 2 * this.#rowHeight - clientHeight;
    this.#draw();
  }

  /** Opens the object of the active row that the keys are on. */
  open(): void {
    const node = this.#objects()[this.#field]?.node;
    if (node) this.#chosen.value = node;
  }

  /** Moves the keys to another object of the active row. */
  moveField(by: 1 | -1): void {
    const count = this.#objects().length;
    this.#field = Math.min(Math.max(0, this.#field + by), Math.max(0, count - 1));
    this.#draw();
  }

  #objects(): readonly (ObjectInfo | null)[] {
    return this.pages.at(this.selection.active.peek())?.objects ?? [];
  }

  #begin(): void {
    this.#numeric = null;
    for (const head of this.#heads) head.style.minWidth = "";
    this.selection.clear();
    this.selection.active.value = -1;
    this.node.scrollTop = 0;
  }

  #onClick(event: MouseEvent): void {
    const target = event.target as Element;
    const row = target.closest<HTMLElement>("tr[data-index]");
    if (!row) return;
    const index = Number(row.dataset.index);
    // cells are drawn anew: the keys stay with the grid
    this.table.focus({ preventScroll: true });
    const cell = target.closest<HTMLElement>("[data-node]");
    if (cell) {
      this.#field = Number(cell.dataset.field);
      this.selection.move(index);
      this.#chosen.value = cell.dataset.node as string;
    } else if (event.shiftKey) void this.selection.to(index);
    else if (event.ctrlKey || event.metaKey) this.selection.toggle(index);
    else this.selection.only(index);
  }

  #inSight(): Span {
    const height = this.node.clientHeight || 20 * ROW_HEIGHT;
    const first = Math.max(0, Math.floor(this.node.scrollTop / this.#rowHeight) - MARGIN);
    const end = Math.ceil((this.node.scrollTop + height) / this.#rowHeight) + MARGIN;
    const count = this.pages.count.peek();
    // a scroll may be left beyond the last of fewer rows
    return { first: Math.min(first, Math.max(0, count - 1)), end: Math.min(end, count) };
  }

  #draw(): void {
    const { first, end } = this.#inSight();
    const count = this.pages.count.peek();
    if (this.#numeric === null && count > 0) this.#alignNumbers(first, end);
    const rows: HTMLElement[] = [];
    for (let index = first; index < end; index++) rows.push(this.#buildRow(index, this.pages.at(index)));
    const spare = (rows: number) => (rows > 0 ? [this.#spacer(rows * this.#rowHeight)] : []);
    this.#body.replaceChildren(...spare(first), ...rows, ...spare(count - end));
    this.table.setAttribute("aria-rowcount", this.pages.isAll.peek() ? String(count + 1) : "-1");
    const active = this.selection.active.peek();
    if (active >= first && active < end)
      this.table.setAttribute("aria-activedescendant", `${this.#prefix}${active}`);
    else this.table.removeAttribute("aria-activedescendant");
    this.#keepWidths(rows[0]);
    void this.pages.show({ first, end: end + AHEAD });
  }

  /** Columns never get narrower while other rows come: nothing jumps. */
  #keepWidths(row: HTMLElement | undefined): void {
    const height = row?.getBoundingClientRect().height ?? 0;
    if (height > 0) this.#rowHeight = height;
    for (const head of this.#heads) {
      const width = head.getBoundingClientRect().width;
      if (width > (Number.parseFloat(head.style.minWidth) || 0) && head !== this.#heads.at(-1))
        head.style.minWidth = `${width}px`;
    }
  }

  #spacer(height: number): HTMLElement {
    const cell = el("td", { colspan: this.#columns.length });
    cell.style.height = `${height}px`;
    return el("tr", { "aria-hidden": "true", class: "djo-spare" }, cell);
  }

  #alignNumbers(first: number, end: number): void {
    const rows = Array.from({ length: end - first }, (_, i) => this.pages.at(first + i)?.cells ?? []);
    this.#numeric = this.#columns.map(({ kind }, column) => {
      const texts = rows.map((cells) => cells[column] ?? "").filter((text) => text !== "");
      return kind !== "object" && texts.length > 0 && texts.every((text) => Number.isFinite(Number(text)));
    });
    for (const [column, isNumeric] of this.#numeric.entries())
      this.#heads[column]?.classList.toggle("djo-numeric", isNumeric);
  }

  #buildRow(index: number, row: RowInfo | undefined): HTMLElement {
    const isActive = index === this.selection.active.peek();
    const selected = row !== undefined && this.selection.ids.peek().has(row.id);
    const texts = (row?.cells ?? ["…"]).map((cell, column) =>
      el("td", { title: cell, class: this.#numeric?.[column] ? "djo-numeric" : "" }, cell),
    );
    const links = (row?.objects ?? []).map((object, field) =>
      el("td", {}, ...(object ? [this.#buildObject(object, field, isActive)] : [])),
    );
    return el(
      "tr",
      {
        id: `${this.#prefix}${index}`,
        djo: "grid-row",
        class: isActive ? "djo-active" : "",
        "data-index": index,
        "aria-rowindex": index + 2,
        "aria-selected": String(selected),
      },
      ...texts,
      ...links,
    );
  }

  #buildObject(object: ObjectInfo, field: number, isActive: boolean): HTMLElement {
    const { node, kind, size, problem } = object;
    if (problem) return el("span", { class: "djo-cell-problem", title: problem }, icon("error"), problem);
    return el(
      "button",
      {
        type: "button",
        class: `djo-cell-object ${isActive && field === this.#field ? "djo-cell-active" : ""}`,
        djo: "object",
        // the keys of the grid reach it
        tabindex: -1,
        "data-node": node,
        "data-field": field,
        "aria-pressed": String(node === this.#chosen.peek()),
      },
      icon(kind),
      size === null ? "open" : formatSize(size),
    );
  }
}
