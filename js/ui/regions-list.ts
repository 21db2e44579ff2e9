/** ROIs as a list: tools to draw them, a row for each, name and colour of the selected one, masks, traces. */

import type { Movie } from "../state/movie.ts";
import { TOOLS, type Tool } from "../state/region-editor.ts";
import { keyOfMask, RegionTracer } from "../state/region-tracer.ts";
import type { RegionTrace } from "../state/region-traces.ts";
import { growShape, moveShape, placeShape } from "../state/regions.ts";
import type { ScrubberSession } from "../state/session.ts";
import type { Region } from "../state/settings.ts";
import { resolveView } from "../state/viewport.ts";
import { iconButton, labelled, numberField, selectField, setIcon } from "./controls.ts";
import { el, setField, setText } from "./dom.ts";
import { buildCorners } from "./region-corners.ts";
import type { Scope } from "./scope.ts";
import { foldingSection } from "./section.ts";
import { directionOf } from "./stage-keys.ts";

const TOOL_NAMES: Record<Tool, string> = {
  rectangle: "Rectangle",
  ellipse: "Ellipse",
  polygon: "Polygon: click each corner, Enter closes",
  freehand: "Freehand",
};
const FAR = 10;
const NO_MASK = -1;

function buildTools({ regions, settings, movie }: ScrubberSession, scope: Scope): HTMLElement {
  const use = (tool: Tool, event: MouseEvent) => {
    const facts = movie.peek();
    // a button that is pressed by key places its region: there is no pointer to draw with
    if (event.detail === 0 && facts) {
      const kind = tool === "freehand" ? "polygon" : tool;
      regions.add(placeShape(kind, resolveView(settings.viewport.peek(), facts)));
    } else regions.tool.value = regions.tool.peek() === tool ? null : tool;
  };
  const buttons = TOOLS.map((tool) => {
    const button = iconButton(TOOL_NAMES[tool], tool, () => undefined, { djo: `tool-${tool}` });
    button.addEventListener("click", (event) => use(tool, event));
    scope.effect(() => button.setAttribute("aria-pressed", String(regions.tool.value === tool)));
    return button;
  });
  const undo = iconButton("Undo (Ctrl Z)", "undo", () => regions.undo(), { djo: "undo", class: "djo-end" });
  scope.effect(() => {
    undo.disabled = !regions.canUndo.value;
  });
  return el("div", { class: "djo-strip", role: "toolbar", "aria-label": "Draw" }, ...buttons, undo);
}

function describeTrace(trace: RegionTrace | undefined): string {
  if (!trace) return "";
  if (trace.state === "failed") return trace.message;
  if (trace.state === "ready") return trace.unit;
  return trace.total > 0 ? `${Math.round((100 * trace.done) / trace.total)} %` : "…";
}

function toggleTrace(tracer: RegionTracer, key: string): void {
  if (tracer.traces.peek().get(key)?.state === "loading") tracer.cancel(key);
  else tracer.ask(key);
}

/** One region of the list; it is made once, and follows what becomes of its region. */
class Row {
  readonly node: HTMLElement;
  readonly #session: ScrubberSession;
  readonly #swatch = el("span", { class: "djo-swatch" });
  readonly #name = el("span", { class: "djo-roi-name" });
  readonly #state = el("span", { class: "djo-dim djo-roi-state" });
  readonly #choose: HTMLButtonElement;
  readonly #trace: HTMLButtonElement;
  readonly #remove: HTMLButtonElement;

  constructor(session: ScrubberSession, tracer: RegionTracer, id: string) {
    this.#session = session;
    this.#choose = el(
      "button",
      {
        type: "button",
        class: "djo-roi-choose",
        djo: "roi",
        title: "Arrows move it, with Shift by ten pixels; plus and minus change its size",
        on: {
          click: () => session.regions.select(id),
          keydown: (event) => this.#onKey(event, id),
        },
      },
      this.#swatch,
      this.#name,
      this.#state,
    );
    this.#trace = iconButton("Trace", "trace", () => toggleTrace(tracer, id), { djo: "roi-trace" });
    this.#remove = iconButton("Delete", "remove", () => session.regions.remove(id), { djo: "roi-remove" });
    this.node = el("li", { class: "djo-roi" }, this.#choose, this.#trace, this.#remove);
  }

