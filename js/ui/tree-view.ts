/** The tree as the page shows it: rows, keys, typing ahead. */

import { batch, type Signal, untracked } from "@preact/signals-core";
import type { Entry, EntryKind } from "../protocol/messages.ts";
import type { Owner } from "../protocol/owning.ts";
import { formatItems, formatSize } from "../state/format.ts";
import type { Owners } from "../state/owners.ts";
import { describeOwner, markOf } from "../state/ownership.ts";
import { findByName, isBranch, type Row, type Tree } from "../state/tree.ts";
import { el } from "./dom.ts";
import { type IconName, icon } from "./icons.ts";
import type { Scope } from "./scope.ts";
import { VirtualList } from "./virtual-list.ts";

const ICONS: Record<EntryKind, IconName> = {
  folder: "folder",
  file: "file",
  array: "array",
  group: "group",
  movie: "movie",
};
const TYPING_PAUSE = 600;
/** As many as the kernel takes home at once. */
const MAX_MARKED = 1000;

let trees = 0;

function sizeCell(entry: Entry): HTMLElement {
  const known = entry.size !== null || entry.items !== null;
  const text = entry.size === null ? formatItems(entry.items) : formatSize(entry.size);
  const quiet = !known || entry.size === null;
  return el("span", { class: `djo-row-size ${quiet ? "djo-dim" : ""}` }, text);
}

/** Whose an entry is, in a word; an icon beside it where it should be looked at. */
function ownerMark(owner: Owner | undefined): HTMLElement[] {
  const mark = owner && markOf(owner);
  if (!mark) return [];
  const sign = mark.tone === "alert" ? [icon("error")] : [];
  return [el("span", { class: `djo-mark djo-mark-${mark.tone}`, djo: "mark" }, ...sign, mark.word)];
}

function describeEntry({ name, modified }: Entry, owner: Owner | undefined): string {
  return [name, modified, owner && describeOwner(owner)].filter(Boolean).join("\n");
}

export interface Selection {
  readonly selected: Signal<string>;
  readonly marked: Signal<readonly string[]>;
  /** Of a store that is joined to a database. */
  readonly owners?: Owners | undefined;
}

export class TreeView {
  readonly node: HTMLElement;
  readonly #tree: Tree;
  readonly #selected: Signal<string>;
  /** Ids of all that is selected, where that is more than the one that is previewed. */
  readonly #marked: Signal<readonly string[]>;
  readonly #owners: Owners | undefined;
  readonly #list: VirtualList;
  readonly #prefix = `djo-tree-${trees++}-`;
  /** Where a range of selected rows begins. */
  #anchor = "";
  #typed = "";
  #typedAt = Number.NEGATIVE_INFINITY;

