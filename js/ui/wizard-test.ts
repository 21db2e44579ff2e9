/** The test of a store: its steps tick off as they are done. */

import type { StepInfo } from "../protocol/setup.ts";
import type { WizardSession } from "../state/wizard.ts";
import { textButton } from "./controls.ts";
import { el } from "./dom.ts";
import { type IconName, icon } from "./icons.ts";
import type { Scope } from "./scope.ts";

const WORDS: Readonly<Record<StepInfo["status"], string>> = {
  ok: "ok",
  failed: "failed",
  skipped: "skipped",
};
const ICONS: Readonly<Record<StepInfo["status"], IconName>> = {
  ok: "check",
  failed: "error",
  skipped: "info",
};

export function buildTest(session: WizardSession, scope: Scope): Node[] {
  const place = el("code", {}, session.checked.peek().place);
  const list = el("ol", { class: "djo-steps", "aria-live": "polite", djo: "steps" });
  const summary = el("p", { djo: "summary", role: "status" });
  const start = textButton("Test the store", () => void session.runTest(), {
    djo: "test",
    class: "djo-primary",
  });
  const stop = textButton("Stop", () => session.stopTest(), { djo: "stop" });
  scope.effect(() => {
    const running = session.testing.value === "running";
    list.replaceChildren(...session.tested.value.map(buildStep), ...(running ? [buildWaiting()] : []));
    start.disabled = running;
    start.classList.toggle("djo-primary", !session.works.value);
    stop.hidden = !running;
    summary.textContent = summarize(session);
  });
  return [
    el("h3", { class: "djo-heading", tabindex: "-1" }, "Test"),
    el("p", { class: "djo-dim" }, "A small file is written, read back and deleted. Nothing else is touched."),
    place,
    el("div", { class: "djo-actions" }, start, stop),
    list,
    summary,
  ];
}

function buildStep({ step, status, message, hint, seconds }: StepInfo): HTMLElement {
  const time = status === "ok" && seconds > 0 ? `${(1000 * seconds).toFixed(seconds < 0.01 ? 1 : 0)} ms` : "";
  const words = el(
    "span",
    { class: "djo-step-name" },
    step,
    el("span", { class: "djo-sr" }, ` ${WORDS[status]}`),
  );
  const details = el("span", { class: "djo-step-message" }, message);
  if (hint) details.append(el("span", { class: "djo-step-hint" }, hint));
  const end = el("span", { class: "djo-dim djo-step-time" }, time);
  return el(
    "li",
    { class: `djo-step djo-${status}`, djo: `step-${step}` },
    icon(ICONS[status]),
    words,
    details,
    end,
  );
}

function buildWaiting(): HTMLElement {
  return el("li", { class: "djo-step" }, icon("loading"), el("span", { class: "djo-dim" }, "trying…"));
}

function summarize(session: WizardSession): string {
  const { value: testing } = session.testing;
  if (testing === "stopped") return "The test was stopped.";
  if (testing !== "done") return "";
  const failed = session.tested.value.filter(({ status }) => status === "failed").length;
  const note = session.note.value ? ` Note: ${session.note.value}.` : "";
  if (failed > 0)
    return `The store does not work yet. Go back to correct it, or go on and write it as it is.${note}`;
  return `The store works.${note}`;
}
