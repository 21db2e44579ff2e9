/** Above the tree: filter as you type, and the order of the entries. */

import type { SortKey } from "../protocol/messages.ts";
import type { Tree } from "../state/tree.ts";
import { iconButton, selectField, setIcon } from "./controls.ts";
import { el } from "./dom.ts";
import type { Scope } from "./scope.ts";

/** Typing rests for this many ms before the kernel is asked. */
const FILTER_AFTER = 250;

const ORDERS: readonly { readonly value: SortKey; readonly label: string }[] = [
  { value: "name", label: "Name" },
  { value: "size", label: "Size" },
  { value: "modified", label: "Date" },
];

export function buildTreeTools(tree: Tree, scope: Scope): HTMLElement {
  const filter = el("input", {
    type: "search",
    class: "djo-field djo-filter",
    djo: "filter",
    placeholder: "Filter",
    "aria-label": "Filter by name",
    autocomplete: "off",
    spellcheck: "false",
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const apply = () => tree.arrange({ filter: filter.value.trim() });
  filter.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(apply, FILTER_AFTER);
  });
  filter.addEventListener("keydown", (event) => {
    if (event.key === "Escape") filter.value = "";
    if (event.key === "Escape" || event.key === "Enter") apply();
  });
  scope.add(() => clearTimeout(timer));
  const order = selectField("Order", ORDERS, (sort) => tree.arrange({ sort: sort as SortKey }), {
    djo: "sort",
  });
  const turn = iconButton(
    "Ascending",
    "up",
    () => tree.arrange({ descending: !tree.arrangement.peek().descending }),
    { djo: "descending" },
  );
  scope.effect(() => {
    const { descending } = tree.arrangement.value;
    setIcon(turn, descending ? "Descending" : "Ascending", descending ? "down" : "up");
  });
  return el("div", { class: "djo-tree-tools", role: "search" }, filter, order, turn);
}
