/** The list of the stores of a kernel: which kernel, what there is, and which one is browsed. */

import { computed, type ReadonlySignal, signal } from "@preact/signals-core";
import type { Failure } from "../protocol/messages.ts";
import { describeFailure, tidyFailure } from "../state/failure.ts";
import { selectField, textButton } from "../ui/controls.ts";
import { el } from "../ui/dom.ts";
import { errorMessage, type MessageAction, noteMessage } from "../ui/message.ts";
import { Scope } from "../ui/scope.ts";
import type { Connection } from "./connection.ts";
import { panelButton } from "./icons.ts";
import { type Choice, type Kernels, keyOf } from "./kernels.ts";
import { type Listing, listStores, parseListing } from "./questions.ts";
import { drawStores, keepFocus } from "./stores-rows.ts";

export interface StoresViewOptions {
  readonly kernels: Kernels;
  readonly setUp: () => void;
  /** Browses a store below the list; null for none. */
  readonly browse: (store: string | null) => void;
  readonly openTab: (store: string) => void;
}

type State =
  | { readonly kind: "waiting"; readonly text: string }
  | { readonly kind: "failed"; readonly failure: Failure; readonly isGone: boolean }
  | { readonly kind: "listed"; readonly listing: Listing };

const ASKING = "Asking the kernel…";

export class StoresView {
  readonly node: HTMLElement;
  readonly #options: StoresViewOptions;
  readonly #scope = new Scope();
  readonly #chosen = signal<Choice | null>(null);
  readonly #state = signal<State | null>(null);
  readonly #browsed = signal<string | null>(null);
  readonly #isAsking = signal(false);
  /** Why the list that is shown is not made anew yet. */
  readonly #note = signal("");
  #unwatch: () => void = () => undefined;
  #turn = 0;

