/** The path to what is selected; each part of it can be gone to. */

import type { Signal } from "@preact/signals-core";
import { findTrail, type Tree } from "../state/tree.ts";
import { el } from "./dom.ts";
import { icon } from "./icons.ts";
import type { Scope } from "./scope.ts";

function part(name: string, current: boolean, go: () => void): HTMLElement {
  return el(
    "button",
    {
      type: "button",
      class: "djo-crumb",
      title: name,
      "aria-current": current ? "location" : undefined,
      on: { click: go },
    },
    name,
  );
}

export function buildPathBar(
  tree: Tree,
  { selected, title }: { selected: Signal<string>; title: Signal<string> },
  scope: Scope,
): HTMLElement {
  const node = el("nav", { class: "djo-path", djo: "path", "aria-label": "Path" });
  scope.effect(() => {
    const trail = findTrail(tree.branches.value, selected.value);
    const crumbs = [part(title.value, trail.length === 0, () => (selected.value = ""))];
    for (const [i, { id, name }] of trail.entries())
      crumbs.push(part(name, i === trail.length - 1, () => (selected.value = id)));
    node.replaceChildren(...crumbs.flatMap((crumb, i) => (i === 0 ? [crumb] : [icon("chevron"), crumb])));
  });
  return node;
}
