/**
 * The part of the picture that is seen: its box on the page, the view, and the way from one to the other.
 * Zooming and panning are by wheel, drag, pinch and keys.
 */

import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import type { Pair } from "../protocol/messages.ts";
import {
  buildViewport,
  centreOf,
  panView,
  resolveView,
  type Size,
  type View,
  zoomOf,
  zoomView,
} from "../state/viewport.ts";

export class PictureWindow {
  /** Pixels of the movie. */
  readonly size: ReadonlySignal<Size>;
  /** CSS pixels of the box; both 0 before it is laid out. */
  readonly box: Signal<Size> = signal({ height: 0, width: 0 });
  readonly view: ReadonlySignal<View>;
  /** CSS pixels for each pixel of the movie. */
  readonly scale: ReadonlySignal<number>;
  readonly zoom: ReadonlySignal<number>;
  readonly #viewport: Signal<readonly number[] | null>;

  constructor(size: ReadonlySignal<Size>, viewport: Signal<readonly number[] | null>) {
    this.size = size;
    this.#viewport = viewport;
    this.view = computed(() => resolveView(viewport.value, size.value));
    this.zoom = computed(() => zoomOf(this.view.value, size.value));
    this.scale = computed(() => (this.box.value.width / size.value.width) * this.zoom.value);
  }

  /** Point of the picture, (y, x), under a point of the page; it may lie outside. */
  pointAt(event: { readonly clientX: number; readonly clientY: number }, node: Element): Pair {
    const { left, top } = node.getBoundingClientRect();
    const { y0, x0 } = this.view.peek();
    const scale = this.scale.peek() || 1;
    return [y0 + (event.clientY - top) / scale, x0 + (event.clientX - left) / scale];
  }

  /** Where in the box a point of the picture lies, (y, x) in CSS pixels. */
  placeOf([y, x]: Pair): Pair {
    const { y0, x0 } = this.view.value;
    return [(y - y0) * this.scale.value, (x - x0) * this.scale.value];
  }

  /** Zooms by `factor` about a point of the picture, by default the middle of what is seen. */
  zoomBy(factor: number, about: Pair = centreOf(this.view.peek())): void {
    this.#show(zoomView(this.view.peek(), factor, about, this.size.peek()));
  }

  /** Moves what is seen by rows and columns. */
  panBy(by: Pair): void {
    this.#show(panView(this.view.peek(), by, this.size.peek()));
  }

  /** Moves by a share of what is seen. */
  panShare([down, across]: Pair): void {
    const { y0, x0, y1, x1 } = this.view.peek();
    this.panBy([down * (y1 - y0), across * (x1 - x0)]);
  }

  fit(): void {
    this.#viewport.value = null;
  }

  get isZoomed(): boolean {
    return this.zoom.peek() > 1;
  }

  #show(view: View): void {
    this.#viewport.value = buildViewport(view, this.size.peek());
  }
}
