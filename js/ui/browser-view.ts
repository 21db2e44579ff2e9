/** A whole browser in one element: an object, several, or rows with the object that is chosen below them. */

import { effect, signal, untracked } from "@preact/signals-core";
import type { About } from "../protocol/browsing.ts";
import { type Client, isAborted } from "../protocol/client.ts";
import { describeFailure } from "../state/failure.ts";
import { Owners } from "../state/owners.ts";
import { RowPages } from "../state/rows.ts";
import type { BrowserTraits, Signals } from "../state/settings.ts";
import { el } from "./dom.ts";
import { errorMessage, noteMessage } from "./message.ts";
import { ObjectView } from "./object-view.ts";
import { buildRows } from "./rows-view.ts";
import { Scope } from "./scope.ts";
import { buildUsage } from "./usage-view.ts";

const SILENT_AFTER = 6000;

export class BrowserView {
  readonly node = el("div", {
    class: "djo-root djo-browser",
    role: "group",
    "aria-label": "Browser",
    // JupyterLab's own keys rest while the browser has the focus
    "data-lm-suppress-shortcuts": "true",
  });
  readonly #client: Client;
  readonly #settings: Signals<BrowserTraits>;
  readonly #abort = new AbortController();
  #scope = new Scope();

  constructor({ client, settings }: { client: Client; settings: Signals<BrowserTraits> }) {
    this.#client = client;
    this.#settings = settings;
    void this.#open();
  }

  dispose(): void {
    this.#abort.abort();
    this.#scope.dispose();
    this.node.remove();
  }

  async #open(): Promise<void> {
    this.#scope.dispose();
    this.#scope = new Scope();
    this.node.replaceChildren(noteMessage({ icon: "loading", text: "Opening…" }));
    const timer = setTimeout(() => this.#tellSilence(), SILENT_AFTER);
    this.#scope.add(() => clearTimeout(timer));
    try {
      const { result } = await this.#client.request("about", {}, { signal: this.#abort.signal });
      this.#show(result);
    } catch (error) {
      if (isAborted(error)) return;
      const retry = { label: "Try again", act: () => void this.#open() };
      this.node.replaceChildren(errorMessage(describeFailure(error), retry));
    }
    clearTimeout(timer);
  }

  #tellSilence(): void {
    const hint = "It may be busy with another cell, or not running.";
    const text = "The kernel has not answered yet.";
    this.node.replaceChildren(noteMessage({ icon: "info", text, hint }));
  }

  #show(about: About): void {
    if (about.kind === "rows") return this.#showRows(about);
    const client = this.#client;
    const owners = about.kind === "store" && about.database !== "" ? new Owners(client) : undefined;
    const view = new ObjectView({ client, settings: this.#settings, folder: about.folder, owners });
    this.#scope.add(() => view.dispose());
    this.#scope.add(() => owners?.dispose());
    const head = about.kind === "store" ? [buildUsage(client, { ...about, owners }, this.#scope)] : [];
    this.node.replaceChildren(...head, view.node);
  }

  #showRows({ columns, folder, title }: About): void {
    const scope = this.#scope;
    const pages = new RowPages(this.#client);
    const chosen = signal("");
    const rows = buildRows(this.#client, pages, { columns, chosen, folder }, scope);
    const below = el("div", { class: "djo-below" });
    this.node.replaceChildren(el("div", { class: "djo-heading" }, title), rows, below);
    scope.add(() => pages.dispose());
    scope.add(this.#followChosen(below, { chosen, folder }));
    void pages.restrict("");
  }

  /** Shows the object that is chosen, and takes the one before it away. */
  #followChosen(
    below: HTMLElement,
    { chosen, folder }: { chosen: { readonly value: string }; folder: string },
  ): () => void {
    let view: ObjectView | null = null;
    const stop = effect(() => {
      const { value: root } = chosen;
      untracked(() => {
        view?.dispose();
        view = null;
        if (root === "") return;
        this.#settings.selected.value = "";
        this.#settings.expanded.value = [];
        view = new ObjectView({ client: this.#client, settings: this.#settings, root, folder });
        below.replaceChildren(view.node);
      });
    });
    return () => {
      stop();
      view?.dispose();
    };
  }
}
