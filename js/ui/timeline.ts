/** The time line: slider over the full width, mean trace and buffered span on it, traces and events under it. */

import { computed } from "@preact/signals-core";
import { formatCount, formatSeconds, formatValue } from "../state/format.ts";
import { buildLanes, eventFrames, type Lane, lineOfProfile, valueAtPlace } from "../state/lanes.ts";
import { keyOfSlice } from "../state/movie.ts";
import type { Shown } from "../state/resolve.ts";
import type { ScrubberSession } from "../state/session.ts";
import { followColours } from "./colours.ts";
import { el, setText } from "./dom.ts";
import type { Scope } from "./scope.ts";
import { type Area, drawLine, drawMarks, sizeCanvas } from "./series-plot.ts";

/** Width of the thumb: a position at the edge lies half of it inside. */
const THUMB = 12;
const TRACE_HEIGHT = 24;
const HEAD_HEIGHT = 32;
const BUFFER_HEIGHT = 2;
const REDRAW_EVERY = 100;
/** A click this many pixels from an event jumps to it. */
const CATCH = 5;

export function describePosition(shown: Shown, frames: number): string {
  const time = shown.seconds === null ? "" : `, ${formatSeconds(shown.seconds)}`;
  return `frame ${shown.index} of ${formatCount(frames)}${time}`;
}

