/** A whole scrubber in one element: opens its movie, or says why not. */

import { computed, signal, untracked } from "@preact/signals-core";
import type { Movie } from "../state/movie.ts";
import { type Opening, ScrubberSession, type SessionParts } from "../state/session.ts";
import { el } from "./dom.ts";
import { buildExportMenu } from "./export-menu.ts";
import { LinkedPanes } from "./linked-view.ts";
import { buildLiveRegion } from "./live-region.ts";
import { errorMessage, noteMessage } from "./message.ts";
import { buildNotices } from "./notices.ts";
import { buildPanel } from "./panel.ts";
import { Scope } from "./scope.ts";
import { SpaceKey } from "./space-key.ts";
import { Stage } from "./stage.ts";
import { buildStatusLine, rememberPanel } from "./status-line.ts";
import { Timeline } from "./timeline.ts";
import { buildTransport } from "./transport.ts";

/** From this width on the panel is open at first. */
const WIDE = 640;
/** Steps of the keys that move in time; ten times as far with shift. */
const STEPS: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1 };
const EVENTS: Readonly<Record<string, 1 | -1>> = { "[": -1, "]": 1 };

function keepsItsKeys(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement)
    return target.type === "range" ? false : target.type !== "checkbox" || key === " ";
  if (target instanceof HTMLSelectElement || target.getAttribute("role") === "slider") return true;
  return target instanceof HTMLButtonElement && key === " ";
}

export class ScrubberView {
  readonly node = el("div", {
    class: "djo-root djo-scrubber",
    role: "group",
    "aria-label": "Movie",
    tabindex: -1,
    // JupyterLab's own keys rest while the scrubber has the focus
    "data-lm-suppress-shortcuts": "true",
    "data-painted": 0,
  });
  readonly #session: ScrubberSession;
  readonly #scope = new Scope();
  #inner = new Scope();
  #timeline: Timeline | null = null;
  readonly #space: SpaceKey;

  constructor(parts: SessionParts) {
    this.#session = new ScrubberSession(parts);
    this.#space = new SpaceKey(this.node, () => this.#session.toggle());
    this.node.addEventListener("keydown", (event) => this.#onKey(event));
    this.#scope.effect(() => {
      const opening = this.#session.opening.value;
      const movie = this.#session.movie.value;
      untracked(() => this.#show(opening, movie));
    });
    void this.#session.open();
  }

  dispose(): void {
    this.#inner.dispose();
    this.#scope.dispose();
    this.#session.dispose();
    this.node.remove();
  }

  #show(opening: Opening, movie: Movie | null): void {
    this.#inner.dispose();
    this.#inner = new Scope();
    this.#timeline = null;
    this.node.dataset.state = opening.step;
    if (opening.step === "ready" && movie) return this.node.replaceChildren(...this.#build(movie));
    if (opening.step === "failed") {
      const retry = { label: "Try again", act: () => void this.#session.open() };
      return this.node.replaceChildren(errorMessage(opening.failure, retry));
    }
    const silent = opening.step === "opening" && opening.silent;
    const text = silent ? "The kernel has not answered yet." : "Opening the movie…";
    const hint = silent
      ? "It may be busy with another cell, or not running. The movie opens as soon as it answers."
      : "";
    this.node.replaceChildren(noteMessage({ icon: silent ? "info" : "loading", text, hint }));
  }

  #build(movie: Movie): Node[] {
    const [session, scope] = [this.#session, this.#inner];
    this.node.setAttribute("aria-label", movie.title ? `Movie ${movie.title}` : "Movie");
    const width = this.node.clientWidth || this.node.parentElement?.clientWidth || WIDE;
    const panelOpen = rememberPanel(scope, width >= WIDE);
    const exportOpen = signal(false);
    const linked = movie.views.length > 1 ? new LinkedPanes(session, movie.views, scope, this.node) : null;
    const stage = linked?.main ?? new Stage(session, scope, this.node);
    const pointed = linked?.pointed ?? computed(() => ({ session, spot: stage.spot.value }));
    const panel = buildPanel(session, scope, movie);
    scope.effect(() => {
      panel.hidden = !panelOpen.value;
    });
    const timeline = new Timeline(session, scope);
    this.#timeline = timeline;
    return [
      buildNotices(session, scope, movie),
      el("div", { class: "djo-view" }, linked?.node ?? stage.node, panel),
      el("div", { class: "djo-run" }, buildTransport(session, scope), timeline.node),
      buildStatusLine(session, scope, { pointed, panelOpen, exportOpen }),
      buildExportMenu(session, scope, { stage, open: exportOpen }),
      buildLiveRegion(session, scope),
    ];
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const isNeeded = keepsItsKeys(event.target, event.key);
    const isSpace = this.#session.movie.peek() !== null && this.#space.press(event, isNeeded);
    if (!isSpace && (isNeeded || !this.#act(event))) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** True if the key means something here. */
  #act({ key, shiftKey }: KeyboardEvent): boolean {
    const frames = this.#session.movie.peek()?.frames;
    if (frames === undefined) return false;
    const [step, event] = [STEPS[key], EVENTS[key]];
    if (step !== undefined) this.#session.move(step * (shiftKey ? 10 : 1));
    else if (event !== undefined) this.#timeline?.seekEvent(event);
    else if (key === "Home") this.#session.seek(0);
    else if (key === "End") this.#session.seek(frames - 1);
    else return false;
    return true;
  }
}
