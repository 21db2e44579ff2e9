/**
 * Zoom and pan by pointer and wheel. A notebook scrolls: the plain wheel is the page's until the picture has
 * been clicked, the wheel with Ctrl, and a pinch, always zoom.
 */

import type { Pair } from "../protocol/messages.ts";
import { followDrag } from "./drag.ts";
import { usesSpace } from "./space-key.ts";
import type { PictureWindow } from "./window.ts";

/** Zoom for each CSS pixel of the wheel: a notch of 100 is a quarter more. */
const WHEEL = 0.0022;
/** A pinch on a touch pad comes as a wheel of small steps. */
const PINCH = 0.01;
const LINE = 16;
const MIDDLE = 1;

export class Gestures {
  readonly #node: HTMLElement;
  readonly #window: PictureWindow;
  /** Fingers on the picture, by id. */
  readonly #fingers = new Map<number, PointerEvent>();

  constructor(node: HTMLElement, window: PictureWindow) {
    this.#node = node;
    this.#window = window;
    node.addEventListener("wheel", (event) => this.#onWheel(event), { passive: false });
    node.addEventListener("pointerdown", (event) => this.#track(event), { capture: true });
    for (const kind of ["pointerup", "pointercancel"] as const)
      node.addEventListener(kind, (event) => this.#fingers.delete(event.pointerId), { capture: true });
  }

  /** True if two fingers are down: then nothing is drawn or moved. */
  get isPinching(): boolean {
    return this.#fingers.size > 1;
  }

  /** Drags the picture, where there is more of it than is seen. */
  pan(press: PointerEvent): void {
    if (!this.#window.isZoomed) return;
    const held = this.#window.pointAt(press, this.#node);
    this.#node.classList.add("djo-panning");
    followDrag(this.#node, press, {
      move: (event) => {
        if (this.isPinching) return;
        const now = this.#window.pointAt(event, this.#node);
        this.#window.panBy([held[0] - now[0], held[1] - now[1]]);
      },
      end: () => this.#node.classList.remove("djo-panning"),
    });
  }

  /** Whether a press moves the picture whatever lies under it: of the middle button, or with the space bar. */
  isPanning({ button }: PointerEvent): boolean {
    return button === MIDDLE || (button === 0 && usesSpace(this.#node));
  }

  #onWheel(event: WheelEvent): void {
    const isMeant = event.ctrlKey || event.metaKey || this.#node.contains(document.activeElement);
    // at the whole picture there is nothing to zoom out of: the page scrolls on
    if (!isMeant || event.deltaY === 0 || (!event.ctrlKey && event.deltaY > 0 && !this.#window.isZoomed))
      return;
    event.preventDefault();
    event.stopPropagation();
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE);
    const rate = event.ctrlKey && Math.abs(pixels) < 50 ? PINCH : WHEEL;
    this.#window.zoomBy(Math.exp(-pixels * rate), this.#window.pointAt(event, this.#node));
  }

  #track(event: PointerEvent): void {
    if (event.pointerType !== "touch") return;
    this.#fingers.set(event.pointerId, event);
    if (this.#fingers.size !== 2) return;
    followDrag(this.#node, event, { move: (moved) => this.#pinch(moved) });
    const other = [...this.#fingers.keys()].find((id) => id !== event.pointerId);
    const first = this.#fingers.get(other ?? event.pointerId);
    if (first) followDrag(this.#node, first, { move: (moved) => this.#pinch(moved) });
  }

  #pinch(moved: PointerEvent): void {
    const before = [...this.#fingers.values()];
    this.#fingers.set(moved.pointerId, moved);
    const after = [...this.#fingers.values()];
    if (before.length !== 2) return;
    const [from, to] = [spread(before), spread(after)];
    const middle = this.#window.pointAt(middleOf(before), this.#node);
    this.#window.zoomBy(to / Math.max(1, from), middle);
    const now = this.#window.pointAt(middleOf(after), this.#node);
    this.#window.panBy(difference(middle, now));
  }
}

function spread([a, b]: readonly PointerEvent[]): number {
  return a && b ? Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) : 1;
}

function middleOf([a, b]: readonly PointerEvent[]): { clientX: number; clientY: number } {
  const mean = (key: "clientX" | "clientY") => ((a?.[key] ?? 0) + (b?.[key] ?? 0)) / 2;
  return { clientX: mean("clientX"), clientY: mean("clientY") };
}

function difference(from: Pair, to: Pair): Pair {
  return [from[0] - to[0], from[1] - to[1]];
}
