/** Draws new regions with the pointer: boxes and freehand lines by a drag, polygons corner by corner. */

import type { Pair, RegionShape } from "../protocol/messages.ts";
import type { RegionEditor, Tool } from "../state/region-editor.ts";
import { closeLine } from "../state/regions.ts";
import { followDrag } from "./drag.ts";
import type { PictureWindow } from "./window.ts";

/** CSS pixels within which a corner counts as met. */
const NEAR = 8;
/** CSS pixels by which a simplified line may differ from the drawn one. */
const TOLERANCE = 1.5;

export class RegionDrawing {
  readonly #node: HTMLElement;
  readonly #window: PictureWindow;
  readonly #editor: RegionEditor;
  /** Corners of the polygon that is being drawn. */
  #corners: Pair[] = [];

  constructor(node: HTMLElement, window: PictureWindow, editor: RegionEditor) {
    this.#node = node;
    this.#window = window;
    this.#editor = editor;
    node.addEventListener("pointermove", (event) => this.#preview(event));
  }

  press(tool: Tool, event: PointerEvent): void {
    const at = this.#pointAt(event);
    if (tool === "polygon") this.#addCorner(at);
    else if (tool === "freehand") this.#drawLine(event, at);
    else this.#drawBox(tool, event, at);
  }

  /** True if the key means something to the polygon under way. */
  key(key: string): boolean {
    if (this.#corners.length === 0) return false;
    if (key === "Enter") this.#closePolygon();
    else if (key === "Escape") this.cancel();
    else if (key === "Backspace") this.#removeCorner();
    else return false;
    return true;
  }

  cancel(): void {
    this.#corners = [];
    this.#editor.cancel();
  }

  /** A point of the picture, never outside of it. */
  #pointAt(event: PointerEvent): Pair {
    const [y, x] = this.#window.pointAt(event, this.#node);
    const { height, width } = this.#window.size.peek();
    return [Math.min(height, Math.max(0, y)), Math.min(width, Math.max(0, x))];
  }

  #drawBox(kind: "rectangle" | "ellipse", press: PointerEvent, from: Pair): void {
    this.#editor.begin({ kind, points: [from, from] });
    followDrag(this.#node, press, {
      move: (event) => {
        const to = this.#pointAt(event);
        this.#redraw({ kind, points: [from, event.shiftKey ? makeEven(from, to) : to] });
      },
      end: (finished) => this.#end(finished),
    });
  }

  #drawLine(press: PointerEvent, from: Pair): void {
    const points: Pair[] = [from];
    this.#editor.begin({ kind: "polygon", points });
    followDrag(this.#node, press, {
      move: (event) => {
        points.push(this.#pointAt(event));
        this.#redraw({ kind: "polygon", points: [...points] });
      },
      end: (finished) => {
        const shape = closeLine(points, TOLERANCE / (this.#window.scale.peek() || 1));
        if (shape) this.#redraw(shape);
        this.#end(finished && shape !== null);
      },
    });
  }

  #redraw(shape: RegionShape): void {
    const draft = this.#editor.draft.peek();
    if (draft) this.#editor.draft.value = { ...draft, ...shape };
  }

  #end(finished: boolean): void {
    if (!finished) return this.#editor.cancel();
    this.#editor.finish();
    this.#editor.tool.value = null;
  }

  #addCorner(at: Pair): void {
    const [first, last] = [this.#corners[0], this.#corners.at(-1)];
    const isEnough = this.#corners.length >= 3;
    if (isEnough && ((first && this.#isNear(at, first)) || (last && this.#isNear(at, last))))
      return this.#closePolygon();
    if (last && this.#isNear(at, last)) return;
    if (!first) this.#editor.begin({ kind: "polygon", points: [at] });
    this.#corners.push(at);
    this.#redraw({ kind: "polygon", points: [...this.#corners] });
  }

  #removeCorner(): void {
    this.#corners.pop();
    if (this.#corners.length === 0) this.#editor.cancel();
    else this.#redraw({ kind: "polygon", points: [...this.#corners] });
  }

  #preview(event: PointerEvent): void {
    if (this.#corners.length === 0) return;
    this.#redraw({ kind: "polygon", points: [...this.#corners, this.#pointAt(event)] });
  }

  #closePolygon(): void {
    const shape = closeLine([...this.#corners], 0);
    this.#corners = [];
    if (shape) this.#redraw(shape);
    this.#end(shape !== null);
  }

  #isNear(a: Pair, b: Pair): boolean {
    return Math.hypot(a[0] - b[0], a[1] - b[1]) * this.#window.scale.peek() < NEAR;
  }
}

/** The nearest corner that makes a square. */
function makeEven([y, x]: Pair, to: Pair): Pair {
  const side = Math.max(Math.abs(to[0] - y), Math.abs(to[1] - x));
  return [y + Math.sign(to[0] - y) * side, x + Math.sign(to[1] - x) * side];
}
