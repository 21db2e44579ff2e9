/** Buttons, fields and choices, 24 px high. */

import { el, type Props } from "./dom.ts";
import { type IconName, icon } from "./icons.ts";

/** A button that shows only an icon; `name` is read aloud and shown as a tip. */
export function iconButton(
  name: string,
  kind: IconName,
  onClick: () => void,
  props: Props = {},
): HTMLButtonElement {
  return el(
    "button",
    {
      type: "button",
      title: name,
      "aria-label": name,
      on: { click: onClick },
      ...props,
      class: `djo-icon-button ${props.class ?? ""}`,
    },
    icon(kind),
  );
}

export function setIcon(button: HTMLElement, name: string, kind: IconName): void {
  if (button.title === name) return;
  button.title = name;
  button.setAttribute("aria-label", name);
  button.replaceChildren(icon(kind));
}

export function textButton(label: string, onClick: () => void, props: Props = {}): HTMLButtonElement {
  return el(
    "button",
    { type: "button", on: { click: onClick }, ...props, class: `djo-button ${props.class ?? ""}` },
    label,
  );
}

/** A field for a number; `onNumber` hears only numbers, once the user has finished typing. */
export function numberField(
  name: string,
  onNumber: (value: number) => void,
  props: Props = {},
): HTMLInputElement {
  const field = el("input", {
    type: "number",
    step: "any",
    "aria-label": name,
    ...props,
    class: `djo-field djo-number ${props.class ?? ""}`,
  });
  const finish = () => {
    if (Number.isFinite(field.valueAsNumber)) onNumber(field.valueAsNumber);
  };
  field.addEventListener("change", finish);
  // in a notebook the browser does not always count Enter as the end of typing
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") finish();
  });
  return field;
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

export function selectField(
  name: string,
  choices: readonly Choice[],
  onChoice: (value: string) => void,
  props: Props = {},
): HTMLSelectElement {
  const options = choices.map(({ value, label }) => el("option", { value }, label));
  const field = el(
    "select",
    { "aria-label": name, ...props, class: `djo-field ${props.class ?? ""}` },
    ...options,
  );
  field.addEventListener("change", () => onChoice(field.value));
  return field;
}

export function checkField(
  label: string,
  onCheck: (checked: boolean) => void,
  props: Props = {},
): HTMLLabelElement {
  const box = el("input", { type: "checkbox", ...props });
  box.addEventListener("change", () => onCheck(box.checked));
  return el("label", { class: "djo-check" }, box, label);
}

/** A choice along a line, with its value in words beside it; `onNumber` hears each step of a drag. */
export function rangeField(
  name: string,
  onNumber: (value: number) => void,
  props: Props = {},
): { readonly node: HTMLElement; readonly field: HTMLInputElement; readonly words: HTMLElement } {
  const field = el("input", { type: "range", "aria-label": name, ...props, class: "djo-range" });
  const words = el("span", { class: "djo-range-words" });
  field.addEventListener("input", () => onNumber(field.valueAsNumber));
  // arrows are the field's own, not those that move in time
  field.addEventListener("keydown", (event) => {
    if (!event.altKey && /^(Arrow|Home|End|Page)/.test(event.key)) event.stopPropagation();
  });
  return { node: el("span", { class: "djo-range-box" }, field, words), field, words };
}

/** A field with its name before it. */
export function labelled(label: string, field: HTMLElement): HTMLElement {
  return el("label", { class: "djo-labelled" }, el("span", {}, label), field);
}
