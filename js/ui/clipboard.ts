/** Copying, also where the page may not use the clipboard's own interface. */

import { setIcon } from "./controls.ts";
import { el } from "./dom.ts";
import type { IconName } from "./icons.ts";

const TOLD_FOR = 1500;

function copyBySelection(text: string, near: HTMLElement): boolean {
  const area = el("textarea", { class: "djo-copy-area", "aria-hidden": "true" });
  area.value = text;
  near.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

export async function copyText(text: string, near: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text, near);
  }
}

/** Copies, and says so on the button for a moment. */
export async function copyAndTell(text: string, button: HTMLElement, sign: IconName = "copy"): Promise<void> {
  const { title } = button;
  const done = await copyText(text, button.parentElement ?? button);
  setIcon(button, done ? "Copied" : "The browser does not allow copying", done ? "check" : "error");
  setTimeout(() => setIcon(button, title, sign), TOLD_FOR);
}
