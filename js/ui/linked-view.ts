/** Several movies side by side, one under the other where it is narrow. */

import { computed, type ReadonlySignal, signal, untracked } from "@preact/signals-core";
import type { LinkedView } from "../protocol/messages.ts";
import { type Follower, LinkedMovies } from "../state/linked.ts";
import type { Opening, ScrubberSession } from "../state/session.ts";
import { numberField } from "./controls.ts";
import { el, setField } from "./dom.ts";
import { errorMessage, noteMessage } from "./message.ts";
import { Scope } from "./scope.ts";
import { type Spot, Stage } from "./stage.ts";

/** The pixel under the pointer, and the movie that it belongs to. */
export interface Pointed {
  readonly session: ScrubberSession;
  readonly spot: Spot | null;
}

function paneOf({ title, role }: LinkedView, ...parts: Node[]): HTMLElement {
  const name = title || (role === "difference" ? "Difference" : "Movie");
  const head = el(
    "div",
    { class: "djo-pane-head" },
    el("span", { class: "djo-pane-title", title: name }, name),
  );
  return el(
    "section",
    { class: "djo-pane", djo: "pane", "aria-label": name, "data-role": role, "data-painted": 0 },
    head,
    ...parts,
  );
}

/** How many units of noise are black and white, in a difference. */
function buildReach({ settings, shown }: ScrubberSession, scope: Scope): HTMLElement {
  const field = numberField(
    "Contrast of the difference, in units of noise",
    (value) => {
      const reach = Math.abs(value);
      if (reach > 0) settings.contrast.value = [-reach, reach];
    },
    { djo: "reach", min: 0, class: "djo-reach" },
  );
  scope.effect(() => setField(field, String(Number((shown.value?.contrast[1] ?? 0).toPrecision(3)))));
  return el("label", { class: "djo-pane-reach" }, "±", field, el("span", { class: "djo-dim" }, "noise"));
}

interface Pane {
  readonly node: HTMLElement;
  readonly session: ScrubberSession;
  readonly spot: ReadonlySignal<Spot | null>;
}

export class LinkedPanes {
  readonly node: HTMLElement;
  readonly main: Stage;
  readonly pointed: ReadonlySignal<Pointed>;

  constructor(session: ScrubberSession, views: readonly LinkedView[], scope: Scope, root: HTMLElement) {
    const [first, ...others] = views as readonly [LinkedView, ...LinkedView[]];
    const linked = new LinkedMovies(session, others);
    scope.add(() => linked.dispose());
    this.main = new Stage(session, scope, root);
    const panes = linked.followers.map((follower) => this.#buildPane(follower, scope));
    this.node = el(
      "div",
      { class: "djo-panes", djo: "panes" },
      paneOf(first, this.main.node),
      ...panes.map(({ node }) => node),
    );
    this.pointed = computed(() => {
      const found = panes.find(({ spot }) => spot.value !== null);
      return { session: found?.session ?? session, spot: found?.spot.value ?? this.main.spot.value };
    });
  }

  #buildPane({ session, view }: Follower, scope: Scope): Pane {
    const body = el("div", { class: "djo-pane-body" });
    const node = paneOf(view, body);
    const stage = signal<Stage | null>(null);
    let inner = new Scope();
    scope.effect(() => {
      const [opening, movie] = [session.opening.value, session.movie.value];
      untracked(() => {
        inner.dispose();
        inner = new Scope();
        node.dataset.state = opening.step;
        stage.value = opening.step === "ready" && movie ? new Stage(session, inner, node) : null;
        body.replaceChildren(stage.value?.node ?? sayOpening(opening, session));
      });
    });
    scope.add(() => inner.dispose());
    if (view.role === "difference") node.firstElementChild?.append(buildReach(session, scope));
    return { node, session, spot: computed(() => stage.value?.spot.value ?? null) };
  }
}

function sayOpening(opening: Opening, session: ScrubberSession): HTMLElement {
  if (opening.step !== "failed") return noteMessage({ icon: "loading", text: "Opening the movie…" });
  return errorMessage(opening.failure, { label: "Try again", act: () => void session.open() });
}
