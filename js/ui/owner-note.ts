/** Whose the thing in the preview is: the row that names it, to copy or to show; or why there is none. */

import type { Client } from "../protocol/client.ts";
import type { Owner } from "../protocol/owning.ts";
import type { Owners } from "../state/owners.ts";
import { describeOwner, markOf } from "../state/ownership.ts";
import { textButton } from "./controls.ts";
import { copyButton, copyRow } from "./copy-row.ts";
import { el } from "./dom.ts";
import { icon } from "./icons.ts";
import type { Scope } from "./scope.ts";
import { perform } from "./work.ts";

export interface OwnerPlace {
  readonly owners: Owners;
  readonly node: string;
}

export function buildOwnerNote(client: Client, { owners, node }: OwnerPlace, scope: Scope): HTMLElement {
  const frame = el("div", { class: "djo-owner", djo: "owner", "aria-live": "polite" });
  owners.look(node);
  let shown: Owner | undefined;
  scope.effect(() => {
    const owner = owners.known.value.get(node);
    if (owner === shown) return;
    shown = owner;
    frame.replaceChildren(...(owner ? describe(client, { owner, node }, scope) : []));
  });
  return frame;
}

function describe(
  client: Client,
  { owner, node }: { readonly owner: Owner; readonly node: string },
  scope: Scope,
): Node[] {
  const sentence = describeOwner(owner);
  if (!sentence) return [];
  const alert = markOf(owner)?.tone === "alert";
  const words = el(
    "p",
    { class: "djo-owner-words" },
    ...(alert ? [icon("error")] : []),
    el("span", {}, sentence),
  );
  const { restriction, line } = owner;
  const copies = (text: string, label: string, djo: string) =>
    text ? [copyRow(text, [copyButton(label, text, djo)], "djo-mono")] : [];
  const rows = [
    ...copies(restriction, "restriction", "copy-restriction"),
    ...copies(line, "Python line of the row", "copy-row-line"),
  ];
  return [words, ...rows, ...(restriction ? buildRowButton(client, node, scope) : [])];
}

function buildRowButton(client: Client, node: string, scope: Scope): Node[] {
  const outcome = el("div", { class: "djo-outcome", djo: "owner-row" });
  const show = async ({ signal }: { readonly signal: AbortSignal }) => {
    const { result } = await client.request("owner_row", { node }, { signal });
    const rows = result.cells.map(([name, value]) =>
      el("tr", {}, el("th", { scope: "row" }, name), el("td", { title: value }, value)),
    );
    const table = el("table", { class: "djo-table" }, el("tbody", {}, ...rows));
    return [
      el("div", { class: "djo-table-frame", tabindex: 0, role: "region", "aria-label": result.table }, table),
    ];
  };
  const button = textButton("Show row", () => void perform(outcome, show, scope), { djo: "show-row" });
  return [button, outcome];
}