  constructor(options: StoresViewOptions) {
    this.#options = options;
    const list = el("div", { class: "djo-lab-list" });
    this.node = el(
      "div",
      { class: "djo-root djo-stores", "data-lm-suppress-shortcuts": "true" },
      this.#buildHead(),
      this.#buildKernel(),
      list,
      this.#buildFoot(),
    );
    this.#scope.effect(() => {
      const [state, browsed] = [this.#state.value, this.#browsed.value];
      list.setAttribute("aria-busy", String(state?.kind === "waiting"));
      keepFocus(list, () => list.replaceChildren(...this.#drawState(state, browsed)));
    });
  }

  /** Which kernel is asked: the panel's own where the file browser is, until another is chosen. */
  get choice(): Choice {
    this.#chosen.value ??= { kind: "own", folder: this.#options.kernels.folder.value };
    return this.#chosen.value;
  }

  connect(): Promise<Connection> {
    return this.#options.kernels.connect(this.choice);
  }

  /** Lists the stores when the panel is seen for the first time, and again when there may be others. */
  async refresh(): Promise<void> {
    const turn = ++this.#turn;
    const isStale = () => turn !== this.#turn;
    await this.#options.kernels.ready;
    if (isStale()) return;
    const isOwn = this.choice.kind === "own";
    this.#isAsking.value = true;
    this.#wait(isOwn ? "Starting a Python kernel…" : ASKING);
    try {
      const connection = await this.connect();
      if (isStale()) return;
      this.#watch(connection);
      const busy = `The kernel of ${connection.title} is busy: it answers when what runs there has ended.`;
      this.#wait(connection.isBusy ? busy : ASKING);
      this.#note.value = connection.isBusy ? busy : "";
      const listing = parseListing(await connection.ask(listStores(isOwn)));
      if (!isStale()) this.#settle({ kind: "listed", listing });
    } catch (error) {
      if (isStale()) return;
      this.#leave({ kind: "failed", failure: describeFailure(error), isGone: false });
    }
  }

  focus(): void {
    const targets = [".djo-lab-store", ".djo-primary", "select"];
    const found = targets.map((name) => this.node.querySelector<HTMLElement>(name)).find(Boolean);
    found?.focus();
  }

  dispose(): void {
    this.#turn++;
    this.#unwatch();
    this.#scope.dispose();
  }

  #watch(connection: Connection): void {
    this.#unwatch();
    this.#unwatch = connection.watch(({ failure, isFinal }) => {
      this.#turn++;
      this.#leave({ kind: "failed", failure: tidyFailure(failure), isGone: isFinal });
    });
  }

  /** Says what is waited for, unless there is a list to look at. */
  #wait(text: string): void {
    if (this.#state.value?.kind !== "listed") this.#state.value = { kind: "waiting", text };
  }

  #settle(state: State): void {
    this.#state.value = state;
    this.#isAsking.value = false;
    this.#note.value = "";
  }

  #leave(state: State): void {
    this.#settle(state);
    this.#browsed.value = null;
    this.#options.browse(null);
  }

  #choose(choice: Choice): void {
    this.#chosen.value = choice;
    this.#unwatch();
    this.#leave({ kind: "waiting", text: ASKING });
    void this.refresh();
  }

  #buildHead(): HTMLElement {
    const again = panelButton("List the stores again", "refresh", () => void this.refresh(), {
      djo: "refresh",
    });
    this.#scope.effect(() => again.setAttribute("aria-busy", String(this.#isAsking.value)));
    return el("div", { class: "djo-lab-head" }, el("h2", { class: "djo-lab-title" }, "Object stores"), again);
  }

  #buildFoot(): HTMLElement {
    const foot = el("div", { class: "djo-lab-foot" });
    const note = el("p", { class: "djo-dim", role: "status", djo: "list-note" });
    foot.append(note, textButton("Set up a store", this.#options.setUp, { djo: "set-up" }));
    this.#scope.effect(() => {
      note.textContent = this.#state.value?.kind === "listed" ? this.#note.value : "";
    });
    // an empty list has this as the one thing to press
    this.#scope.effect(() => {
      const state = this.#state.value;
      foot.hidden = state?.kind === "listed" && state.listing.stores.length === 0;
    });
    return foot;
  }

  #buildKernel(): HTMLElement {
    const choices = this.#choices();
    const field = selectField(
      "Kernel",
      [],
      (key) => {
        const choice = choices.value.find((one) => keyOf(one) === key);
        if (choice) this.#choose(choice);
      },
      { djo: "kernel" },
    );
    this.#scope.effect(() => {
      const now = keyOf(this.#chosen.value ?? { kind: "own", folder: this.#options.kernels.folder.value });
      const options = choices.value.map((choice) =>
        el("option", { value: keyOf(choice), selected: keyOf(choice) === now }, describeChoice(choice)),
      );
      field.replaceChildren(...options);
      field.value = now;
      field.title = options.find(({ selected }) => selected)?.textContent ?? "";
    });
    return el("label", { class: "djo-lab-kernel" }, el("span", { class: "djo-dim" }, "Kernel"), field);
  }

  /** The one in use, our own where the file browser is, and what runs. */
  #choices(): ReadonlySignal<readonly Choice[]> {
    const { folder, running } = this.#options.kernels;
    return computed(() => {
      const here: Choice = { kind: "own", folder: folder.value };
      const all = [this.#chosen.value ?? here, here, ...running.value];
      const byKey = new Map(all.map((choice) => [keyOf(choice), choice]));
      return [...byKey.values()].sort((a, b) => Number(a.kind === "shared") - Number(b.kind === "shared"));
    });
  }

  #drawState(state: State | null, browsed: string | null): Node[] {
    if (!state) return [];
    if (state.kind === "waiting") return [noteMessage({ icon: "loading", text: state.text })];
    if (state.kind === "failed") return [errorMessage(state.failure, this.#again(state.isGone))];
    const { folder, stores } = state.listing;
    if (stores.length > 0) {
      const browse = (name: string) => this.#browse(name === browsed ? null : name);
      return [drawStores(stores, { browsed, browse, openTab: this.#options.openTab })];
    }
    const message = {
      icon: "info",
      text: `No store is configured in ${folder}.`,
      hint: "A store is where large data lie: a folder or a bucket.",
      action: { label: "Set up a store", act: this.#options.setUp },
    } as const;
    return [noteMessage(message)];
  }

  #again(isGone: boolean): MessageAction {
    if (!isGone || this.choice.kind === "own") return { label: "Try again", act: () => void this.refresh() };
    const own: Choice = { kind: "own", folder: this.#options.kernels.folder.value };
    return { label: "Use an own kernel", act: () => this.#choose(own) };
  }

  #browse(name: string | null): void {
    this.#browsed.value = name;
    this.#options.browse(name);
  }
}

function describeChoice(choice: Choice): string {
  if (choice.kind === "shared") return choice.name;
  return `Own, in ${choice.folder || "the top folder"}`;
}
