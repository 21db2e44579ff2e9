/** How far a projection is, with a way to stop it, or why there is none. */

import type { Projected } from "../state/picture.ts";
import type { Projector } from "../state/projector.ts";
import { textButton } from "./controls.ts";
import { el, setText } from "./dom.ts";
import { errorMessage } from "./message.ts";

export const PROJECTION_NAMES = { mean: "Mean", max: "Maximum", std: "Standard deviation" } as const;

export class ProjectionMessage {
  readonly #projector: Projector;
  readonly #text = el("span");
  readonly #bar = el("progress", { djo: "projection-progress", "aria-label": "Projection", max: 1 });
  readonly #node: HTMLElement;

  constructor(projector: Projector) {
    this.#projector = projector;
    const stop = textButton("Stop", () => projector.cancel(), { djo: "projection-stop" });
    this.#node = el(
      "div",
      { class: "djo-message djo-progress", role: "status" },
      this.#text,
      this.#bar,
      stop,
    );
  }

  show(projected: Projected): HTMLElement {
    const { kind, done, total, failure } = projected;
    if (failure)
      return errorMessage(failure, { label: "Back to frames", act: () => this.#projector.cancel() });
    setText(this.#text, `${PROJECTION_NAMES[kind]} of all frames`);
    if (total > 0) this.#bar.value = done / total;
    else this.#bar.removeAttribute("value");
    return this.#node;
  }
}
