/** The rows of a query with what is done with them: restrict, select, take home. */

import type { Signal } from "@preact/signals-core";
import type { ColumnInfo, SavedRows } from "../protocol/browsing.ts";
import type { Client } from "../protocol/client.ts";
import { formatCount, formatSize } from "../state/format.ts";
import { MAX_ROWS, RowSelection } from "../state/row-selection.ts";
import type { RowPages } from "../state/rows.ts";
import { textButton } from "./controls.ts";
import { el, setText } from "./dom.ts";
import { errorMessage, noteMessage } from "./message.ts";
import { RowGrid } from "./row-grid.ts";
import type { Scope } from "./scope.ts";
import { type Asking, perform } from "./work.ts";

const RESTRICT_AFTER = 400;

export interface RowsParts {
  readonly columns: readonly ColumnInfo[];
  readonly chosen: Signal<string>;
  /** Where the kernel puts downloads. */
  readonly folder: string;
}

export function buildRows(
  client: Client,
  pages: RowPages,
  { columns, chosen, folder }: RowsParts,
  scope: Scope,
): HTMLElement {
  const selection = new RowSelection(pages);
  const grid = new RowGrid(pages, { columns, chosen, selection }, scope);
  const outcome = el("div", { class: "djo-outcome", djo: "rows-outcome", "aria-live": "polite" });
  const hasObjects = columns.some(({ kind }) => kind === "object");
  const take = hasObjects ? [buildDownload(client, { selection, outcome, folder }, scope)] : [];
  const tools = el(
    "div",
    { class: "djo-tree-tools djo-row-tools" },
    buildField(pages, scope),
    buildCount(pages, selection, scope),
    ...take,
  );
  return el("div", { class: "djo-row-grid" }, tools, buildFailure(pages, scope), grid.node, outcome);
}

function buildField(pages: RowPages, scope: Scope): HTMLElement {
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
  return field;
}

function buildCount(pages: RowPages, { ids, isCut }: RowSelection, scope: Scope): HTMLElement {
  const count = el("span", { class: "djo-dim djo-count", role: "status", djo: "count" });
  scope.effect(() => {
    const total = `${formatCount(pages.count.value)}${pages.isAll.value ? "" : "+"} rows`;
    const { size } = ids.value;
    const selected = isCut.value ? `${formatCount(MAX_ROWS)}, as many as go at once,` : formatCount(size);
    const isFirst = pages.step.value === "loading" && pages.pages.value.size === 0;
    setText(count, isFirst ? "Reading…" : size > 0 ? `${selected} of ${total} selected` : total);
  });
  return count;
}

function buildFailure(pages: RowPages, scope: Scope): HTMLElement {
  const failure = el("div", { class: "djo-row-grid-failure" });
  scope.effect(() => {
    const { value: problem } = pages.failure;
    const retry = { label: "Try again", act: () => void pages.retry() };
    failure.replaceChildren(...(problem ? [errorMessage(problem, retry)] : []));
  });
  return failure;
}

function buildDownload(
  client: Client,
  parts: { selection: RowSelection; outcome: HTMLElement; folder: string },
  scope: Scope,
): HTMLElement {
  const { selection, outcome, folder } = parts;
  const act = (asking: Asking) => saveRows(client, [...selection.ids.peek()], asking);
  const button = textButton("Download selected rows", () => void perform(outcome, act, scope), {
    djo: "save-rows",
    title: `Their objects, into ${folder || "the kernel's folder"}, named by their keys`,
  });
  scope.effect(() => {
    button.disabled = selection.ids.value.size === 0;
  });
  return button;
}

async function saveRows(client: Client, rows: readonly string[], { tell, signal }: Asking): Promise<Node[]> {
  const { result } = await client.request("save_rows", { rows }, { signal, onProgress: tell });
  return describeSaved(result);
}

function describeSaved({ path, objects, skipped, size, findings }: SavedRows): Node[] {
  const there = skipped > 0 ? `, ${formatCount(skipped)} of them before` : "";
  const what = objects === 1 ? "1 object" : `${formatCount(objects)} objects`;
  const text = `Saved in ${path}: ${what}, ${formatSize(size)}${there}.`;
  const saved = noteMessage({ icon: "check", text, hint: "objects.csv there lists them with their rows." });
  if (findings.length === 0) return [saved];
  const head = `${formatCount(findings.length)} could not be downloaded:`;
  const lines = findings.map(({ file, message }) => el("li", {}, el("code", {}, file), ` ${message}`));
  return [
    ...(objects > 0 ? [saved] : []),
    noteMessage({ icon: "error", text: head }),
    el("ul", { class: "djo-findings", djo: "findings", tabindex: 0, "aria-label": head }, ...lines),
  ];
}
