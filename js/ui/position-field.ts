/** The field that shows the frame and takes another: "300", "12.5 s". What is typed stays while the movie runs. */

import { parseJump } from "../state/jump.ts";
import type { ScrubberSession } from "../state/session.ts";
import { el, setText } from "./dom.ts";

export class PositionField {
  readonly node = el("input", {
    type: "text",
    inputmode: "decimal",
    autocomplete: "off",
    spellcheck: "false",
    class: "djo-field djo-number",
    djo: "position",
    "aria-label": "Jump to frame or time",
    title: "A frame such as 300, or a time such as 12.5 s or 1:02.5",
    on: {
      input: () => {
        this.#isTyping = true;
      },
      change: () => this.#jump(),
      // what was typed may be what was there, which is no change
      blur: () => this.#jump(),
      keydown: ({ key }) => {
        if (key === "Enter") this.#jump();
      },
    },
  });
  readonly wrong = el("span", { class: "djo-wrong", djo: "position-error", role: "alert" });
  readonly #session: ScrubberSession;
  #isTyping = false;

  constructor(session: ScrubberSession) {
    this.#session = session;
  }

  /** Shows where the movie is, unless something is being typed. */
  follow(frames: number): void {
    this.node.style.width = `${Math.max(4, String(frames - 1).length) + 3}ch`;
    const index = this.#session.shown.peek()?.index;
    if (this.#isTyping || index === undefined) return;
    this.node.value = String(index);
    this.node.setAttribute("aria-invalid", "false");
    setText(this.wrong, "");
  }

  #jump(): void {
    const movie = this.#session.movie.peek();
    if (!movie || !this.#isTyping) return;
    this.#isTyping = false;
    const wanted = parseJump(this.node.value, movie);
    if (wanted.ok) {
      this.#session.seek(wanted.index);
      return this.follow(movie.frames);
    }
    this.node.setAttribute("aria-invalid", "true");
    setText(this.wrong, wanted.message);
  }
}
