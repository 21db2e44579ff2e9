/** One object, or several: path, tree, preview. */

import { signal, untracked } from "@preact/signals-core";
import type { Client } from "../protocol/client.ts";
import type { Owners } from "../state/owners.ts";
import type { BrowserTraits, Signals } from "../state/settings.ts";
import { ROOT, Tree } from "../state/tree.ts";
import { el } from "./dom.ts";
import { errorMessage, noteMessage } from "./message.ts";
import { buildPathBar } from "./path-bar.ts";
import { PreviewPane } from "./preview-pane.ts";
import { Scope } from "./scope.ts";
import { buildTreeTools } from "./tree-tools.ts";
import { TreeView } from "./tree-view.ts";

const SILENT_AFTER = 6000;

export interface ObjectParts {
  readonly client: Client;
  readonly settings: Signals<BrowserTraits>;
  /** Id of the node at the top. */
  readonly root?: string;
  /** Where the kernel puts downloads. */
  readonly folder: string;
  /** Of a store that is joined to a database. */
  readonly owners?: Owners | undefined;
}

export class ObjectView {
  readonly node = el("div", { class: "djo-object" });
  readonly #scope = new Scope();
  readonly #tree: Tree;
  readonly #title = signal("/");

  constructor({ client, settings, root = ROOT, folder, owners }: ObjectParts) {
    const { selected, expanded } = settings;
    const scope = this.#scope;
    this.#tree = new Tree(client, expanded, root);
    const marked = signal<readonly string[]>([]);
    const pane = new PreviewPane(client, { selected, marked, root, folder, owners }, scope);
    const bar = buildPathBar(this.#tree, { selected, title: this.#title }, scope);
    const tree = new TreeView(this.#tree, { selected, marked, owners }, scope);
    const list = el("div", { class: "djo-side-list" }, tree.node, this.#buildState(scope, tree.node));
    const side = el("div", { class: "djo-side" }, buildTreeTools(this.#tree, scope), list);
    const body = el("div", { class: `djo-body ${owners ? "djo-body-joined" : ""}` }, side, pane.node);
    this.node.append(bar, body);
    scope.effect(() => body.classList.toggle("djo-scrubbing", pane.scrubbing.value));
    scope.effect(() => {
      expanded.value;
      untracked(() => this.#tree.loadExpanded());
    });
    scope.effect(() => this.#takeTitle(pane));
    if (selected.peek() !== "") void this.#askTitle(client);
    void this.#tree.load(root);
  }

  dispose(): void {
    this.#scope.dispose();
    this.#tree.dispose();
    this.node.remove();
  }

  /** In place of the tree while nothing of it has come, when nothing came, or when nothing is there. */
  #buildState(scope: Scope, tree: HTMLElement): HTMLElement {
    const state = el("div", { class: "djo-side-state" });
    const silent = signal(false);
    const timer = setTimeout(() => (silent.value = true), SILENT_AFTER);
    scope.add(() => clearTimeout(timer));
    scope.effect(() => {
      const message = this.#describeRoot(silent.value);
      state.replaceChildren(...(message ? [message] : []));
      state.hidden = message === null;
      tree.hidden = message !== null;
    });
    return state;
  }

  #describeRoot(silent: boolean): HTMLElement | null {
    const root = this.#tree.branches.value.get(this.#tree.root);
    if (root && root.entries.length > 0) return null;
    if (root?.failure) {
      return errorMessage(root.failure, {
        label: "Try again",
        act: () => void this.#tree.load(this.#tree.root),
      });
    }
    if (root?.step === "ready") {
      const text = this.#tree.arrangement.value.filter ? "No name fits." : "There is nothing in here.";
      return noteMessage({ icon: "folder", text });
    }
    const hint = silent
      ? "The kernel has not answered yet. It may be busy with another cell, or not running."
      : "";
    return noteMessage({ icon: silent ? "info" : "loading", text: "Listing…", hint });
  }

  /** A view that resumes below the top has no preview of it to learn the name from. */
  async #askTitle(client: Client): Promise<void> {
    try {
      const { result } = await client.request("preview", { node: this.#tree.root });
      if (result.name) this.#title.value = result.name;
    } catch {
      // the path then begins with "/"
    }
  }

  /** The preview of the top tells its name. */
  #takeTitle(pane: PreviewPane): void {
    const state = pane.loader.state.value;
    if (state.step === "ready" && state.preview.node === this.#tree.root && state.preview.facts.name)
      this.#title.value = state.preview.facts.name;
  }
}
