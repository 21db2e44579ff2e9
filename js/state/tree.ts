/**
 * The tree of a folder or store: pages of children as they come, and the rows that are on show.
 *
 * Pure but for `Tree`, which asks the kernel.
 */

import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import { type Client, isAborted } from "../protocol/client.ts";
import type { Arrangement, Entry, Failure } from "../protocol/messages.ts";
import { describeFailure } from "./failure.ts";
import { formatCount } from "./format.ts";

/** Id of the node at the top. */
export const ROOT = "";
const PAGE = 500;
const AS_THEY_COME: Arrangement = { filter: "", sort: "name", descending: false };
const BRANCHES = new Set(["folder", "group"]);

/** What is known of the children of one node. */
export interface Branch {
  readonly entries: readonly Entry[];
  /** Where the next page begins; null when all have come. */
  readonly next: string | null;
  /** Null while that is not known. */
  readonly total: number | null;
  readonly step: "loading" | "ready" | "failed";
  readonly failure?: Failure;
}

export type Row =
  | {
      readonly kind: "entry";
      readonly entry: Entry;
      readonly parent: string;
      readonly depth: number;
      /** Null for what has no children. */
      readonly expanded: boolean | null;
      readonly place: number;
      readonly siblings: number;
    }
  | {
      readonly kind: "note";
      readonly parent: string;
      readonly depth: number;
      readonly step: "loading" | "empty" | "failed" | "more";
      readonly text: string;
    };

export function isBranch(entry: Entry): boolean {
  return BRANCHES.has(entry.kind);
}

function noteOf(branch: Branch): Pick<Extract<Row, { kind: "note" }>, "step" | "text"> | null {
  if (branch.step === "failed") return { step: "failed", text: branch.failure?.message ?? "" };
  if (branch.next !== null) {
    const of = branch.total === null ? "" : ` of ${formatCount(branch.total)}`;
    return {
      step: "more",
      text: `${formatCount(branch.entries.length)}${of}, loading more…`,
    };
  }
  if (branch.step === "loading") return { step: "loading", text: "Loading…" };
  return branch.entries.length === 0 ? { step: "empty", text: "Nothing is here." } : null;
}

/** The rows on show, from the top down. */
export function resolveRows(
  branches: ReadonlyMap<string, Branch>,
  expanded: ReadonlySet<string>,
  parent: string = ROOT,
  depth = 0,
  rows: Row[] = [],
): Row[] {
  const branch = branches.get(parent);
  if (!branch) return rows;
  const siblings = branch.next === null ? branch.entries.length : (branch.total ?? -1);
  branch.entries.forEach((entry, i) => {
    const open = isBranch(entry) ? expanded.has(entry.id) : null;
    rows.push({ kind: "entry", entry, parent, depth, expanded: open, place: i + 1, siblings });
    if (open) resolveRows(branches, expanded, entry.id, depth + 1, rows);
  });
  const note = noteOf(branch);
  if (note) rows.push({ kind: "note", parent, depth, ...note });
  return rows;
}

/** The entries from the top to `id`, as far as they are known. */
export function findTrail(branches: ReadonlyMap<string, Branch>, id: string): readonly Entry[] {
  const parents = new Map<string, { entry: Entry; parent: string }>();
  for (const [parent, { entries }] of branches)
    for (const entry of entries) parents.set(entry.id, { entry, parent });
  const trail: Entry[] = [];
  for (let at = parents.get(id); at && trail.length < 64; at = parents.get(at.parent))
    trail.unshift(at.entry);
  return trail;
}

/** The first entry row after `from`, around the end, whose name begins with `prefix`. */
export function findByName(rows: readonly Row[], prefix: string, from: number): number {
  const wanted = prefix.toLocaleLowerCase();
  for (let step = 0; step < rows.length; step++) {
    const index = (from + step) % rows.length;
    const row = rows[index];
    if (row?.kind === "entry" && row.entry.name.toLocaleLowerCase().startsWith(wanted)) return index;
  }
  return -1;
}

export class Tree {
  readonly branches: Signal<ReadonlyMap<string, Branch>> = signal(new Map());
  readonly rows: ReadonlySignal<readonly Row[]>;
  readonly expanded: Signal<readonly string[]>;
  readonly arrangement: Signal<Arrangement> = signal(AS_THEY_COME);
  /** Id of the node whose children are the first rows. */
  readonly root: string;
  readonly #client: Client;
  #abort = new AbortController();

  constructor(client: Client, expanded: Signal<readonly string[]>, root: string = ROOT) {
    this.#client = client;
    this.expanded = expanded;
    this.root = root;
    this.rows = computed(() => resolveRows(this.branches.value, new Set(expanded.value), root));
  }

  /** Asks for the first page, or for the next one where there is one. */
  async load(node: string): Promise<void> {
    const known = this.branches.peek().get(node);
    if (known?.step === "loading" || (known?.step === "ready" && known.next === null)) return;
    const before = known ?? { entries: [], next: null, total: null };
    this.#put(node, { entries: before.entries, next: before.next, total: before.total, step: "loading" });
    const cursor = before.next === null ? {} : { cursor: before.next };
    try {
      const { result } = await this.#client.request(
        "list",
        { node, ...cursor, limit: PAGE, ...this.#asked() },
        { signal: this.#abort.signal },
      );
      const entries = [...before.entries, ...result.entries];
      this.#put(node, {
        entries,
        next: result.next,
        total: result.total,
        step: "ready",
      });
      this.loadExpanded();
    } catch (error) {
      if (isAborted(error)) return;
      this.#put(node, { ...before, step: "failed", failure: describeFailure(error) });
    }
  }

  /** Filters and sorts: what is on show is asked for again. */
  arrange(change: Partial<Arrangement>): void {
    const next = { ...this.arrangement.peek(), ...change };
    if (JSON.stringify(next) === JSON.stringify(this.arrangement.peek())) return;
    this.arrangement.value = next;
    this.#abort.abort();
    this.#abort = new AbortController();
    this.branches.value = new Map();
    void this.load(this.root);
  }

  setExpanded(id: string, open: boolean): void {
    const now = this.expanded.peek();
    if (now.includes(id) === open) return;
    this.expanded.value = open ? [...now, id] : now.filter((other) => other !== id);
  }

  toggle(id: string): void {
    this.setExpanded(id, !this.expanded.peek().includes(id));
  }

  /** Loads what is expanded, on show, and not known yet. Call it when `expanded` changes. */
  loadExpanded(): void {
    for (const row of this.rows.peek())
      if (row.kind === "entry" && row.expanded && !this.branches.peek().has(row.entry.id))
        void this.load(row.entry.id);
  }

  dispose(): void {
    this.#abort.abort();
  }

  /** Nothing for entries as the store gives them, which it does at once. */
  #asked(): Partial<Arrangement> {
    const asked = this.arrangement.peek();
    return JSON.stringify(asked) === JSON.stringify(AS_THEY_COME) ? {} : asked;
  }

  #put(node: string, branch: Branch): void {
    this.branches.value = new Map(this.branches.peek()).set(node, branch);
  }
}
