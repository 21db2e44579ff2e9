/** Where the bytes of a store are, as bars by schema and table; counted only when asked. */

import type { Client } from "../protocol/client.ts";
import { formatCount, formatSize } from "../state/format.ts";
import { type Bar, groupShares } from "../state/usage.ts";
import { textButton } from "./controls.ts";
import { el } from "./dom.ts";
import { noteMessage } from "./message.ts";
import type { Scope } from "./scope.ts";
import { type Asking, perform } from "./work.ts";

/** More bars are no picture any more. */
const MAX_BARS = 200;

export function buildUsage(client: Client, title: string, scope: Scope): HTMLElement {
  const outcome = el("div", { class: "djo-outcome", djo: "usage", "aria-live": "polite" });
  const count = textButton("Count", () => void run(), {
    djo: "count-bytes",
    title: "Lists every file of the store",
  });
  const run = async () => {
    count.disabled = true;
    await perform(outcome, (asking) => ask(client, asking), scope);
    count.disabled = false;
  };
  const head = el(
    "div",
    { class: "djo-usage-head" },
    el("strong", { class: "djo-heading" }, title),
    el("span", { class: "djo-dim" }, "Where are the bytes? Counting lists every file."),
    count,
  );
  return el("section", { class: "djo-usage", "aria-label": "Where the bytes are" }, head, outcome);
}

async function ask(client: Client, { tell, signal }: Asking): Promise<Node[]> {
  const { result } = await client.request("usage", {}, { signal, onProgress: tell });
  const bars = groupShares(result.shares);
  if (bars.length === 0) return [noteMessage({ icon: "folder", text: "Nothing is stored here yet." })];
  return [buildBars(bars)];
}

function buildBars(bars: readonly Bar[]): HTMLElement {
  const tops = bars.filter(({ depth }) => depth === 0);
  const total = tops.reduce((sum, { size }) => sum + size, 0);
  const files = tops.reduce((sum, { files: count }) => sum + count, 0);
  const largest = Math.max(1, ...tops.map(({ size }) => size));
  const heads = ["Schema and table", "Size", "Share", "Objects", "Files"];
  const head = heads.map((name, i) =>
    el("th", { scope: "col", class: i === 0 ? "djo-bar-name" : "djo-numeric" }, name),
  );
  const rows = bars.slice(0, MAX_BARS).map((bar) => buildRow(bar, { total, largest }));
  const table = el(
    "table",
    { class: "djo-table djo-bars" },
    el("thead", {}, el("tr", {}, ...head)),
    el("tbody", {}, ...rows),
  );
  const words = `${formatSize(total)} in ${formatCount(files)} files`;
  const rest = bars.length - rows.length;
  return el(
    "div",
    {},
    el(
      "p",
      { djo: "total" },
      rest > 0 ? `${words}; ${formatCount(rest)} smaller ones are not shown.` : words,
    ),
    el(
      "div",
      { class: "djo-bars-frame", tabindex: 0, role: "region", "aria-label": "Bytes by schema and table" },
      table,
    ),
  );
}

function buildRow(
  { name, size, objects, files, depth }: Bar,
  { total, largest }: { readonly total: number; readonly largest: number },
): HTMLElement {
  const bar = el("span", { class: "djo-bar", "aria-hidden": "true" });
  bar.style.width = `${(100 * size) / largest}%`;
  const share = total > 0 ? `${((100 * size) / total).toFixed(1)} %` : "–";
  const numbers = [formatSize(size), share, formatCount(objects), formatCount(files)];
  return el(
    "tr",
    { class: `djo-bar-row djo-bar-depth-${depth}`, djo: "bar", "data-name": name },
    el("th", { scope: "row", class: "djo-bar-name", title: name }, bar, el("span", {}, name)),
    ...numbers.map((text) => el("td", { class: "djo-numeric" }, text)),
  );
}
