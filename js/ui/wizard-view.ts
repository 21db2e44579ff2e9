/** A whole wizard in one element: the steps at the left, one page at a time, back and next. */

import { signal } from "@preact/signals-core";
import { STEPS, type StepName, type WizardSession } from "../state/wizard.ts";
import { textButton } from "./controls.ts";
import { el } from "./dom.ts";
import { errorMessage, noteMessage } from "./message.ts";
import { Scope } from "./scope.ts";
import { PAGES } from "./wizard-steps.ts";

const SILENT_AFTER = 6000;

export class WizardView {
  readonly node = el("div", {
    class: "djo-root djo-wizard",
    role: "group",
    "aria-label": "Set up a store",
    "data-lm-suppress-shortcuts": "true",
  });
  readonly #session: WizardSession;
  readonly #scope = new Scope();
  #page = new Scope();
  #isFirst = true;

  constructor(session: WizardSession) {
    this.#session = session;
    const page = el("form", { class: "djo-page", djo: "page", novalidate: true });
    page.addEventListener("submit", (event) => event.preventDefault());
    page.addEventListener("keydown", (event) => this.#onKey(event));
    const failure = el("div");
    this.node.append(
      this.#buildSteps(),
      el("div", { class: "djo-column" }, page, failure, this.#buildFoot()),
    );
    this.#scope.effect(() => {
      const { value: found } = session.failure;
      failure.replaceChildren(...(found ? [errorMessage(found)] : []));
    });
    this.#scope.effect(() => this.#show(page, session.step.value));
    this.#tellSilence(failure);
    void session.start();
  }

  dispose(): void {
    this.#page.dispose();
    this.#scope.dispose();
    this.#session.dispose();
    this.node.remove();
  }

  #show(page: HTMLElement, step: StepName): void {
    // the first page is drawn anew when the kernel has told what there is
    if (step === "store") this.#session.facts.value;
    if (step === "use") this.#session.written.value;
    this.#page.dispose();
    this.#page = new Scope();
    page.replaceChildren(...PAGES[step](this.#session, this.#page));
    if (!this.#isFirst && this.node.contains(document.activeElement ?? null))
      page.querySelector<HTMLElement>(".djo-heading")?.focus({ preventScroll: true });
    this.#isFirst = false;
  }

  #buildSteps(): HTMLElement {
    const session = this.#session;
    const list = el("ol", { class: "djo-way" });
    this.#scope.effect(() => {
      const [steps, now] = [session.steps.value, session.step.value];
      const at = steps.indexOf(now);
      const items = STEPS.filter(({ name }) => steps.includes(name)).map(({ name, label }, index) => {
        const button = el(
          "button",
          { type: "button", djo: `way-${name}`, disabled: index >= at || now === "use" },
          label,
        );
        button.addEventListener("click", () => session.goTo(name));
        if (name === now) button.setAttribute("aria-current", "step");
        return el("li", {}, button);
      });
      list.replaceChildren(...items);
    });
    return el("nav", { "aria-label": "Steps" }, list);
  }

  #buildFoot(): HTMLElement {
    const session = this.#session;
    const back = textButton("Back", () => session.back(), { djo: "back" });
    const next = textButton("Next", () => void session.next(), { djo: "next", class: "djo-primary" });
    const foot = el("div", { class: "djo-foot" }, back, next);
    this.#scope.effect(() => {
      const { value: step } = session.step;
      foot.hidden = step === "store" || step === "use";
      next.hidden = step === "review";
      next.disabled = session.busy.value;
      const untested = step === "test" && session.testing.value !== "done";
      next.classList.toggle("djo-primary", step !== "test" || session.works.value);
      next.textContent = untested ? "Go on untested" : "Next";
    });
    return foot;
  }

  /** Enter in a field goes on, as in any form. */
  #onKey(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (event.key !== "Enter" || !target.matches("input:not([type=radio])")) return;
    event.preventDefault();
    target.dispatchEvent(new Event("change", { bubbles: true }));
    void this.#session.next();
  }

  #tellSilence(place: HTMLElement): void {
    const silent = signal(false);
    const timer = setTimeout(() => (silent.value = true), SILENT_AFTER);
    this.#scope.add(() => clearTimeout(timer));
    this.#scope.effect(() => {
      if (!silent.value || this.#session.facts.value || this.#session.failure.value) return;
      const hint = "It may be busy with another cell, or not running.";
      place.replaceChildren(noteMessage({ icon: "info", text: "The kernel has not answered yet.", hint }));
    });
  }
}
