/** A text with buttons that copy it. */

import { copyAndTell } from "./clipboard.ts";
import { iconButton } from "./controls.ts";
import { el } from "./dom.ts";

export function copyButton(
  label: string,
  text: string,
  djo: string,
  sign: "copy" | "link" = "copy",
): HTMLElement {
  const name = `Copy ${label}`;
  const props = { djo, "data-text": text };
  const button = iconButton(name, sign, () => void copyAndTell(text, button, sign), props);
  return button;
}

export function copyRow(text: string, buttons: readonly HTMLElement[], kind = ""): HTMLElement {
  const words = el("span", { class: `${kind} djo-copy-text`, title: text }, text);
  return el("div", { class: "djo-copy" }, words, ...buttons);
}
