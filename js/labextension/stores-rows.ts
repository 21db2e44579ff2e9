/** The rows of the list: each store with its use and place, or with what is wrong with it. */

import { tidyFailure } from "../state/failure.ts";
import { el } from "../ui/dom.ts";
import { icon } from "../ui/icons.ts";
import { panelButton } from "./icons.ts";
import type { Store } from "./questions.ts";

export interface RowsOptions {
  /** Name of the store that is browsed below the list. */
  readonly browsed: string | null;
  readonly browse: (store: string) => void;
  readonly openTab: (store: string) => void;
}

export function drawStores(stores: readonly Store[], options: RowsOptions): HTMLElement {
  const rows = stores.map((store) =>
    el(
      "li",
      { djo: "store", "data-name": store.name },
      store.problems.length > 0 ? drawWrong(store) : drawRight(store, options),
    ),
  );
  const props = { class: "djo-lab-rows", "aria-label": "Stores", on: { keydown: moveByArrows } };
  return el("ul", props, ...rows);
}

/** Draws anew without taking the focus from the store that has it. */
export function keepFocus(list: HTMLElement, draw: () => void): void {
  const held = list.contains(document.activeElement) ? document.activeElement : null;
  const name = held?.closest<HTMLElement>("[data-name]")?.dataset.name;
  const part = (held as HTMLElement | null)?.dataset.djo;
  draw();
  if (name === undefined || part === undefined) return;
  const row = [...list.querySelectorAll<HTMLElement>("[data-name]")].find((one) => one.dataset.name === name);
  row?.querySelector<HTMLElement>(`[data-djo="${part}"]`)?.focus();
}

function drawRight(store: Store, { browsed, browse, openTab }: RowsOptions): HTMLElement {
  const place = el("span", { class: "djo-lab-place djo-dim", title: store.place }, store.place);
  const button = el(
    "button",
    {
      type: "button",
      class: "djo-lab-store",
      djo: "browse",
      "aria-pressed": String(store.name === browsed),
      on: { click: () => browse(store.name) },
    },
    el("span", { class: "djo-lab-words" }, drawName(store), place),
  );
  const open = () => openTab(store.name);
  const beside = panelButton(`Open ${store.name} in a tab`, "open", open, { djo: "open-tab" });
  return el("div", { class: "djo-lab-line" }, button, beside);
}

function drawWrong(store: Store): HTMLElement {
  const problems = store.problems.map((problem) => {
    const { message, hint } = tidyFailure({ code: "", ...problem });
    return el("p", { djo: "problem" }, message, " ", el("span", { class: "djo-dim" }, hint));
  });
  const words = el("div", { class: "djo-lab-words" }, drawName(store), ...problems);
  return el("div", { class: "djo-lab-wrong" }, icon("error"), words);
}

function drawName(store: Store): HTMLElement {
  const marks = [
    store.protocol,
    store.isDefault ? "default" : "",
    store.isFilepathDefault ? "default for files" : "",
  ].filter(Boolean);
  return el(
    "span",
    { class: "djo-lab-name" },
    el("strong", {}, store.name),
    ...marks.map((mark) => el("span", { class: "djo-lab-mark" }, mark)),
  );
}

/** Arrows go from store to store, as in a list; Tab goes on to each store's button. */
function moveByArrows(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const rows = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>(".djo-lab-store")];
  const at = rows.indexOf(event.target as HTMLElement);
  const next = step === undefined ? undefined : rows[at + step];
  if (at < 0 || !next) return;
  event.preventDefault();
  next.focus();
}
