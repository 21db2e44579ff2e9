/** A sentence in place of what can't be shown: icon, what is so, what to do, and a button where there is one. */

import type { Failure } from "../protocol/messages.ts";
import { textButton } from "./controls.ts";
import { el } from "./dom.ts";
import { type IconName, icon } from "./icons.ts";

export interface MessageAction {
  readonly label: string;
  readonly act: () => void;
}

export interface Message {
  readonly icon: IconName;
  readonly text: string;
  readonly hint?: string;
  readonly action?: MessageAction;
}

function parts({ icon: kind, text, hint, action }: Message): Node[] {
  const words = el("div", { class: "djo-message-words" }, el("p", { class: "djo-message-text" }, text));
  if (hint) words.append(el("p", { class: "djo-message-hint" }, hint));
  if (action) words.append(textButton(action.label, action.act, { class: "djo-primary", djo: "retry" }));
  return [icon(kind), words];
}

/** A quiet note: nothing here, still opening. */
export function noteMessage(message: Message): HTMLElement {
  return el("div", { class: "djo-message", role: "status" }, ...parts(message));
}

export function errorMessage(failure: Failure, action?: MessageAction): HTMLElement {
  const message = { icon: "error", text: failure.message, hint: failure.hint } as const;
  return el(
    "div",
    { class: "djo-message djo-error", role: "alert", djo: "error", "data-code": failure.code },
    ...parts(action ? { ...message, action } : message),
  );
}
