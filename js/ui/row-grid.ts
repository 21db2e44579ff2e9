/** The rows of a query as a table; the objects in it open below. */

import { type Signal, untracked } from "@preact/signals-core";
import type { ColumnInfo, ObjectInfo, RowInfo } from "../protocol/browsing.ts";
import { formatCount, formatSize } from "../state/format.ts";
import type { RowPages } from "../state/rows.ts";
import { textButton } from "./controls.ts";
import { el, setText } from "./dom.ts";
import { icon } from "./icons.ts";
import { errorMessage } from "./message.ts";
import type { Scope } from "./scope.ts";

const RESTRICT_AFTER = 400;
/** More rows are asked for when fewer px than this are left below. */
const NEAR_END = 240;

export class RowGrid {
  readonly node: HTMLElement;
  readonly #pages: RowPages;
  readonly #columns: readonly ColumnInfo[];
  readonly #chosen: Signal<string>;
  readonly #body = el("tbody");
  #shown: readonly RowInfo[] = [];
  /** Columns of numbers, by the first page; they end at the right. */
  #numeric: readonly boolean[] = [];

  constructor(
    pages: RowPages,
    { columns, chosen }: { columns: readonly ColumnInfo[]; chosen: Signal<string> },
    scope: Scope,
  ) {
    this.#pages = pages;
    // texts first, as they come in a row
    this.#columns = [
      ...columns.filter(({ kind }) => kind !== "object"),
      ...columns.filter(({ kind }) => kind === "object"),
    ];
    this.#chosen = chosen;
    const head = this.#columns.map(({ name, kind, codec }) =>
      el("th", { scope: "col", class: `djo-column-${kind}` }, codec ? `${name} <${codec}>` : name),
    );
    const table = el("table", { class: "djo-table" }, el("thead", {}, el("tr", {}, ...head)), this.#body);
    const frame = el(
      "div",
      { class: "djo-row-grid-frame", tabindex: 0, role: "region", "aria-label": "Rows" },
      table,
    );
    frame.addEventListener("scroll", () => {
      if (frame.scrollHeight - frame.scrollTop - frame.clientHeight < NEAR_END) void pages.more();
    });
    this.node = el("div", { class: "djo-row-grid", djo: "rows" }, this.#buildBar(scope), frame);
    scope.effect(() => {
      const { value: rows } = pages.rows;
      untracked(() => this.#draw(rows));
    });
    scope.effect(() => this.#mark(chosen.value));
  }

  #buildBar(scope: Scope): HTMLElement {
    const pages = this.#pages;
    const field = el("input", {
      type: "search",
      class: "djo-field djo-filter",
      djo: "condition",
      placeholder: "Restrict: rate > 30, subject_id = M042, or a word",
      "aria-label": "Restrict the rows",
      autocomplete: "off",
      spellcheck: "false",
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const apply = () => {
      clearTimeout(timer);
      if (field.value.trim() !== pages.condition.peek()) void pages.restrict(field.value.trim());
    };
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(apply, RESTRICT_AFTER);
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") apply();
    });
    scope.add(() => clearTimeout(timer));
    const count = el("span", { class: "djo-dim djo-count", role: "status", djo: "count" });
    const more = textButton("More", () => void pages.more(), { djo: "more-rows" });
    const failure = el("div", { class: "djo-row-grid-failure" });
    scope.effect(() => {
      const { length } = pages.rows.value;
      const hasMore = pages.next.value !== null;
      setText(
        count,
        pages.step.value === "loading" ? "Reading…" : `${formatCount(length)}${hasMore ? "+" : ""} rows`,
      );
      more.hidden = !hasMore;
      const { value: problem } = pages.failure;
      failure.replaceChildren(...(problem ? [errorMessage(problem)] : []));
    });
    return el("div", {}, el("div", { class: "djo-tree-tools" }, field, count, more), failure);
  }

  /** Rows that are there already stay: a page is added below them. */
  #draw(rows: readonly RowInfo[]): void {
    const { length } = this.#shown;
    const isMore = length > 0 && rows[length - 1] === this.#shown[length - 1];
    if (!isMore) this.#alignNumbers(rows);
    const built = rows.slice(isMore ? length : 0).map((row) => this.#buildRow(row));
    if (isMore) this.#body.append(...built);
    else this.#body.replaceChildren(...built);
    this.#shown = rows;
    this.#mark(this.#chosen.peek());
  }

  #alignNumbers(rows: readonly RowInfo[]): void {
    this.#numeric = this.#columns.map(({ kind }, column) => {
      const texts = rows.map(({ cells }) => cells[column] ?? "").filter((text) => text !== "");
      return kind !== "object" && texts.length > 0 && texts.every((text) => Number.isFinite(Number(text)));
    });
    const heads = this.node.querySelectorAll("th");
    for (const [column, isNumeric] of this.#numeric.entries())
      heads[column]?.classList.toggle("djo-numeric", isNumeric);
  }

  #buildRow({ cells, objects }: RowInfo): HTMLElement {
    const texts = cells.map((cell, column) =>
      el("td", { title: cell, class: this.#numeric[column] ? "djo-numeric" : "" }, cell),
    );
    const links = objects.map((object) => el("td", {}, ...(object ? [this.#buildObject(object)] : [])));
    return el("tr", {}, ...texts, ...links);
  }

  #buildObject({ node, kind, size, problem }: ObjectInfo): HTMLElement {
    if (problem) return el("span", { class: "djo-cell-problem", title: problem }, icon("error"), problem);
    const button = el(
      "button",
      {
        type: "button",
        class: "djo-cell-object",
        djo: "object",
        "data-node": node,
        "aria-pressed": "false",
        on: { click: () => (this.#chosen.value = node) },
      },
      icon(kind),
      size === null ? "open" : formatSize(size),
    );
    return button;
  }

  #mark(chosen: string): void {
    for (const button of this.#body.querySelectorAll<HTMLElement>("[data-node]"))
      button.setAttribute("aria-pressed", String(button.dataset.node === chosen));
  }
}
