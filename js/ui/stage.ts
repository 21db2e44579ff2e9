/** The picture: canvas, the mark of a late frame, a sentence over a frame that can't be shown, read-out. */

import { signal } from "@preact/signals-core";
import { buildPalette, type Palette } from "../render/paint.ts";
import { fitPicture, Surface } from "../render/surface.ts";
import type { Frame, Movie } from "../state/movie.ts";
import type { Problem, ScrubberSession } from "../state/session.ts";
import { el } from "./dom.ts";
import { errorMessage } from "./message.ts";
import type { Scope } from "./scope.ts";

/** The pixel under the pointer. */
export interface Spot {
  readonly x: number;
  readonly y: number;
}

const SMALLEST_ROOM = 160;
const LARGEST_ROOM = 720;

function heightForPicture(): number {
  return Math.max(SMALLEST_ROOM, Math.min(LARGEST_ROOM, 0.75 * window.innerHeight));
}

export class Stage {
  readonly node: HTMLElement;
  readonly spot = signal<Spot | null>(null);
  readonly #session: ScrubberSession;
  readonly #root: HTMLElement;
  readonly #canvas = el("canvas", { djo: "canvas", role: "img", "aria-label": "Frame" });
  readonly #surface = new Surface(this.#canvas);
  readonly #overlay = el("div", { class: "djo-overlay" });
  readonly #picture = el("div", { class: "djo-picture" }, this.#canvas);
  #palette: Palette | null = null;
  #paletteOf: unknown[] = [];
  #drawn: Frame | null = null;
  #painted = 0;

  constructor(session: ScrubberSession, scope: Scope, root: HTMLElement) {
    this.#session = session;
    this.#root = root;
    const late = el("div", { class: "djo-late", role: "progressbar", "aria-label": "Waiting for the frame" });
    this.node = el("div", { class: "djo-stage" }, this.#picture, late, this.#overlay);
    this.#canvas.addEventListener("pointermove", (event) => this.#point(event));
    this.#canvas.addEventListener("pointerleave", () => {
      this.spot.value = null;
    });
    this.node.addEventListener("pointerdown", () => root.focus({ preventScroll: true }));
    scope.effect(() => this.#resize(session.movie.value));
    scope.effect(() => this.#draw());
    scope.effect(() => late.classList.toggle("djo-on", session.late.value));
    scope.effect(() => this.#tell(session.problem.value));
    scope.observeWidth(this.node, () => this.#fit());
    const onResize = () => this.#fit();
    window.addEventListener("resize", onResize);
    scope.add(() => window.removeEventListener("resize", onResize));
  }

  #resize(movie: Movie | null): void {
    if (!movie) return;
    this.#surface.resize(movie);
    this.#drawn = null;
    this.#fit();
  }

  #fit(): void {
    const movie = this.#session.movie.peek();
    const width = this.node.clientWidth;
    if (!movie || width === 0) return;
    const size = fitPicture(movie, { width, height: heightForPicture() }, window.devicePixelRatio || 1);
    this.#canvas.style.width = `${size.width}px`;
    this.#canvas.style.height = `${size.height}px`;
    this.#canvas.classList.toggle("djo-reduced", size.scale < 1);
  }

  #draw(): void {
    const { painted, shown, movie } = this.#session;
    const [frame, look, facts] = [painted.value, shown.value, movie.value];
    if (!frame || !look || !facts) return;
    const key = [facts, look.colormap, look.scale.unit, ...look.limits];
    const isNew = key.some((part, i) => part !== this.#paletteOf[i]);
    if (isNew) {
      this.#palette = buildPalette(facts, look);
      this.#paletteOf = key;
    }
    if (!this.#palette || (!isNew && frame === this.#drawn)) return;
    this.#surface.draw(frame, this.#palette);
    this.#count(frame);
  }

  #count(frame: Frame): void {
    if (frame.index !== this.#drawn?.index) this.#painted++;
    this.#drawn = frame;
    this.#root.dataset.frame = String(frame.index);
    this.#root.dataset.painted = String(this.#painted);
  }

  #tell(problem: Problem | null): void {
    this.#picture.classList.toggle("djo-stale", problem?.wish != null);
    if (!problem) return this.#overlay.replaceChildren();
    const retry = { label: "Try again", act: () => this.#session.retry() };
    this.#overlay.replaceChildren(errorMessage(problem.failure, problem.wish ? retry : undefined));
  }

  #point(event: PointerEvent): void {
    const movie = this.#session.movie.peek();
    const box = this.#canvas.getBoundingClientRect();
    if (!movie || box.width === 0) return;
    const x = Math.floor(((event.clientX - box.left) / box.width) * movie.width);
    const y = Math.floor(((event.clientY - box.top) / box.height) * movie.height);
    const inside = x >= 0 && y >= 0 && x < movie.width && y < movie.height;
    this.spot.value = inside ? { x, y } : null;
  }
}
