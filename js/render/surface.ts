/** A canvas with one pixel for each pixel of a frame. */

import type { Frame } from "../state/movie.ts";
import { type Palette, paint, paintOver } from "./paint.ts";

export interface Layer {
  readonly frame: Frame;
  readonly palette: Palette;
}

export class Surface {
  readonly canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D | null;
  #image: ImageData | null = null;
  #words: Uint32Array<ArrayBuffer> | null = null;

  constructor(canvas: HTMLCanvasElement) {
    this.canvas = canvas;
    this.#context = canvas.getContext("2d");
  }

  /** Paints a frame, and over it those of the same size. */
  draw({ frame, palette }: Layer, over: readonly Layer[] = []): void {
    this.#resize(frame);
    if (!this.#image || !this.#words) return;
    paint(frame, palette, this.#words);
    for (const layer of over)
      if (layer.frame.codes.length === frame.codes.length) paintOver(layer.frame, layer.palette, this.#words);
    this.#context?.putImageData(this.#image, 0, 0);
  }

  #resize({ width, height }: Frame): void {
    if (this.#image?.width === width && this.#image.height === height) return;
    this.canvas.width = width;
    this.canvas.height = height;
    this.#image = this.#context?.createImageData(width, height) ?? null;
    this.#words = this.#image && new Uint32Array(this.#image.data.buffer as ArrayBuffer);
  }
}
