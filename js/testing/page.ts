/** Finds and uses what is on the page as a user would, by `data-djo`. */

import { vi } from "vitest";

/** Lets time pass: answers come, screens refresh. */
export async function pass(milliseconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
}

export function find<T extends HTMLElement = HTMLElement>(root: ParentNode, name: string): T {
  const found = root.querySelector<T>(`[data-djo="${name}"]`);
  if (!found) throw new Error(`nothing on the page is named ${name}`);
  return found;
}

export function findAll(root: ParentNode, name: string): HTMLElement[] {
  return [...root.querySelectorAll<HTMLElement>(`[data-djo="${name}"]`)];
}

export function enter(field: HTMLElement, value: string, event: "input" | "change" = "change"): void {
  (field as HTMLInputElement).value = value;
  field.dispatchEvent(new Event(event, { bubbles: true }));
}

/** Presses a key and lets it go. */
export function press(target: HTMLElement, key: string, options: KeyboardEventInit = {}): void {
  for (const kind of ["keydown", "keyup"])
    target.dispatchEvent(new KeyboardEvent(kind, { key, bubbles: true, cancelable: true, ...options }));
}
