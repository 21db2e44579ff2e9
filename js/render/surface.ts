/** A canvas with one pixel for each pixel of the movie. */

import type { Frame, Movie } from "../state/movie.ts";
import { type Palette, paint } from "./paint.ts";

export class Surface {
  readonly canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D | null;
  #image: ImageData | null = null;
  #words: Uint32Array<ArrayBuffer> | null = null;

  constructor(canvas: HTMLCanvasElement) {
    this.canvas = canvas;
    this.#context = canvas.getContext("2d");
  }

  resize({ width, height }: Movie): void {
    this.canvas.width = width;
    this.canvas.height = height;
    this.#image = this.#context?.createImageData(width, height) ?? null;
    this.#words = this.#image && new Uint32Array(this.#image.data.buffer as ArrayBuffer);
  }

  draw(frame: Frame, palette: Palette): void {
    if (!this.#image || !this.#words) return;
    paint(frame, palette, this.#words);
    this.#context?.putImageData(this.#image, 0, 0);
  }
}

/**
 * Size of the picture on the page, in CSS pixels: whole multiples of its pixels where it fits, smaller with
 * its proportions kept where it does not.
 */
export function fitPicture(
  picture: { readonly width: number; readonly height: number },
  room: { readonly width: number; readonly height: number },
  devicePixelRatio: number,
): { readonly width: number; readonly height: number; readonly scale: number } {
  const fit = Math.min(room.width / picture.width, room.height / picture.height);
  const whole = Math.floor(fit * devicePixelRatio) / devicePixelRatio;
  const scale = Math.max(whole || fit, 0);
  return { width: picture.width * scale, height: picture.height * scale, scale };
}
