/** The fields of a form: label, control, help, and what is wrong with it, read out together. */

import type { FieldInfo, FieldProblem, FieldValue } from "../protocol/setup.ts";
import type { WizardSession } from "../state/wizard.ts";
import { textButton } from "./controls.ts";
import { el, setText } from "./dom.ts";
import { icon } from "./icons.ts";
import type { Scope } from "./scope.ts";

let serial = 0;

export interface Shell {
  readonly node: HTMLElement;
  readonly id: string;
  readonly describedBy: string;
}

/** A labelled place for a control, with its help and its problem. */
function buildShell(
  session: WizardSession,
  scope: Scope,
  field: { name: string; label: string; help: string; example: string; required: boolean },
  control: HTMLElement,
): HTMLElement {
  const id = `djo-field-${++serial}`;
  const help = el("p", { class: "djo-help", id: `${id}-help` }, field.help);
  if (field.example) help.append(" For example ", el("code", {}, field.example));
  const problem = el("p", {
    class: "djo-problem",
    id: `${id}-problem`,
    role: "alert",
    djo: `problem-${field.name}`,
  });
  control.id = id;
  control.setAttribute("aria-describedby", `${id}-help ${id}-problem`);
  if (field.required) control.setAttribute("aria-required", "true");
  const label = el("label", { for: id }, field.label);
  if (!field.required) label.append(el("span", { class: "djo-dim" }, " optional"));
  scope.effect(() => {
    const found = problemOf(session, field.name);
    control.setAttribute("aria-invalid", String(found !== null));
    problem.hidden = found === null;
    setText(problem, found ? sentence(found) : "");
  });
  return el("div", { class: "djo-form-field", djo: `field-${field.name}` }, label, control, help, problem);
}

function problemOf(session: WizardSession, name: string): FieldProblem | null {
  if (!session.touched.value.has(name)) return null;
  return session.checked.value.problems.find(({ field }) => field === name) ?? null;
}

export function sentence({ message, hint }: FieldProblem): string {
  const parts = [message, hint].filter((part) => part !== "").map((part) => part.replace(/[.;]?\s*$/, ""));
  return parts.map((part) => `${part.charAt(0).toUpperCase()}${part.slice(1)}.`).join(" ");
}

export function buildNameField(session: WizardSession, scope: Scope): HTMLElement {
  const input = el("input", {
    type: "text",
    class: "djo-field",
    djo: "name",
    autocomplete: "off",
    spellcheck: "false",
  });
  input.value = session.name.peek();
  input.addEventListener("input", () => session.rename(input.value.trim()));
  const words = { label: "Name", help: "Tables name it after the @.", example: "main" };
  return buildShell(session, scope, { name: "name", required: true, ...words }, input);
}

export function buildField(session: WizardSession, scope: Scope, field: FieldInfo): HTMLElement {
  const control =
    field.type === "secret"
      ? buildSecret(session, scope, field)
      : field.type === "choice"
        ? buildChoice(session, field)
        : field.type === "boolean"
          ? buildSwitch(session, field)
          : buildText(session, field);
  const target = control.matches("input, select") ? control : (control.querySelector("input") ?? control);
  const shell = buildShell(session, scope, field, target as HTMLElement);
  if (target !== control) shell.insertBefore(control, shell.children[1] ?? null);
  return shell;
}

function filledIn(session: WizardSession, field: FieldInfo): FieldValue | null {
  return session.values.peek()[field.name] ?? null;
}

function buildText(session: WizardSession, field: FieldInfo): HTMLInputElement {
  const input = el("input", {
    type: "text",
    class: "djo-field",
    djo: field.name,
    autocomplete: "off",
    spellcheck: "false",
    inputmode: field.type === "integer" ? "numeric" : undefined,
    placeholder: field.default === null ? undefined : String(field.default),
  });
  input.value = String(filledIn(session, field) ?? "");
  input.addEventListener("input", () => session.fill(field.name, input.value));
  return input;
}

function buildChoice(session: WizardSession, field: FieldInfo): HTMLSelectElement {
  const options = field.choices.map((choice) => el("option", { value: choice }, choice));
  const select = el(
    "select",
    { class: "djo-field", djo: field.name },
    el("option", { value: "" }, "default"),
    ...options,
  );
  select.value = String(filledIn(session, field) ?? "");
  select.addEventListener("change", () => session.fill(field.name, select.value));
  return select;
}

function buildSwitch(session: WizardSession, field: FieldInfo): HTMLInputElement {
  const box = el("input", { type: "checkbox", djo: field.name });
  box.checked = (filledIn(session, field) ?? field.default) === true;
  box.addEventListener("change", () => session.fill(field.name, box.checked));
  return box;
}

/** A secret goes to the kernel in a message of its own, and its field is empty again at once. */
function buildSecret(session: WizardSession, scope: Scope, field: FieldInfo): HTMLElement {
  const input = el("input", {
    type: "password",
    class: "djo-field",
    djo: field.name,
    autocomplete: "new-password",
    spellcheck: "false",
  });
  const send = () => {
    const secret = input.value;
    input.value = "";
    if (secret !== "") void session.giveSecret(field.name, secret);
  };
  input.addEventListener("change", send);
  input.addEventListener("blur", send);
  const state = el("span", { class: "djo-given", role: "status" });
  const remove = textButton("Remove", () => void session.giveSecret(field.name, ""), {
    djo: `remove-${field.name}`,
    "aria-label": `Remove ${field.label}`,
  });
  scope.effect(() => {
    const isGiven = session.given.value.has(field.name);
    state.replaceChildren(...(isGiven ? [icon("check"), "the kernel has it"] : []));
    remove.hidden = !isGiven;
    input.placeholder = isGiven ? "type to replace it" : "";
  });
  return el("div", { class: "djo-secret" }, input, state, remove);
}
