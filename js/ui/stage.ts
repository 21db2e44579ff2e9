/** The picture: the frame or a projection, what is drawn over it, zoom, the mark of a late frame, read-out. */

import { computed, type ReadonlySignal, signal } from "@preact/signals-core";
import { isAborted } from "../protocol/client.ts";
import { PaletteKeeper } from "../render/palette-keeper.ts";
import { type Layer, Surface } from "../render/surface.ts";
import { parseMasks } from "../state/masks.ts";
import type { Frame, Movie } from "../state/movie.ts";
import { Projector } from "../state/projector.ts";
import type { Problem, ScrubberSession } from "../state/session.ts";
import { chooseStep, fitPicture } from "../state/viewport.ts";
import { el } from "./dom.ts";
import { Gestures } from "./gestures.ts";
import { buildMasksLayer } from "./masks-layer.ts";
import { errorMessage } from "./message.ts";
import { ProjectionMessage } from "./projection-message.ts";
import { RegionDrawing } from "./region-drawing.ts";
import { RegionsLayer } from "./regions-layer.ts";
import { buildScaleBar } from "./scale-bar.ts";
import type { Scope } from "./scope.ts";
import { takeSnapshot } from "./snapshot.ts";
import { StageKeys } from "./stage-keys.ts";
import { svg } from "./svg.ts";
import { PictureWindow } from "./window.ts";

/** The pixel under the pointer. */
export interface Spot {
  readonly x: number;
  readonly y: number;
}

const SMALLEST_ROOM = 160;
const LARGEST_ROOM = 720;
/** From this many CSS pixels for a pixel on, a grid tells pixels apart. */
const GRID_FROM = 16;
/** A movie at rest for this many ms is shown exactly. */
const REST = 120;
/** A press that moves less than this many CSS pixels is a click. */
const STILL = 4;

function heightForPicture(): number {
  return Math.max(SMALLEST_ROOM, Math.min(LARGEST_ROOM, 0.75 * window.innerHeight));
}