export class Timeline {
  readonly node: HTMLElement;
  readonly #session: ScrubberSession;
  readonly #canvas = el("canvas", { class: "djo-trace", djo: "trace", "aria-hidden": "true" });
  /** Of its own: it changes with each frame, and lines of a million points do not. */
  readonly #bufferCanvas = el("canvas", { class: "djo-trace", "aria-hidden": "true" });
  readonly #names = el("div", { class: "djo-lane-names", djo: "lanes" });
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
  readonly #lanes = computed((): readonly Lane[] => {
    const { movie, series, regionTraces } = this.#session;
    return movie.value ? buildLanes(movie.value, series.given.value, regionTraces.value) : [];
  });
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(session: ScrubberSession, scope: Scope) {
    this.#session = session;
    const inner = el(
      "div",
      { class: "djo-lanes" },
      this.#canvas,
      this.#bufferCanvas,
      this.#slider,
      this.#names,
    );
    this.node = el("div", { class: "djo-timeline", djo: "timeline" }, inner);
    this.#slider.addEventListener("input", () => session.seek(this.#slider.valueAsNumber));
    this.#slider.addEventListener("pointerdown", (event) => this.#catchEvent(event));
    scope.effect(() => this.#followShown());
    scope.effect(() => this.#listLanes(this.#lanes.value));
    scope.effect(() => this.#tellValues());
    scope.effect(() => {
      session.buffered.value;
      session.shown.value;
      this.#showBufferedSoon();
    });
    scope.effect(() => {
      session.series.profile.value;
      this.#redraw();
    });
    scope.observeWidth(this.node, () => this.#redraw());
    followColours(this.#canvas, scope, () => this.#redraw());
    scope.add(() => clearTimeout(this.#timer));
  }

  /** Jumps to the next event in a direction. */
  seekEvent(direction: 1 | -1): void {
    const { movie, shown } = this.#session;
    const here = shown.peek()?.index ?? 0;
    const frames = eventFrames(this.#lanes.peek(), movie.peek()?.frames ?? 0);
    const found =
      direction > 0 ? frames.find((frame) => frame > here) : frames.filter((frame) => frame < here).at(-1);
    if (found !== undefined) this.#session.seek(found);
  }

  #followShown(): void {
    const shown = this.#session.shown.value;
    const movie = this.#session.movie.value;
    if (!shown || !movie) return;
    const last = String(movie.frames - 1);
    if (this.#slider.max !== last) this.#slider.max = last;
    this.#slider.disabled = movie.frames < 2;
    if (this.#slider.valueAsNumber !== shown.index) this.#slider.value = String(shown.index);
    this.#slider.setAttribute("aria-valuetext", describePosition(shown, movie.frames));
  }

  #listLanes(lanes: readonly Lane[]): void {
    const labels = lanes.map(({ name, height, color }) => {
      const label = el("span", { class: "djo-lane-name" }, name);
      if (color) label.style.setProperty("--djo-lane", color);
      const row = el("div", { class: "djo-lane", djo: "lane", "data-name": name }, label, el("span", {}));
      row.style.height = `${height}px`;
      return row;
    });
    this.#names.replaceChildren(...labels);
    this.#redraw();
  }

  /** Beside each name its value where the slider is, or why it has none. */
  #tellValues(): void {
    const index = this.#session.shown.value?.index ?? 0;
    this.#lanes.value.forEach(({ line, note, unit }, i) => {
      const value = line && valueAtPlace(line, index);
      const said = value === null ? note : `${formatValue(value, 2)} ${unit}`;
      const place = this.#names.children[i]?.lastChild;
      if (place) setText(place, said.trim());
    });
  }

  #showBufferedSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#drawBuffered();
    }, REDRAW_EVERY);
  }

  #redraw(): void {
    const width = this.node.clientWidth;
    const lanes = this.#lanes.peek();
    const height = lanes.reduce((sum, lane) => sum + lane.height, HEAD_HEIGHT);
    this.node.style.setProperty("--djo-lanes-height", `${height}px`);
    if (width === 0) return;
    const context = sizeCanvas(this.#canvas, width, height);
    if (!context) return;
    const style = getComputedStyle(this.#canvas);
    const areaOf = (top: number, tall: number): Area => ({
      top,
      height: tall,
      width,
      xOf: (place) => this.#xOf(place, width),
    });
    const profile = this.#session.series.profile.peek();
    if (profile && profile.values.length > 1)
      drawLine(context, lineOfProfile(profile), areaOf(0, TRACE_HEIGHT), style.color);
    this.#drawBuffered();
    let top = HEAD_HEIGHT;
    for (const { height: tall, line, marks, color } of lanes) {
      if (line) drawLine(context, line, areaOf(top, tall), color ?? style.color);
      if (marks) drawMarks(context, marks, areaOf(top, tall), color ?? style.color);
      top += tall;
    }
  }

  #xOf(place: number, width: number): number {
    const frames = this.#session.movie.peek()?.frames ?? 1;
    return THUMB / 2 + ((width - THUMB) * place) / Math.max(1, frames - 1);
  }

  #drawBuffered(): void {
    const { movie, shown, cache } = this.#session;
    const look = shown.peek();
    const top = TRACE_HEIGHT + 2;
    const width = this.node.clientWidth;
    const context = width > 0 ? sizeCanvas(this.#bufferCanvas, width, HEAD_HEIGHT) : null;
    if (!context) return;
    const style = getComputedStyle(this.#bufferCanvas);
    context.fillStyle = style.getPropertyValue("--djo-line") || "#8884";
    context.fillRect(THUMB / 2, top, width - THUMB, BUFFER_HEIGHT);
    if (!look) return;
    context.fillStyle = style.color;
    const frames = movie.peek()?.frames ?? 0;
    const half = (width - THUMB) / Math.max(1, frames - 1) / 2;
    for (const [first, last] of cache.spans(keyOfSlice(look.slice))) {
      const left = Math.max(THUMB / 2, this.#xOf(first, width) - half);
      const right = Math.min(width - THUMB / 2, this.#xOf(last, width) + half);
      context.fillRect(left, top, Math.max(1, right - left), BUFFER_HEIGHT);
    }
  }

  /** A click near an event goes to that very frame, however many share the pixel. */
  #catchEvent(event: PointerEvent): void {
    const box = this.#slider.getBoundingClientRect();
    const x = event.clientX - box.left;
    const marks = this.#marksAt(event.clientY - box.top);
    const near = [...(marks ?? [])]
      .map((mark) => ({ mark, far: Math.abs(this.#xOf(mark, box.width) - x) }))
      .filter(({ far }) => far <= CATCH)
      .sort((a, b) => a.far - b.far)[0];
    if (!near) return;
    event.preventDefault();
    this.#slider.focus({ preventScroll: true });
    this.#session.seek(near.mark);
  }

  #marksAt(y: number): Float64Array | null {
    let top = HEAD_HEIGHT;
    for (const { height, marks } of this.#lanes.peek()) {
      if (y >= top && y < top + height) return marks;
      top += height;
    }
    return null;
  }
}
