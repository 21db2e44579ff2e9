/** A part of the panel that folds, and stays as it was left. */

import { type Child, el } from "./dom.ts";

const KEY = "djo-scrubber-folded";

function readFolded(): ReadonlySet<string> {
  try {
    return new Set(localStorage.getItem(KEY)?.split(",") ?? []);
  } catch {
    // a sandboxed page keeps nothing
    return new Set();
  }
}

function keepFolded(name: string, isFolded: boolean): void {
  const folded = new Set(readFolded());
  if (isFolded) folded.add(name);
  else folded.delete(name);
  try {
    localStorage.setItem(KEY, [...folded].join());
  } catch {
    // as above
  }
}

export function foldingSection(name: string, ...children: Child[]): HTMLElement {
  const node = el(
    "details",
    { class: "djo-section", open: !readFolded().has(name) },
    el("summary", {}, name),
    el("div", { class: "djo-section-body" }, ...children),
  );
  node.addEventListener("toggle", () => keepFolded(name, !node.open));
  // the space bar folds here, and does not play
  node.querySelector("summary")?.addEventListener("keydown", (event) => {
    if (event.key === " ") event.stopPropagation();
  });
  return node;
}
