/** Display: colours, unit, projection, channel, further axes, rolling mean, zoom. */

import { computed } from "@preact/signals-core";
import type { Projection, Unit } from "../protocol/messages.ts";
import { COLORMAPS } from "../render/colormaps.ts";
import type { Movie } from "../state/movie.ts";
import { clamp, MAX_ROLLING } from "../state/resolve.ts";
import type { ScrubberSession } from "../state/session.ts";
import { type Choice, iconButton, labelled, numberField, rangeField, selectField } from "./controls.ts";
import { el, setField, setText } from "./dom.ts";
import { PROJECTION_NAMES } from "./projection-message.ts";
import type { Scope } from "./scope.ts";
import { foldingSection } from "./section.ts";
import { PictureWindow } from "./window.ts";

const UNIT_NAMES: Record<Unit, string> = { counts: "Counts", photons: "Photons", stabilized: "Stabilised" };
const ZOOM = 1.5;
const OVERLAY = "overlay";

function buildColormap({ settings, shown }: ScrubberSession, scope: Scope): HTMLElement {
  const known: readonly string[] = COLORMAPS;
  const chosen = settings.colormap.peek();
  const extra = known.includes(chosen) ? [] : [shown.peek()?.colormap ?? "gray"];
  const names = [...new Set([...known, ...extra])];
  const field = selectField(
    "Colours",
    names.map((name) => ({ value: name, label: name })),
    (name) => (settings.colormap.value = name),
    { djo: "colormap" },
  );
  scope.effect(() => {
    field.value = shown.value?.colormap ?? "gray";
    field.disabled = shown.value?.overlay ?? false;
  });
  return labelled("Colours", field);
}

function buildUnit({ settings, shown }: ScrubberSession, scope: Scope, movie: Movie): HTMLElement | null {
  const units = shown.peek()?.units ?? [];
  if (units.length < 2) return null;
  const choices = units.map((unit) => ({
    value: unit,
    label: unit === "counts" && !movie.unit ? "Values" : UNIT_NAMES[unit],
  }));
  const field = selectField("Unit", choices, (name) => (settings.unit.value = name), { djo: "unit" });
  scope.effect(() => {
    field.value = shown.value?.scale.unit ?? "counts";
  });
  return labelled("Unit", field);
}

function buildProjection(
  { settings, shown }: ScrubberSession,
  scope: Scope,
  movie: Movie,
): HTMLElement | null {
  if (!movie.projections || movie.frames < 2) return null;
  const kinds = Object.entries(PROJECTION_NAMES).map(([value, label]) => ({ value, label }));
  const choices = [{ value: "", label: "Frames" }, ...kinds];
  const choose = (kind: string) => (settings.projection.value = kind as "" | Projection);
  const field = selectField("Show", choices, choose, { djo: "projection" });
  scope.effect(() => {
    field.value = shown.value?.projection ?? "";
  });
  return labelled("Show", field);
}

function nameOfChannel(movie: Movie, channel: number): string {
  return movie.channel_names[channel] || String(channel);
}

function buildChannel({ settings, shown }: ScrubberSession, scope: Scope, movie: Movie): HTMLElement | null {
  if (movie.channels < 2) return null;
  const single = Array.from(
    { length: movie.channels },
    (_, channel): Choice => ({
      value: String(channel),
      label: nameOfChannel(movie, channel),
    }),
  );
  const both = `${nameOfChannel(movie, 0)} green, ${nameOfChannel(movie, 1)} magenta`;
  const choose = (value: string) => {
    settings.overlay.value = value === OVERLAY;
    if (value !== OVERLAY) settings.channel.value = Number(value);
  };
  const field = selectField("Channel", [...single, { value: OVERLAY, label: both }], choose, {
    djo: "channel",
  });
  scope.effect(() => {
    field.value = shown.value?.overlay ? OVERLAY : String(shown.value?.channel ?? 0);
  });
  return labelled("Channel", field);
}

function buildAxes({ settings, shown }: ScrubberSession, scope: Scope, movie: Movie): HTMLElement[] {
  return movie.axes.flatMap(({ name, length }, axis) => {
    if (length < 2) return [];
    const choose = (place: number) => {
      settings.at.value = movie.axes.map((_, i) => (i === axis ? place : (shown.peek()?.at[i] ?? 0)));
    };
    const { node, field, words } = rangeField(name, choose, { djo: `axis-${axis}`, max: length - 1 });
    scope.effect(() => {
      const place = shown.value?.at[axis] ?? 0;
      field.value = String(place);
      setText(words, `${place} / ${length - 1}`);
    });
    return [labelled(name, node)];
  });
}

function buildRolling(session: ScrubberSession, scope: Scope, movie: Movie): HTMLElement | null {
  if (movie.frames < 2 || session.isSaved) return null;
  const { settings, shown } = session;
  const most = Math.min(MAX_ROLLING, movie.frames);
  const choose = (frames: number) => {
    settings.rolling.value = clamp(Math.round(frames), 1, most);
    field.value = String(settings.rolling.peek());
  };
  const field = numberField("Rolling mean, in frames", choose, {
    djo: "rolling",
    min: 1,
    max: most,
    step: 1,
  });
  scope.effect(() => setField(field, String(shown.value?.rolling ?? 1)));
  const unit = el("span", { class: "djo-dim" }, "frames");
  return labelled("Mean of", el("span", { class: "djo-range-box" }, field, unit));
}

function buildZoom({ settings, movie }: ScrubberSession, scope: Scope): HTMLElement {
  const size = computed(() => movie.value ?? { height: 1, width: 1 });
  const view = new PictureWindow(size, settings.viewport);
  const words = el("span", { class: "djo-dim", djo: "zoom" });
  const out = iconButton("Zoom out (−)", "zoomOut", () => view.zoomBy(1 / ZOOM), { djo: "zoom-out" });
  const fit = iconButton("Fit (0)", "fit", () => view.fit(), { djo: "zoom-fit" });
  scope.effect(() => {
    setText(words, `${Number(view.zoom.value.toFixed(1))}×`);
    fit.disabled = out.disabled = view.zoom.value <= 1;
  });
  const into = iconButton("Zoom in (+)", "zoomIn", () => view.zoomBy(ZOOM), {
    djo: "zoom-in",
    title: "Zoom in (+). On the picture: the wheel with Ctrl, or the wheel after a click",
  });
  return el(
    "div",
    { class: "djo-labelled" },
    el("span", {}, "Zoom"),
    el("span", { class: "djo-strip" }, out, into, fit, words),
  );
}

export function buildDisplaySection(session: ScrubberSession, scope: Scope, movie: Movie): HTMLElement {
  const parts = [
    buildColormap(session, scope),
    buildUnit(session, scope, movie),
    buildProjection(session, scope, movie),
    buildChannel(session, scope, movie),
    ...buildAxes(session, scope, movie),
    buildRolling(session, scope, movie),
    buildZoom(session, scope),
  ];
  return foldingSection("Display", ...parts.filter((part) => part !== null));
}
