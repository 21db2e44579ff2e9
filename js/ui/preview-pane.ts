/** The pane at the right: what the selected thing is, how to get at it, what is in it, or a scrubber for it. */

import { type ReadonlySignal, type Signal, signal, untracked } from "@preact/signals-core";
import { type Client, isAborted } from "../protocol/client.ts";
import type { Failure } from "../protocol/messages.ts";
import { describeFailure } from "../state/failure.ts";
import { formatCount, formatSize } from "../state/format.ts";
import type { Owners } from "../state/owners.ts";
import { type Preview, PreviewLoader, type PreviewState } from "../state/preview-loader.ts";
import { freeSettings, SCRUBBER_DEFAULTS } from "../state/settings.ts";
import { ROOT } from "../state/tree.ts";
import { iconButton, textButton } from "./controls.ts";
import { copyButton, copyRow } from "./copy-row.ts";
import { el } from "./dom.ts";
import { icon } from "./icons.ts";
import { errorMessage, noteMessage } from "./message.ts";
import { buildActions } from "./object-actions.ts";
import { buildOwnerNote } from "./owner-note.ts";
import { buildPreviewBody } from "./preview-bodies.ts";
import { Scope } from "./scope.ts";
import { ScrubberView } from "./scrubber-view.ts";

/** A loading note appears only after this many ms. */
const PATIENCE = 150;

export interface PreviewPlace {
  readonly selected: Signal<string>;
  readonly marked: ReadonlySignal<readonly string[]>;
  readonly root: string;
  readonly folder: string;
  /** Of a store that is joined to a database. */
  readonly owners?: Owners | undefined;
}

export class PreviewPane {
  readonly node = el("div", {
    class: "djo-preview",
    djo: "preview",
    role: "region",
    "aria-label": "Preview",
  });
  /** True while a scrubber is open in the pane. */
  readonly scrubbing = signal(false);
  readonly loader: PreviewLoader;
  readonly #client: Client;
  /** Where the kernel puts downloads. */
  readonly #folder: string;
  /** Ids of all that is selected, where that is more than one. */
  readonly #marked: ReadonlySignal<readonly string[]>;
  readonly #owners: Owners | undefined;
  #content = new Scope();
  #opening = new AbortController();

  constructor(client: Client, { selected, marked, root, folder, owners }: PreviewPlace, scope: Scope) {
    this.#client = client;
    this.#folder = folder;
    this.#marked = marked;
    this.#owners = owners;
    this.loader = new PreviewLoader(client);
    scope.effect(() => {
      const node = selected.value || root;
      untracked(() => void this.loader.load(node));
    });
    scope.effect(() => {
      const state = this.loader.state.value;
      untracked(() => this.#show(state));
    });
    scope.add(() => this.loader.dispose());
    scope.add(() => this.#clear());
  }

  #clear(): Scope {
    this.#opening.abort();
    this.#opening = new AbortController();
    this.#content.dispose();
    this.#content = new Scope();
    this.scrubbing.value = false;
    return this.#content;
  }

  #show(state: PreviewState): void {
    if (state.step === "loading") return this.#showLoading();
    const scope = this.#clear();
    this.node.dataset.state = state.step;
    if (state.step === "failed") {
      const retry = { label: "Try again", act: () => void this.loader.load(state.node) };
      return this.node.replaceChildren(errorMessage(state.failure, retry));
    }
    const { preview } = state;
    this.node.dataset.node = preview.node;
    this.node.dataset.type = preview.facts.type;
    const actions = this.#buildActions(preview, scope);
    const parts = [this.#buildHead(preview), ...this.#buildOwner(preview, scope), actions];
    this.node.replaceChildren(...parts, ...buildPreviewBody(preview, scope));
    this.node.scrollTop = 0;
  }

  /** Whose it is; the top of a store is nobody's. */
  #buildOwner({ node }: Preview, scope: Scope): HTMLElement[] {
    const owners = this.#owners;
    return owners && node !== ROOT ? [buildOwnerNote(this.#client, { owners, node }, scope)] : [];
  }

  /** For what is shown, or for all that is selected. */
  #buildActions({ node, facts }: Preview, scope: Scope): HTMLElement {
    const frame = el("div", {});
    scope.effect(() => {
      const marked = this.#marked.value;
      const several = marked.length > 1;
      const place = { nodes: several ? marked : [node], isWhole: facts.whole, folder: this.#folder };
      const count = el("p", { class: "djo-marked", djo: "marked" }, `${formatCount(marked.length)} selected`);
      const actions = several || facts.line ? [buildActions(this.#client, place, scope)] : [];
      frame.replaceChildren(...(several ? [count] : []), ...actions);
    });
    return frame;
  }

  /** What was shown stays for a moment: a quick answer replaces it without a flash. */
  #showLoading(): void {
    const scope = this.#clear();
    this.node.dataset.state = "loading";
    const timer = setTimeout(
      () => this.node.replaceChildren(noteMessage({ icon: "loading", text: "Reading…" })),
      this.node.childElementCount === 0 ? 0 : PATIENCE,
    );
    scope.add(() => clearTimeout(timer));
  }

  #buildHead(preview: Preview): HTMLElement {
    const { name, size, path, url, line, scrubbable } = preview.facts;
    const title = el("div", { class: "djo-preview-title" }, el("strong", { title: name }, name));
    if (size !== null) title.append(el("span", { class: "djo-dim" }, formatSize(size)));
    const head = el("div", { class: "djo-preview-head" }, title);
    const place = path || url;
    const copies = [
      ...(path ? [copyButton("path", path, "copy-path")] : []),
      ...(url ? [copyButton("URL", url, "copy-url", "link")] : []),
    ];
    if (place) head.append(copyRow(place, copies, ""));
    if (line) head.append(copyRow(line, [copyButton("Python line", line, "copy-line")], "djo-mono"));
    if (scrubbable) head.append(this.#buildOpenButton(preview, head));
    return head;
  }

  #buildOpenButton(preview: Preview, head: HTMLElement): HTMLElement {
    const button = textButton("Open in scrubber", () => void this.#openMovie(preview, button, head), {
      class: "djo-primary",
      djo: "open-movie",
    });
    button.prepend(icon("movie"));
    return button;
  }

  async #openMovie(preview: Preview, button: HTMLButtonElement, head: HTMLElement): Promise<void> {
    button.disabled = true;
    head.querySelector(".djo-message")?.remove();
    try {
      const { signal: aborted } = this.#opening;
      const { result } = await this.#client.request("open", { node: preview.node }, { signal: aborted });
      this.#scrub(preview, result.target);
    } catch (error) {
      if (!isAborted(error)) this.#tellOpening(describeFailure(error), head);
    }
    button.disabled = false;
  }

  #tellOpening(failure: Failure, head: HTMLElement): void {
    head.append(errorMessage(failure));
  }

  #scrub(preview: Preview, target: string): void {
    const scope = this.#clear();
    const { values } = freeSettings(SCRUBBER_DEFAULTS);
    const view = new ScrubberView({ client: this.#client, settings: values, target });
    scope.add(() => view.dispose());
    this.scrubbing.value = true;
    this.node.dataset.type = "scrubber";
    const state = this.loader.state.peek();
    const back = iconButton("Back to the preview", "back", () => this.#show(state), { djo: "back" });
    const title = el("strong", { title: preview.facts.path }, preview.facts.name);
    const head = el("div", { class: "djo-preview-title" }, back, title);
    this.node.replaceChildren(head, view.node);
    view.node.focus({ preventScroll: true });
  }
}
