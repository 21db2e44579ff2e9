/** A store against its database, in words and numbers: what has a row, what has none, what is not ours. */

import type { Compared } from "../protocol/owning.ts";
import { formatCount, formatSize } from "../state/format.ts";
import { describeParts, type PartLine } from "../state/ownership.ts";
import { el } from "./dom.ts";
import { icon } from "./icons.ts";
import { noteMessage } from "./message.ts";

const HEADS = ["In the database", "Size", "Objects", "Files"];

export function buildComparison({ parts, notes, whole }: Compared): Node[] {
  if (parts.length === 0 && whole)
    return [noteMessage({ icon: "folder", text: "Nothing is stored here yet." })];
  const lines = describeParts(parts);
  const head = HEADS.map((name, i) => el("th", { scope: "col", class: i === 0 ? "" : "djo-numeric" }, name));
  const table = el(
    "table",
    { class: "djo-table djo-standings" },
    el("thead", {}, el("tr", {}, ...head)),
    el("tbody", {}, ...lines.map(buildLine)),
  );
  const frame = el(
    "div",
    { class: "djo-bars-frame", tabindex: 0, role: "region", "aria-label": "The store against the database" },
    table,
  );
  return [...(whole ? [] : [stoppedNote()]), frame, ...buildNotes(notes)];
}

/** Says that what is below it is not all. */
export function stoppedNote(): HTMLElement {
  return el("p", { djo: "partial" }, "Stopped: this is what was counted so far.");
}

function buildLine({ standing, word, tone, sentence, size, objects, files }: PartLine): HTMLElement {
  const sign = tone === "alert" ? [icon("error")] : [];
  const name = el(
    "th",
    { scope: "row" },
    el("span", { class: `djo-mark djo-mark-${tone}` }, ...sign, word),
    el("span", { class: "djo-dim djo-standing-words" }, sentence),
  );
  const numbers = [formatSize(size), formatCount(objects), formatCount(files)];
  return el(
    "tr",
    { djo: "standing", "data-standing": standing },
    name,
    ...numbers.map((text) => el("td", { class: "djo-numeric" }, text)),
  );
}

function buildNotes(notes: readonly string[]): Node[] {
  if (notes.length === 0) return [];
  const words = el("p", { class: "djo-dim" }, "What to know about this:");
  return [
    el(
      "div",
      { djo: "notes" },
      words,
      el("ul", { class: "djo-findings" }, ...notes.map((text) => el("li", {}, text))),
    ),
  ];
}