  constructor(tree: Tree, { selected, marked, owners }: Selection, scope: Scope) {
    this.#tree = tree;
    this.#selected = selected;
    this.#marked = marked;
    this.#owners = owners;
    this.node = el("div", {
      class: "djo-tree",
      role: "tree",
      djo: "tree",
      tabindex: 0,
      "aria-label": "Contents",
      "aria-multiselectable": "true",
    });
    this.#list = new VirtualList(this.node, {
      render: (index) => this.#buildRow(index),
      onRange: (first, end) => this.#loadMore(first, end),
    });
    this.node.addEventListener("keydown", (event) => this.#onKey(event));
    this.node.addEventListener("click", (event) => this.#onClick(event));
    scope.effect(() => {
      const count = tree.rows.value.length;
      selected.value;
      marked.value;
      untracked(() => this.#update(count));
    });
    scope.effect(() => {
      owners?.known.value;
      untracked(() => this.#drawMarks());
    });
    scope.effect(() => {
      tree.arrangement.value;
      untracked(() => this.#unmark());
    });
    scope.add(() => this.#list.dispose());
  }

  #rows(): readonly Row[] {
    return this.#tree.rows.peek();
  }

  #selectedIndex(): number {
    const id = this.#selected.peek();
    return id === "" ? -1 : this.#rows().findIndex((row) => row.kind === "entry" && row.entry.id === id);
  }

  #update(count: number): void {
    this.#list.update(count);
    const index = this.#selectedIndex();
    if (index < 0) this.node.removeAttribute("aria-activedescendant");
    else this.node.setAttribute("aria-activedescendant", `${this.#prefix}${index}`);
  }

  #buildRow(index: number): HTMLElement {
    const row = this.#rows()[index] as Row;
    const indent = `${row.depth * 16}px`;
    const node = row.kind === "entry" ? this.#buildEntry(row) : this.#buildNote(row);
    node.dataset.index = String(index);
    node.id = `${this.#prefix}${index}`;
    node.setAttribute("aria-level", String(row.depth + 1));
    node.style.setProperty("--djo-indent", indent);
    return node;
  }

  #buildEntry({ entry, expanded, place, siblings }: Extract<Row, { kind: "entry" }>): HTMLElement {
    const selected = entry.id === this.#selected.peek() || this.#marked.peek().includes(entry.id);
    const owner = this.#owners?.known.peek().get(entry.id);
    const twisty = el("span", { class: "djo-twisty" }, ...(expanded === null ? [] : [icon("chevron")]));
    return el(
      "div",
      {
        class: "djo-row",
        djo: "row",
        role: "treeitem",
        title: describeEntry(entry, owner),
        "data-node": entry.id,
        "data-name": entry.name,
        "data-kind": entry.kind,
        "aria-selected": String(selected),
        "aria-expanded": expanded === null ? undefined : String(expanded),
        "aria-posinset": place,
        "aria-setsize": siblings,
      },
      twisty,
      icon(ICONS[entry.kind]),
      el("span", { class: "djo-row-name" }, entry.name),
      ...ownerMark(owner),
      sizeCell(entry),
    );
  }

  /** Rows that are there stay: one that is replaced while it is pressed would miss the click. */
  #drawMarks(): void {
    const known = this.#owners?.known.peek();
    if (!known) return;
    for (const node of this.node.querySelectorAll<HTMLElement>(".djo-row[data-node]")) {
      const row = this.#rows()[Number(node.dataset.index)];
      if (row?.kind !== "entry") continue;
      const owner = known.get(row.entry.id);
      node.title = describeEntry(row.entry, owner);
      node.querySelector(".djo-mark")?.remove();
      node.querySelector(".djo-row-name")?.after(...ownerMark(owner));
    }
  }

  #buildNote({ step, text }: Extract<Row, { kind: "note" }>): HTMLElement {
    const words = el(
      "span",
      { class: "djo-row-name" },
      step === "failed" ? `${text} Click to try again.` : text,
    );
    const sign = step === "failed" ? [icon("error")] : [];
    const props = { class: `djo-row djo-note djo-note-${step}`, djo: "note", role: "treeitem", title: text };
    return el("div", { ...props, "data-step": step }, el("span", { class: "djo-twisty" }), ...sign, words);
  }

  #loadMore(first: number, end: number): void {
    const inSight = this.#rows().slice(first, end);
    for (const row of inSight)
      if (row.kind === "note" && row.step === "more") void this.#tree.load(row.parent);
    this.#owners?.show(inSight.flatMap((row) => (row.kind === "entry" ? [row.entry.id] : [])));
  }

  #onClick(event: MouseEvent): void {
    const target = event.target as Element;
    const node = target.closest<HTMLElement>(".djo-row");
    const row = node && this.#rows()[Number(node.dataset.index)];
    if (!row) return;
    if (row.kind === "note") return void this.#tree.load(row.parent);
    const onTwisty = target.closest(".djo-twisty") !== null && row.expanded !== null;
    if (!onTwisty && event.shiftKey) return this.#markTo(Number(node.dataset.index));
    if (!onTwisty && (event.ctrlKey || event.metaKey)) return this.#toggleMark(row.entry.id);
    if (!onTwisty) this.#selectAlone(row.entry.id);
    if (isBranch(row.entry)) this.#tree.toggle(row.entry.id);
  }

  #selectAlone(id: string): void {
    this.#unmark();
    this.#selected.value = id;
  }

  #unmark(): void {
    this.#anchor = "";
    if (this.#marked.peek().length > 0) this.#marked.value = [];
  }

  /** Adds one to what is selected, or takes it out. */
  #toggleMark(id: string): void {
    const { value: selected } = this.#selected;
    const now = this.#marked.peek().length > 0 ? this.#marked.peek() : selected ? [selected] : [];
    const next = now.includes(id) ? now.filter((other) => other !== id) : [...now, id].slice(-MAX_MARKED);
    this.#anchor = id;
    batch(() => {
      this.#marked.value = next.length > 1 ? next : [];
      this.#selected.value = next.includes(id) ? id : (next.at(-1) ?? "");
    });
  }

  /** Selects all rows from where the selection began to `index`. */
  #markTo(index: number): void {
    const rows = this.#rows();
    const row = rows[index];
    if (row?.kind !== "entry") return;
    this.#anchor ||= this.#selected.peek();
    const start = rows.findIndex((one) => one.kind === "entry" && one.entry.id === this.#anchor);
    const [from, to] = start < 0 ? [index, index] : [Math.min(start, index), Math.max(start, index)];
    const ids = rows.slice(from, to + 1).flatMap((one) => (one.kind === "entry" ? [one.entry.id] : []));
    batch(() => {
      this.#marked.value = ids.length > 1 ? ids.slice(0, MAX_MARKED) : [];
      this.#selected.value = row.entry.id;
    });
  }

  #select(index: number, direction: 1 | -1, extend = false): void {
    const rows = this.#rows();
    let at = Math.min(rows.length - 1, Math.max(0, index));
    while (rows[at]?.kind === "note") at += direction;
    const row = rows[at];
    if (row?.kind !== "entry") return;
    if (extend) this.#markTo(at);
    else this.#selectAlone(row.entry.id);
    this.#list.scrollTo(at);
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const index = this.#selectedIndex();
    const handled = this.#move(event, index) || this.#open(event.key, index) || this.#type(event.key, index);
    if (!handled) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #move({ key, shiftKey }: KeyboardEvent, index: number): boolean {
    const { page } = this.#list;
    if (key === "ArrowDown") this.#select(index + 1, 1, shiftKey);
    else if (key === "ArrowUp") this.#select(Math.max(0, index - 1), -1, shiftKey);
    else if (key === "PageDown") this.#select(index + page, -1, shiftKey);
    else if (key === "PageUp") this.#select(index - page, 1, shiftKey);
    else if (key === "Home") this.#select(0, 1, shiftKey);
    else if (key === "End") this.#select(this.#rows().length - 1, -1, shiftKey);
    else return false;
    return true;
  }

  /** Keys that open and close: right and left as in every tree, Enter for both. */
  #open(key: string, index: number): boolean {
    const row = this.#rows()[index];
    if (row?.kind !== "entry") return false;
    const { id } = row.entry;
    if (key === "Enter" || (key === " " && this.#typed === "")) {
      if (row.expanded !== null) this.#tree.toggle(id);
    } else if (key === "ArrowRight") {
      if (row.expanded) this.#select(index + 1, 1);
      else if (row.expanded === false) this.#tree.setExpanded(id, true);
    } else if (key === "ArrowLeft") {
      if (row.expanded) this.#tree.setExpanded(id, false);
      else if (row.parent !== this.#tree.root) this.#selectAlone(row.parent);
    } else return false;
    return true;
  }

  /** Typing selects the next row that begins with what was typed. */
  #type(key: string, index: number): boolean {
    if (key.length !== 1) return false;
    const now = performance.now();
    const fresh = now - this.#typedAt > TYPING_PAUSE;
    this.#typed = fresh ? key : this.#typed + key;
    this.#typedAt = now;
    const found = findByName(this.#rows(), this.#typed, Math.max(0, fresh ? index + 1 : index));
    if (found >= 0) this.#select(found, 1);
    return true;
  }
}
