/** Keys of the picture: zoom, pan, and regions. */

import type { Pair } from "../protocol/messages.ts";
import type { RegionEditor } from "../state/region-editor.ts";
import type { RegionDrawing } from "./region-drawing.ts";
import type { PictureWindow } from "./window.ts";

const STEP = 1.25;
/** Share of what is seen by which a key moves it. */
const SHARE = 0.1;

/** Where a key may delete a region: not at the slider of time. */
const OF_REGIONS = ".djo-box, .djo-rois";

const ARROWS: Readonly<Record<string, Pair>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** Rows and columns that an arrow key stands for. */
export function directionOf(key: string): Pair | undefined {
  return ARROWS[key];
}

function isTypedIn(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLSelectElement ||
    target instanceof HTMLTextAreaElement ||
    (target instanceof HTMLInputElement && target.type !== "range" && target.type !== "checkbox")
  );
}

export class StageKeys {
  readonly #editor: RegionEditor;
  readonly #window: PictureWindow;
  readonly #drawing: RegionDrawing;

  constructor(editor: RegionEditor, window: PictureWindow, drawing: RegionDrawing) {
    this.#editor = editor;
    this.#window = window;
    this.#drawing = drawing;
  }

  press(event: KeyboardEvent): void {
    if (event.defaultPrevented || isTypedIn(event.target)) return;
    if (!this.#act(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** True if the key means something here. */
  #act(event: KeyboardEvent): boolean {
    const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
    if (ctrlKey || metaKey) return this.#undo(key.toLowerCase(), shiftKey);
    if (altKey) return this.#pan(key);
    if (this.#drawing.key(key)) return true;
    if (key === "+" || key === "=") this.#window.zoomBy(STEP);
    else if (key === "-") this.#window.zoomBy(1 / STEP);
    else if (key === "0") this.#window.fit();
    else return this.#change(key, event.target as Element);
    return true;
  }

  #undo(key: string, shiftKey: boolean): boolean {
    if (key === "y" || (key === "z" && shiftKey)) this.#editor.redo();
    else if (key === "z" && this.#editor.canUndo.peek()) this.#editor.undo();
    else return false;
    return true;
  }

  #pan(key: string): boolean {
    const direction = directionOf(key);
    if (direction) this.#window.panShare([SHARE * direction[0], SHARE * direction[1]]);
    return direction !== undefined;
  }

  #change(key: string, target: Element): boolean {
    const selected = this.#editor.selected.peek();
    const isRemoval = (key === "Delete" || key === "Backspace") && target.closest(OF_REGIONS) !== null;
    if (key === "Escape" && this.#editor.tool.peek() !== null) this.#editor.tool.value = null;
    else if (key === "Escape" && selected !== null) this.#editor.select(null);
    else if (isRemoval && selected !== null) this.#editor.remove(selected);
    else return false;
    return true;
  }
}
