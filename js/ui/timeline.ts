/** The time line: slider over the full width, mean trace above it, the buffered span below it. */

import { formatCount, formatSeconds } from "../state/format.ts";
import type { Shown } from "../state/resolve.ts";
import type { ScrubberSession } from "../state/session.ts";
import { el } from "./dom.ts";
import type { Scope } from "./scope.ts";

/** Width of the thumb: a position at the edge lies half of it inside. */
const THUMB = 12;
const TRACE_HEIGHT = 24;
/** As in the style sheet. */
const HEIGHT = 32;
const BUFFER_HEIGHT = 2;
const REDRAW_EVERY = 100;

function valueText(shown: Shown, frames: number): string {
  const time = shown.seconds === null ? "" : `, ${formatSeconds(shown.seconds)}`;
  return `frame ${shown.index} of ${formatCount(frames)}${time}`;
}

export class Timeline {
  readonly node: HTMLElement;
  readonly #session: ScrubberSession;
  readonly #canvas = el("canvas", { class: "djo-trace", "aria-hidden": "true" });
  readonly #slider = el("input", {
    type: "range",
    class: "djo-slider",
    djo: "slider",
    "aria-label": "Frame",
    min: 0,
    max: 0,
    step: 1,
    value: 0,
  });
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(session: ScrubberSession, scope: Scope) {
    this.#session = session;
    this.node = el("div", { class: "djo-timeline" }, this.#canvas, this.#slider);
    this.#slider.addEventListener("input", () => session.seek(this.#slider.valueAsNumber));
    scope.effect(() => this.#followShown());
    scope.effect(() => {
      session.buffered.value;
      session.profile.value;
      session.movie.value;
      session.channel.value;
      this.#redrawSoon();
    });
    scope.observeWidth(this.node, () => this.#redraw());
    scope.add(() => clearTimeout(this.#timer));
  }

  #followShown(): void {
    const shown = this.#session.shown.value;
    const movie = this.#session.movie.value;
    if (!shown || !movie) return;
    const last = String(movie.frames - 1);
    if (this.#slider.max !== last) this.#slider.max = last;
    this.#slider.disabled = movie.frames < 2;
    if (this.#slider.valueAsNumber !== shown.index) this.#slider.value = String(shown.index);
    this.#slider.setAttribute("aria-valuetext", valueText(shown, movie.frames));
  }

  #redrawSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#redraw();
    }, REDRAW_EVERY);
  }

  #redraw(): void {
    const width = this.node.clientWidth;
    const context = this.#canvas.getContext("2d");
    if (!context || width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    this.#canvas.width = Math.round(width * ratio);
    this.#canvas.height = Math.round(HEIGHT * ratio);
    context.scale(ratio, ratio);
    const style = getComputedStyle(this.#canvas);
    this.#drawTrace(context, width, style.color);
    this.#drawBuffered(context, width, style);
  }

  #xOf(index: number, width: number): number {
    const frames = this.#session.movie.peek()?.frames ?? 1;
    return THUMB / 2 + ((width - THUMB) * index) / Math.max(1, frames - 1);
  }

  #drawTrace(context: CanvasRenderingContext2D, width: number, color: string): void {
    const profile = this.#session.profile.peek();
    if (!profile || profile.values.length < 2) return;
    const low = Math.min(...profile.values);
    const high = Math.max(...profile.values);
    const span = high - low || 1;
    context.strokeStyle = color;
    context.lineWidth = 1;
    context.lineJoin = "round";
    context.beginPath();
    profile.values.forEach((value, i) => {
      const x = this.#xOf(profile.indices[i] ?? 0, width);
      context.lineTo(x, TRACE_HEIGHT - 1 - ((value - low) / span) * (TRACE_HEIGHT - 4));
    });
    context.stroke();
  }

  #drawBuffered(context: CanvasRenderingContext2D, width: number, style: CSSStyleDeclaration): void {
    const { movie, channel, cache } = this.#session;
    const top = TRACE_HEIGHT + 2;
    context.fillStyle = style.getPropertyValue("--djo-line") || "#8884";
    context.fillRect(THUMB / 2, top, width - THUMB, BUFFER_HEIGHT);
    context.fillStyle = style.color;
    const frames = movie.peek()?.frames ?? 0;
    const half = (width - THUMB) / Math.max(1, frames - 1) / 2;
    for (const [first, last] of cache.spans(channel.peek(), frames)) {
      const left = Math.max(THUMB / 2, this.#xOf(first, width) - half);
      const right = Math.min(width - THUMB / 2, this.#xOf(last, width) + half);
      context.fillRect(left, top, Math.max(1, right - left), BUFFER_HEIGHT);
    }
  }
}
