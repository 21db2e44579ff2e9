/** What would be written, exactly, before it is. */

import type { Review, TargetInfo } from "../protocol/setup.ts";
import type { WizardSession } from "../state/wizard.ts";
import { codeBlock } from "./code-block.ts";
import { textButton } from "./controls.ts";
import { el } from "./dom.ts";
import { noteMessage } from "./message.ts";
import type { Scope } from "./scope.ts";

export function buildReview(session: WizardSession, scope: Scope): Node[] {
  const body = el("div", { class: "djo-review" });
  scope.effect(() => {
    const { value: review } = session.review;
    if (review) body.replaceChildren(...buildBody(session, review));
    else if (session.failure.value) body.replaceChildren();
    else body.replaceChildren(noteMessage({ icon: "loading", text: "Looking at the files…" }));
  });
  const title = el("h3", { class: "djo-heading", tabindex: "-1" }, "Review");
  return session.kind.peek() ? [title, buildTargets(session, scope), body] : [title, body];
}

function buildTargets(session: WizardSession, scope: Scope): HTMLElement {
  const targets = session.facts.peek()?.targets ?? [];
  const group = `djo-target-${Math.random().toString(36).slice(2)}`;
  const radio = (target: number | null, label: string, note: string) => {
    const input = el("input", { type: "radio", name: group, djo: `target-${target ?? "environment"}` });
    input.addEventListener("change", () => session.chooseTarget(target));
    scope.effect(() => {
      input.checked = session.target.value === target;
    });
    return el(
      "label",
      { class: "djo-check" },
      input,
      el("code", {}, label),
      el("span", { class: "djo-dim" }, note),
    );
  };
  return el(
    "fieldset",
    { class: "djo-targets" },
    el("legend", {}, "Where to write it"),
    ...targets.map((target, index) => radio(index, target.path, noteOf(target))),
    radio(null, "DJ_STORES", "write no file: a line for the environment"),
  );
}

function noteOf({ exists, is_elsewhere }: TargetInfo): string {
  if (is_elsewhere) return "above this folder: others may use it too";
  return exists ? "will be changed" : "will be made";
}

function buildBody(session: WizardSession, review: Review): Node[] {
  if (review.environment && !review.file) {
    const words =
      "Put this line into the environment. Secrets are not in it: keep them in .secrets, or with your system.";
    return [el("p", { class: "djo-dim" }, words), codeBlock(review.environment), codeBlock(review.python)];
  }
  if (!review.review) return [noteMessage({ icon: "check", text: "There is nothing to change." })];
  const parts: Node[] = [buildDiff(review.diff), buildFiles(review)];
  parts.push(...review.notes.map((note) => noteMessage({ icon: "info", text: note })));
  const write = textButton("Write", () => void session.write(), { djo: "write", class: "djo-primary" });
  return [...parts, write];
}

/** The lines of a diff, each marked by its sign as well as by its colour. */
function buildDiff(diff: string): HTMLElement {
  const lines = diff.split("\n").map((line) => {
    const kind = /^(\+\+\+|---)/.test(line)
      ? "file"
      : line.startsWith("+")
        ? "new"
        : line.startsWith("-")
          ? "old"
          : "";
    return el("span", { class: `djo-line djo-line-${kind}` }, `${line}\n`);
  });
  return el("pre", { class: "djo-diff", djo: "diff", tabindex: "0", "aria-label": "Changes" }, ...lines);
}

function buildFiles({ files, backup }: Review): HTMLElement {
  const rows = files.map(({ path, mode, action }) => {
    const note = action === "remove" ? "removed" : mode ? `mode ${mode}, for you alone` : "written at once";
    return el("li", {}, el("code", {}, path), el("span", { class: "djo-dim" }, ` ${note}`));
  });
  if (backup)
    rows.push(
      el("li", {}, el("code", {}, backup), el("span", { class: "djo-dim" }, " the file as it is now")),
    );
  return el("ul", { class: "djo-files", djo: "files" }, ...rows);
}
