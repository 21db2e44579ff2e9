/** Histogram of the frame with two handles, the limits of contrast. */

import { buildColormap } from "../render/colormaps.ts";
import { formatField } from "../state/format.ts";
import { chooseDomain, countBins, sampleValues } from "../state/histogram.ts";
import { clamp, type Range } from "../state/resolve.ts";
import type { ScrubberSession } from "../state/session.ts";
import { followColours } from "./colours.ts";
import { el } from "./dom.ts";
import { followDrag } from "./drag.ts";
import type { Scope } from "./scope.ts";

const HEIGHT = 64;
const BAR = 4;
const REDRAW_EVERY = 200;
const KEY_STEPS = 50;

type Side = 0 | 1;

export class HistogramPlot {
  readonly node: HTMLElement;
  readonly #session: ScrubberSession;
  readonly #canvas = el("canvas", { class: "djo-histogram-plot", "aria-hidden": "true" });
  readonly #handles: readonly [HTMLElement, HTMLElement];
  /** Both ends of the axis, in the unit shown. It rests while a handle is dragged. */
  #domain: Range = [0, 1];
  #counts: Float64Array = new Float64Array(0);
  #dragged: Side | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(session: ScrubberSession, scope: Scope) {
    this.#session = session;
    const { picture } = session;
    this.#handles = [this.#buildHandle(0), this.#buildHandle(1)];
    this.node = el("div", { class: "djo-histogram" }, this.#canvas, ...this.#handles);
    this.node.addEventListener("pointerdown", (event) => this.#grabNearest(event));
    scope.effect(() => {
      picture.frame.value;
      picture.light.value;
      this.#updateSoon();
    });
    scope.effect(() => {
      if (session.shown.value && picture.light.value) this.#place();
    });
    scope.observeWidth(this.node, () => this.#update());
    followColours(this.#canvas, scope, () => this.#update());
    scope.add(() => clearTimeout(this.#timer));
  }

  #limits(): Range {
    return this.#session.picture.light.peek()?.limits ?? [0, 1];
  }

  #buildHandle(side: Side): HTMLElement {
    const name = side === 0 ? "Black at" : "White at";
    const handle = el("div", { class: "djo-handle", role: "slider", tabindex: 0, "aria-label": name });
    handle.addEventListener("pointerdown", (event) => this.#grab(handle, side, event));
    handle.addEventListener("keydown", (event) => this.#onKey(side, event));
    return handle;
  }

  #grab(handle: HTMLElement, side: Side, press: PointerEvent): void {
    press.preventDefault();
    press.stopPropagation();
    handle.focus();
    this.#dragged = side;
    followDrag(handle, press, {
      move: (event) => this.#move(side, this.#valueAt(event)),
      end: () => {
        this.#dragged = null;
        this.#updateSoon();
      },
    });
  }

  /** A press beside the handles takes the nearer one. */
  #grabNearest(press: PointerEvent): void {
    const [low, high] = this.#limits();
    const value = this.#valueAt(press);
    const side: Side = Math.abs(value - low) <= Math.abs(value - high) ? 0 : 1;
    this.#grab(this.#handles[side], side, press);
    this.#move(side, value);
  }

  #valueAt(event: PointerEvent): number {
    const box = this.node.getBoundingClientRect();
    const share = clamp((event.clientX - box.left) / Math.max(1, box.width), 0, 1);
    return this.#domain[0] + share * (this.#domain[1] - this.#domain[0]);
  }

  #onKey(side: Side, event: KeyboardEvent): void {
    const direction = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (direction === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const step = (this.#domain[1] - this.#domain[0]) / KEY_STEPS;
    this.#move(side, this.#limits()[side] + direction * step * (event.shiftKey ? 5 : 1));
  }

  /** The handles never pass each other. */
  #move(side: Side, to: number): void {
    const [low, high] = this.#limits();
    const gap = (this.#domain[1] - this.#domain[0]) / 500;
    const limits: Range = side === 0 ? [Math.min(to, high - gap), high] : [low, Math.max(to, low + gap)];
    this.#session.picture.setLimits(limits);
  }

  #updateSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#update();
    }, REDRAW_EVERY);
  }

  #update(): void {
    const { picture, movie: facts } = this.#session;
    const [frame, movie, light] = [picture.frame.peek(), facts.peek(), picture.light.peek()];
    if (!frame || !movie || !light || this.node.clientWidth === 0) return;
    const values = sampleValues(frame, movie).map(light.scale.fromValue);
    if (this.#dragged === null) this.#domain = chooseDomain(values, light.limits);
    this.#counts = countBins(frame, movie, { scale: light.scale, domain: this.#domain });
    this.#place();
  }

  #place(): void {
    const limits = this.#limits();
    const [from, to] = this.#domain;
    this.#handles.forEach((handle, side) => {
      const value = limits[side as Side];
      handle.style.left = `${clamp(((value - from) / (to - from)) * 100, 0, 100)}%`;
      handle.setAttribute("aria-valuenow", formatField(value));
      handle.setAttribute("aria-valuemin", formatField(from));
      handle.setAttribute("aria-valuemax", formatField(to));
    });
    this.#draw(limits);
  }

  #draw(limits: Range): void {
    const width = this.node.clientWidth;
    const context = this.#canvas.getContext("2d");
    if (!context || width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    this.#canvas.width = Math.round(width * ratio);
    this.#canvas.height = Math.round(HEIGHT * ratio);
    context.scale(ratio, ratio);
    context.fillStyle = getComputedStyle(this.#canvas).color;
    const room = HEIGHT - BAR - 4;
    const top = Math.log1p(Math.max(1, ...this.#counts));
    const step = width / Math.max(1, this.#counts.length);
    context.beginPath();
    context.moveTo(0, room);
    this.#counts.forEach((count, bin) => {
      const y = room - (Math.log1p(count) / top) * (room - 2);
      context.lineTo(bin * step, y);
      context.lineTo((bin + 1) * step, y);
    });
    context.lineTo(width, room);
    context.fill();
    this.#drawBar(context, width, limits);
  }

  /** The colour bar below, with black and white where the handles stand. */
  #drawBar(context: CanvasRenderingContext2D, width: number, limits: Range): void {
    const shown = this.#session.shown.peek();
    if (!shown) return;
    const colors = buildColormap(shown.overlay ? "green" : shown.colormap);
    const [from, to] = this.#domain;
    for (let x = 0; x < width; x++) {
      const value = from + ((x + 0.5) / width) * (to - from);
      const share = clamp((value - limits[0]) / (limits[1] - limits[0]), 0, 1);
      const level = Math.round(255 * share ** shown.gamma);
      const word = colors[level] ?? 0;
      context.fillStyle = `rgb(${word & 255} ${(word >> 8) & 255} ${(word >> 16) & 255})`;
      context.fillRect(x, HEIGHT - BAR, 1, BAR);
    }
  }
}
