/** Lines to copy. */

import { copyAndTell } from "./clipboard.ts";
import { iconButton } from "./controls.ts";
import { el } from "./dom.ts";

export function codeBlock(text: string): HTMLElement {
  const copy = iconButton("Copy", "copy", () => void copyAndTell(text, copy), { djo: "copy" });
  return el("div", { class: "djo-code" }, el("pre", { djo: "code", tabindex: "0" }, text), copy);
}