  update(region: Region, trace: RegionTrace | undefined, isSelected: boolean): void {
    this.#swatch.style.background = region.color;
    setText(this.#name, region.name);
    setText(this.#state, describeTrace(trace));
    this.#state.title = trace?.message ?? "";
    this.#choose.setAttribute("aria-pressed", String(isSelected));
    this.#trace.hidden = trace?.state === "ready" || this.#session.isSaved;
    const isLoading = trace?.state === "loading";
    const name = `${isLoading ? "Stop the trace of" : "Trace of"} ${region.name}`;
    setIcon(this.#trace, name, isLoading ? "close" : "trace");
    setIcon(this.#remove, `Delete ${region.name}`, "remove");
  }

  #onKey(event: KeyboardEvent, id: string): void {
    const { regions, movie } = this.#session;
    const [direction, size] = [directionOf(event.key), movie.peek()];
    if (event.altKey || event.ctrlKey || event.metaKey || !size) return;
    const far = event.shiftKey ? FAR : 1;
    const growth = { "+": 1, "=": 1, "-": -1 }[event.key];
    if (direction)
      regions.change(id, (one) => moveShape(one, [far * direction[0], far * direction[1]], size));
    else if (growth !== undefined) regions.change(id, (one) => growShape(one, growth * 0.5));
    else return;
    event.preventDefault();
    event.stopPropagation();
    regions.select(id);
  }
}

function buildRows(session: ScrubberSession, tracer: RegionTracer, scope: Scope): HTMLElement {
  const node = el("ul", { class: "djo-rois", "aria-label": "ROIs" });
  const rows = new Map<string, Row>();
  scope.effect(() => {
    const [regions, selected] = [session.regions.regions.value, session.regions.selected.value];
    const traces = session.regionTraces.value;
    for (const id of [...rows.keys()]) if (!regions.some((region) => region.id === id)) rows.delete(id);
    const shown = regions.map((region) => {
      const row = rows.get(region.id) ?? new Row(session, tracer, region.id);
      rows.set(region.id, row);
      row.update(region, traces.get(region.id), region.id === selected);
      return row.node;
    });
    const isSame = shown.length === node.children.length && shown.every((row, i) => node.children[i] === row);
    if (!isSame) node.replaceChildren(...shown);
    node.hidden = regions.length === 0;
  });
  return node;
}

function buildDetails({ regions }: ScrubberSession, scope: Scope): HTMLElement {
  const change = (act: (id: string) => void) => {
    const id = regions.selected.peek();
    if (id !== null) act(id);
  };
  const name = el("input", {
    type: "text",
    class: "djo-field",
    djo: "roi-name",
    maxlength: 64,
    "aria-label": "Name of the ROI",
  });
  const color = el("input", {
    type: "color",
    class: "djo-color",
    djo: "roi-color",
    "aria-label": "Colour of the ROI",
  });
  name.addEventListener("change", () => change((id) => regions.rename(id, name.value)));
  name.addEventListener("keydown", (event) => {
    if (event.key === "Enter") change((id) => regions.rename(id, name.value));
  });
  color.addEventListener("change", () => change((id) => regions.recolor(id, color.value)));
  const node = el("div", { class: "djo-strip" }, name, color);
  scope.effect(() => {
    const region = regions.regions.value.find(({ id }) => id === regions.selected.value);
    node.hidden = !region;
    if (!region) return;
    setField(name, region.name);
    setField(color, region.color);
  });
  return node;
}

function buildMasks(
  session: ScrubberSession,
  tracer: RegionTracer,
  scope: Scope,
  movie: Movie,
): HTMLElement | null {
  if (movie.masks === 0) return null;
  const { masks, regions, settings, regionTraces } = session;
  const field = selectField("Mask", [], (value) => regions.selectMask(Number(value)), { djo: "mask" });
  const state = el("span", { class: "djo-dim djo-roi-state" });
  const current = () => keyOfMask(settings.mask.value);
  const toggle = () => toggleTrace(tracer, current());
  const button = iconButton("Trace", "trace", toggle, { djo: "mask-trace" });
  scope.effect(() => {
    const options = masks.value.map(({ name }, mask) => el("option", { value: mask }, name));
    field.replaceChildren(el("option", { value: NO_MASK }, `none of ${movie.masks}`), ...options);
    field.value = String(settings.mask.value);
  });
  scope.effect(() => {
    const trace = regionTraces.value.get(current());
    const isReady = trace?.state === "ready";
    setText(state, isReady ? "" : describeTrace(trace));
    state.title = trace?.message ?? "";
    button.hidden = isReady || settings.mask.value === NO_MASK || session.isSaved;
    const isLoading = trace?.state === "loading";
    setIcon(button, isLoading ? "Stop the mask's trace" : "Trace of the mask", isLoading ? "close" : "trace");
  });
  // the button stands beside the label: a label names one control only
  return el("div", { class: "djo-strip" }, labelled("Mask", field), state, button);
}

function buildQuantity(tracer: RegionTracer, session: ScrubberSession, scope: Scope): HTMLElement {
  const choices = [
    { value: "mean", label: "Mean of the pixels" },
    { value: "dff", label: "ΔF/F" },
  ];
  const choose = (value: string) => (tracer.quantity.value = value === "dff" ? "dff" : "mean");
  const quantity = selectField("Trace", choices, choose, { djo: "quantity" });
  const setBaseline = (value: number) => (tracer.baseline.value = Math.min(100, Math.max(0, value)));
  const baseline = numberField("Baseline, percentile of the trace", setBaseline, {
    djo: "baseline",
    min: 0,
    max: 100,
  });
  const percentile = labelled(
    "Baseline",
    el("span", { class: "djo-range-box" }, baseline, el("span", { class: "djo-dim" }, "percentile")),
  );
  const node = el("div", { class: "djo-section-body" }, labelled("Trace", quantity), percentile);
  scope.effect(() => {
    const hasNone = session.regions.regions.value.length === 0 && session.settings.mask.value < 0;
    node.hidden = hasNone || session.isSaved;
    percentile.hidden = tracer.quantity.value !== "dff";
    setField(baseline, String(tracer.baseline.value));
  });
  return node;
}

export function buildRegionsSection(session: ScrubberSession, scope: Scope, movie: Movie): HTMLElement {
  const tracer = new RegionTracer(session, session.masks);
  scope.add(() => tracer.dispose());
  const parts = [
    buildTools(session, scope),
    buildRows(session, tracer, scope),
    buildDetails(session, scope),
    buildCorners(session, scope),
    buildMasks(session, tracer, scope, movie),
    buildQuantity(tracer, session, scope),
  ];
  return foldingSection("ROIs", ...parts.filter((part) => part !== null));
}
