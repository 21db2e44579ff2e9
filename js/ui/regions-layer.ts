/** Regions over the picture: their outlines, the handles of the selected one, and what a drag does to them. */

import type { Pair } from "../protocol/messages.ts";
import type { RegionEditor } from "../state/region-editor.ts";
import {
  buildPath,
  edgeAt,
  handlesOf,
  insertCorner,
  moveHandle,
  moveShape,
  removeCorner,
} from "../state/regions.ts";
import type { Region } from "../state/settings.ts";
import { followDrag } from "./drag.ts";
import type { Scope } from "./scope.ts";
import { svg } from "./svg.ts";
import type { PictureWindow } from "./window.ts";

/** A polygon with more corners shows no places for further ones. */
const MANY_CORNERS = 40;

/** Milliseconds within which two presses are a double click. */
const DOUBLE = 400;
/** CSS pixels within which a double click meets an edge, or the place of the first click. */
const NEAR = 6;

export class RegionsLayer {
  readonly node = svg("g");
  readonly #box: HTMLElement;
  readonly #window: PictureWindow;
  readonly #editor: RegionEditor;
  readonly #shapes = svg("g");
  readonly #handles = svg("g");
  #lastPress: { readonly on: string; readonly event: PointerEvent } | null = null;

  constructor(box: HTMLElement, window: PictureWindow, editor: RegionEditor, scope: Scope) {
    this.#box = box;
    this.#window = window;
    this.#editor = editor;
    this.node.append(this.#shapes, this.#handles);
    scope.effect(() => this.#drawShapes());
    scope.effect(() => this.#drawHandles());
    scope.effect(() => this.#shapes.setAttribute("transform", transformOf(window)));
  }

  /** True if the press changes the selected region. */
  press(event: PointerEvent): boolean {
    const region = this.#selected();
    const target = event.target as Element;
    const isSecond = this.#isSecond(target, event);
    if (!region) return false;
    const handle = numberOf(target, "data-handle");
    const edge = numberOf(target, "data-edge") ?? (isSecond ? this.#findEdge(region, target, event) : null);
    if (handle !== null && isSecond) this.#editor.change(region.id, without(handle));
    else if (handle !== null) this.#dragHandle(region, handle, event);
    else if (edge !== null) this.#addCorner(region, edge, event, isSecond);
    else if (target.getAttribute("data-region") === region.id) this.#dragRegion(region, event);
    else return false;
    return true;
  }

  #selected(): Region | undefined {
    return this.#editor.find(this.#editor.selected.peek());
  }

  #dragHandle(region: Region, handle: number, press: PointerEvent): void {
    this.#editor.corner.value = handle;
    this.#drag(press, (at) => moveHandle(region, handle, at));
  }

  /** A corner that follows the pointer; one that is not moved is there `atOnce`, or not at all. */
  #addCorner(region: Region, edge: number, press: PointerEvent, atOnce: boolean): void {
    const more = insertCorner(region, edge, this.#window.pointAt(press, this.#box));
    this.#dragHandle(more, edge + 1, press);
    if (atOnce) this.#editor.draft.value = more;
  }

  #findEdge(region: Region, target: Element, press: PointerEvent): number | null {
    if (target.getAttribute("data-region") !== region.id) return null;
    const at = this.#window.pointAt(press, this.#box);
    return edgeAt(region, at, NEAR / (this.#window.scale.peek() || 1));
  }

  #dragRegion(region: Region, press: PointerEvent): void {
    const from = this.#window.pointAt(press, this.#box);
    const size = this.#window.size.peek();
    this.#drag(press, (at) => moveShape(region, [at[0] - from[0], at[1] - from[1]], size));
  }

  #drag(press: PointerEvent, change: (at: Pair) => Region): void {
    followDrag(this.#box, press, {
      move: (event) => {
        this.#lastPress = null;
        this.#editor.draft.value = change(this.#window.pointAt(event, this.#box));
      },
      end: (finished) => (finished ? this.#editor.finish() : this.#editor.cancel()),
    });
  }

  /** Whether a press makes a double click: the picture has the pointer, and so hears no `dblclick` of a corner. */
  #isSecond(target: Element, event: PointerEvent): boolean {
    const on = ["data-handle", "data-edge", "data-region"].map((name) => target.getAttribute(name)).join();
    const last = this.#lastPress;
    this.#lastPress = { on, event };
    if (last?.on !== on || event.timeStamp - last.event.timeStamp >= DOUBLE) return false;
    return Math.hypot(event.clientX - last.event.clientX, event.clientY - last.event.clientY) < NEAR;
  }

  #drawShapes(): void {
    const selected = this.#editor.selected.value;
    const shapes = this.#editor.shown.value.flatMap((region) => {
      const d = buildPath(region);
      const chosen = region.id === selected ? " djo-chosen" : "";
      return [
        svg("path", { d, class: "djo-region-halo" }),
        svg(
          "path",
          { d, class: `djo-region${chosen}`, stroke: region.color, "data-region": region.id },
          svg("title", {}, region.name),
        ),
      ];
    });
    this.#shapes.replaceChildren(...shapes);
  }

  #drawHandles(): void {
    const selected = this.#editor.selected.value;
    const region = this.#editor.shown.value.find(({ id }) => id === selected);
    if (!region || this.#editor.tool.value !== null) return this.#handles.replaceChildren();
    const corners = handlesOf(region);
    const corner = this.#editor.corner.value;
    const dot = (at: Pair, r: number, attribute: string, number: number) => {
      const [cy, cx] = this.#window.placeOf(at);
      const isChosen = attribute === "data-handle" && number === corner;
      const chosen = isChosen ? " djo-chosen" : "";
      return svg("circle", { cx, cy, r, class: `djo-region-handle${chosen}`, [attribute]: number });
    };
    const middles = region.kind === "polygon" && corners.length <= MANY_CORNERS ? midpointsOf(corners) : [];
    this.#handles.replaceChildren(
      ...middles.map((at, i) => dot(at, 2.5, "data-edge", i)),
      ...corners.map((at, i) => dot(at, 4.5, "data-handle", i)),
    );
  }
}

function without(corner: number): (region: Region) => Region {
  return (region) => removeCorner(region, corner);
}

/** From pixels of the picture to those of the box. */
export function transformOf(window: PictureWindow): string {
  const [dy, dx] = window.placeOf([0, 0]);
  return `translate(${dx} ${dy}) scale(${window.scale.value})`;
}

function numberOf(target: Element, attribute: string): number | null {
  const value = target.getAttribute(attribute);
  return value === null ? null : Number(value);
}

function midpointsOf(corners: readonly Pair[]): readonly Pair[] {
  return corners.map(([y, x], i) => {
    const [nextY, nextX] = corners[(i + 1) % corners.length] as Pair;
    return [(y + nextY) / 2, (x + nextX) / 2];
  });
}
