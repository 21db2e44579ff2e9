/** Presses and drags of a pointer, and turns of a wheel, at places of the page. */

import { find } from "./page.ts";

export interface At {
  readonly button?: number;
  readonly id?: number;
  readonly type?: string;
}

export function point(
  target: Element,
  kind: string,
  y: number,
  x: number,
  { button = 0, id = 1, type = "mouse" }: At = {},
) {
  const init = {
    clientX: x,
    clientY: y,
    button,
    pointerId: id,
    pointerType: type,
    bubbles: true,
    cancelable: true,
  };
  target.dispatchEvent(new PointerEvent(kind, init));
}

export function drag(target: Element, path: readonly (readonly [number, number])[], how: At = {}): void {
  const [first, ...rest] = path;
  const last = path.at(-1);
  if (!first || !last) return;
  // what was pressed may be drawn anew on the way; the picture has the pointer
  const box = target.closest('[data-djo="picture"]') ?? target;
  point(target, "pointerdown", ...first, how);
  for (const at of rest) point(box, "pointermove", ...at, how);
  point(box, "pointerup", ...last, how);
}

export function wheel(target: Element, init: WheelEventInit): WheelEvent {
  const event = new WheelEvent("wheel", {
    bubbles: true,
    cancelable: true,
    clientX: 100,
    clientY: 300,
    ...init,
  });
  // happy-dom forgets the keys of wheel events
  for (const key of ["ctrlKey", "clientX", "clientY"] as const)
    Object.defineProperty(event, key, {
      value: init[key] ?? { ctrlKey: false, clientX: 100, clientY: 300 }[key],
    });
  target.dispatchEvent(event);
  return event;
}

/** Of tools with a pointer: a click, which a key press is not. */
export function take(root: HTMLElement, tool: string): void {
  find(root, `tool-${tool}`).dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 1 }));
}