export class Stage {
  readonly node: HTMLElement;
  readonly spot: ReadonlySignal<Spot | null> = computed(() => this.#findSpot());
  readonly window: PictureWindow;
  readonly #session: ScrubberSession;
  readonly #root: HTMLElement;
  readonly #canvas = el("canvas", { djo: "canvas", role: "img", "aria-label": "Frame" });
  readonly #surface = new Surface(this.#canvas);
  readonly #message = el("div", { class: "djo-overlay" });
  readonly #grid = el("div", { class: "djo-grid", "aria-hidden": "true" });
  readonly #box: HTMLElement;
  readonly #gestures: Gestures;
  /** Where the pointer is over the picture; what is under it changes with the view too. */
  readonly #pointer = signal<PointerEvent | null>(null);
  readonly #drawing: RegionDrawing;
  readonly #layer: RegionsLayer;
  readonly #projecting: ProjectionMessage;
  readonly #palettes = [new PaletteKeeper(), new PaletteKeeper()] as const;
  #painted = 0;
  #lastIndex: number | undefined;
  #drawn: readonly unknown[] = [];
  #restTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(session: ScrubberSession, scope: Scope, root: HTMLElement) {
    this.#session = session;
    this.#root = root;
    const size = computed(() => session.movie.value ?? { height: 1, width: 1 });
    this.window = new PictureWindow(size, session.settings.viewport);
    this.#box = el("div", {
      class: "djo-box",
      djo: "picture",
      tabindex: 0,
      role: "group",
      "aria-label": "Picture",
      "aria-description": "Plus and minus zoom, zero fits, Alt with arrows moves what is seen.",
    });
    this.#layer = new RegionsLayer(this.#box, this.window, session.regions, scope);
    this.#drawing = new RegionDrawing(this.#box, this.window, session.regions);
    this.#gestures = new Gestures(this.#box, this.window);
    const { masks, settings } = session;
    const contours = buildMasksLayer(this.window, scope, { masks, selected: settings.mask });
    const drawings = svg("svg", { class: "djo-drawings", "aria-hidden": "true" }, contours, this.#layer.node);
    const bar = buildScaleBar(() => session.movie.value, this.window, scope);
    this.#box.append(this.#canvas, this.#grid, drawings, bar);
    this.node = el("div", { class: "djo-stage" }, this.#box);
    const projector = new Projector(session);
    scope.add(() => projector.dispose());
    this.#projecting = new ProjectionMessage(projector);
    this.#listen(scope);
    this.#follow(session, scope);
  }

  /** The picture as it is seen, with its contours and scale bar. */
  snapshot(): HTMLCanvasElement {
    return takeSnapshot(this.#session, this.window, this.#canvas);
  }

  #follow(session: ScrubberSession, scope: Scope): void {
    const late = el("div", { class: "djo-late", role: "progressbar", "aria-label": "Waiting for the frame" });
    this.node.append(late, this.#message);
    scope.effect(() => this.#draw());
    scope.effect(() => this.#place());
    scope.effect(() => this.#chooseStep());
    scope.effect(() => late.classList.toggle("djo-on", session.late.value));
    scope.effect(() => this.#tell(session.problem.value));
    scope.effect(() => this.#box.classList.toggle("djo-tool", session.regions.tool.value !== null));
    scope.effect(() => void this.#loadMasks(session.movie.value));
    scope.effect(() => {
      if (session.movie.value) this.#fit();
    });
  }

  #listen(scope: Scope): void {
    this.#box.addEventListener("pointerdown", (event) => this.#press(event));
    this.#box.addEventListener("pointermove", (event) => {
      this.#pointer.value = event;
    });
    this.#box.addEventListener("pointerleave", () => {
      this.#pointer.value = null;
    });
    const keys = new StageKeys(this.#session.regions, this.window, this.#drawing);
    const onKey = (event: KeyboardEvent) => keys.press(event);
    this.#root.addEventListener("keydown", onKey);
    scope.add(() => this.#root.removeEventListener("keydown", onKey));
    scope.observeWidth(this.node, () => this.#fit());
    const onResize = () => this.#fit();
    window.addEventListener("resize", onResize);
    scope.add(() => window.removeEventListener("resize", onResize));
    scope.add(() => clearTimeout(this.#restTimer));
  }

  #fit(): void {
    const movie = this.#session.movie.peek();
    const width = this.node.clientWidth;
    if (!movie || width === 0) return;
    const { height, width: across } = fitPicture(
      movie,
      { width, height: heightForPicture() },
      window.devicePixelRatio || 1,
    );
    this.#box.style.width = `${across}px`;
    this.#box.style.height = `${height}px`;
    this.window.box.value = { width: across, height };
  }

  /** Puts the canvas where the view says, without painting it anew. */
  #place(): void {
    const scale = this.window.scale.value;
    const { y0, x0 } = this.window.view.value;
    const frame = this.#session.picture.frame.value;
    if (!frame || scale === 0) return;
    const { step } = frame.slice;
    this.#canvas.style.width = `${frame.width * step * scale}px`;
    this.#canvas.style.height = `${frame.height * step * scale}px`;
    this.#canvas.style.transform = `translate(${-x0 * scale}px, ${-y0 * scale}px)`;
    const ratio = window.devicePixelRatio || 1;
    this.#canvas.classList.toggle("djo-reduced", scale * step * ratio < 1);
    this.#box.classList.toggle("djo-zoomed", this.window.zoom.value > 1);
    this.#grid.hidden = scale < GRID_FROM;
    this.#grid.style.backgroundSize = `${scale}px ${scale}px`;
    this.#grid.style.backgroundPosition = `${-x0 * scale}px ${-y0 * scale}px`;
  }

  /** A large movie is asked for coarsely while it moves, and exactly once it rests. */
  #chooseStep(): void {
    const { movie, shown, painted, step } = this.#session;
    const [facts, look, frame] = [movie.value, shown.value, painted.value];
    if (!facts || !look || facts.steps.length === 0) return;
    const coarse = chooseStep(facts.steps, this.window.scale.value * (window.devicePixelRatio || 1));
    clearTimeout(this.#restTimer);
    const isExact = frame?.index === look.index && frame.slice.step === 1;
    if (look.playing || isExact || coarse === 1) {
      step.value = coarse;
      return;
    }
    if (frame?.index !== look.index) step.value = coarse;
    this.#restTimer = setTimeout(() => {
      step.value = 1;
    }, REST);
  }

  #draw(): void {
    const { picture, movie, shown } = this.#session;
    const [frame, light, facts, look] = [picture.frame.value, picture.light.value, movie.value, shown.value];
    if (!frame || !light || !facts || !look) return;
    const over = look.overlay && look.projection === "" ? this.#buildOver(facts, look.gamma) : null;
    const isGreen = look.overlay && look.projection === "";
    const colormap = isGreen ? "green" : look.colormap;
    const palette = this.#palettes[0].get(facts, { colormap, gamma: look.gamma, ...light });
    const drawn = [frame, palette, over?.frame, over?.palette];
    if (drawn.every((part, i) => part === this.#drawn[i])) return;
    this.#drawn = drawn;
    this.#surface.draw({ frame, palette }, over ? [over] : []);
    this.#count(frame);
  }

  /** The second channel, in the colour that adds up with the first's. */
  #buildOver(facts: Movie, gamma: number): Layer | null {
    const { picture, second } = this.#session;
    const [frame, light] = [second.value, picture.secondLight.value];
    if (!frame || !light) return null;
    return { frame, palette: this.#palettes[1].get(facts, { colormap: "magenta", gamma, ...light }) };
  }

  #count({ index }: Frame): void {
    if (index < 0) return;
    if (index !== this.#lastIndex) this.#painted++;
    this.#lastIndex = index;
    this.#root.dataset.frame = String(index);
    this.#root.dataset.painted = String(this.#painted);
  }

  #tell(problem: Problem | null): void {
    const projected = this.#session.picture.projection.value;
    this.#box.classList.toggle("djo-stale", problem?.wish != null);
    if (projected && projected.state !== "ready")
      return this.#message.replaceChildren(this.#projecting.show(projected));
    if (!problem) return this.#message.replaceChildren();
    const retry = { label: "Try again", act: () => this.#session.retry() };
    this.#message.replaceChildren(
      errorMessage(problem.failure, problem.wish || problem.failure.code === "silent" ? retry : undefined),
    );
  }

  #press(event: PointerEvent): void {
    this.#box.focus({ preventScroll: true });
    if (this.#gestures.isPinching) return this.#drawing.cancel();
    if (this.#gestures.isPanning(event)) {
      event.preventDefault();
      return this.#gestures.pan(event);
    }
    if (event.button !== 0) return;
    const tool = this.#session.regions.tool.peek();
    if (tool) return this.#drawing.press(tool, event);
    if (this.#layer.press(event)) return;
    this.#gestures.pan(event);
    this.#awaitClick(event);
  }

  /** A press that ends where it began selects what is there. */
  #awaitClick(press: PointerEvent): void {
    const target = press.target as Element;
    const onUp = (event: PointerEvent) => {
      const moved = Math.hypot(event.clientX - press.clientX, event.clientY - press.clientY);
      if (moved < STILL) this.#select(target);
    };
    this.#box.addEventListener("pointerup", onUp, { once: true });
  }

  #select(target: Element): void {
    const mask = target.getAttribute("data-mask");
    const region = target.getAttribute("data-region");
    if (mask !== null) this.#session.regions.selectMask(Number(mask));
    else if (region !== null) this.#session.regions.select(region);
    else this.#session.regions.selectMask(-1);
  }

  #findSpot(): Spot | null {
    const pointer = this.#pointer.value;
    if (!pointer || !this.window.view.value || this.window.scale.value === 0) return null;
    const { height, width } = this.window.size.value;
    const [y, x] = this.window.pointAt(pointer, this.#box).map(Math.floor) as [number, number];
    return x >= 0 && y >= 0 && x < width && y < height ? { x, y } : null;
  }

  async #loadMasks(movie: Movie | null): Promise<void> {
    const { masks, aborted } = this.#session;
    masks.value = [];
    if (!movie || movie.masks === 0) return;
    try {
      const { result, buffers } = await this.#session.request("masks", {}, { signal: aborted });
      masks.value = parseMasks(result, buffers[0]);
    } catch (error) {
      // the movie is whole without its contours
      if (!isAborted(error)) console.warn("dj-objectstore: the masks could not be read:", error);
    }
  }
}
