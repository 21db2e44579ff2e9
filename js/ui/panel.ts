/** The panel at the right: contrast, colours, unit, channel, pace, facts. */

import type { Unit } from "../protocol/messages.ts";
import { COLORMAPS } from "../render/colormaps.ts";
import { formatField } from "../state/format.ts";
import { robustRange } from "../state/histogram.ts";
import type { Movie } from "../state/movie.ts";
import type { Range } from "../state/resolve.ts";
import type { ScrubberSession } from "../state/session.ts";
import { checkField, numberField, selectField, textButton } from "./controls.ts";
import { el, setField } from "./dom.ts";
import { HistogramPlot } from "./histogram-plot.ts";
import type { Scope } from "./scope.ts";

const UNIT_NAMES: Record<Unit, string> = { counts: "Counts", photons: "Photons", stabilized: "Stabilised" };

/** Takes limits in the unit shown, keeps them in value units. */
function setLimits(session: ScrubberSession, [low, high]: Range): void {
  const scale = session.shown.peek()?.scale;
  if (scale) session.settings.contrast.value = [scale.toValue(low), scale.toValue(high)];
}

function buildLimits(session: ScrubberSession, scope: Scope): HTMLElement {
  const limits = (): Range => session.shown.peek()?.limits ?? [0, 1];
  const low = numberField("Black at", (value) => setLimits(session, [value, limits()[1]]), {
    djo: "contrast-lo",
  });
  const high = numberField("White at", (value) => setLimits(session, [limits()[0], value]), {
    djo: "contrast-hi",
  });
  scope.effect(() => {
    const shown = session.shown.value;
    if (!shown) return;
    setField(low, formatField(shown.limits[0]));
    setField(high, formatField(shown.limits[1]));
  });
  return el("div", { class: "djo-limits" }, low, el("span", { class: "djo-dim" }, "to"), high);
}

function buildContrast(session: ScrubberSession, scope: Scope): HTMLElement {
  const { contrast } = session.settings;
  const auto = textButton("Auto", () => (contrast.value = null), {
    djo: "contrast-auto",
    title: "The robust range of the whole movie",
  });
  const fit = textButton("This frame", () => fitFrame(session), {
    djo: "contrast-frame",
    title: "The robust range of the frame that is shown",
  });
  scope.effect(() => auto.setAttribute("aria-pressed", String(session.shown.value?.automatic ?? true)));
  const plot = new HistogramPlot(session, scope, (limits) => setLimits(session, limits));
  const head = el("div", { class: "djo-panel-head" }, el("h3", {}, "Contrast"), auto, fit);
  return el("section", {}, head, plot.node, buildLimits(session, scope));
}

function fitFrame(session: ScrubberSession): void {
  const [frame, movie] = [session.painted.peek(), session.movie.peek()];
  if (frame && movie) session.settings.contrast.value = [...robustRange(frame, movie)];
}

function labelled(label: string, field: HTMLElement): HTMLElement {
  return el("label", { class: "djo-labelled" }, el("span", {}, label), field);
}

function buildColormap(session: ScrubberSession, scope: Scope): HTMLElement {
  const choices = COLORMAPS.map((name) => ({ value: name, label: name }));
  const { colormap } = session.settings;
  const field = selectField("Colours", choices, (name) => (colormap.value = name), { djo: "colormap" });
  scope.effect(() => {
    field.value = session.shown.value?.colormap ?? "gray";
  });
  return labelled("Colours", field);
}

function buildUnit(session: ScrubberSession, scope: Scope, movie: Movie): HTMLElement | null {
  const units = session.shown.peek()?.units ?? [];
  if (units.length < 2) return null;
  const choices = units.map((unit) => ({
    value: unit,
    label: unit === "counts" && !movie.unit ? "Values" : UNIT_NAMES[unit],
  }));
  const { unit } = session.settings;
  const field = selectField("Unit", choices, (name) => (unit.value = name), { djo: "unit" });
  scope.effect(() => {
    field.value = session.shown.value?.scale.unit ?? "counts";
  });
  return labelled("Unit", field);
}

function buildChannel(session: ScrubberSession, scope: Scope, movie: Movie): HTMLElement | null {
  if (movie.channels < 2) return null;
  const choices = Array.from({ length: movie.channels }, (_, channel) => ({
    value: String(channel),
    label: String(channel),
  }));
  const field = selectField("Channel", choices, (name) => (session.channel.value = Number(name)), {
    djo: "channel",
  });
  scope.effect(() => {
    field.value = String(session.channel.value);
  });
  return labelled("Channel", field);
}

function buildPace(session: ScrubberSession): HTMLElement {
  const check = checkField("Play every frame", (every) => (session.keep.value = every ? "frames" : "time"), {
    djo: "every-frame",
  });
  check.title = "Show every frame even if that takes longer; otherwise frames are skipped to keep time";
  return check;
}

function buildFacts(movie: Movie): HTMLElement | null {
  if (movie.facts.length === 0) return null;
  const rows = movie.facts.flatMap(([label, text]) => [el("dt", {}, label), el("dd", { title: text }, text)]);
  return el("section", {}, el("dl", { class: "djo-facts" }, ...rows));
}

export function buildPanel(session: ScrubberSession, scope: Scope, movie: Movie): HTMLElement {
  const look = [
    buildColormap(session, scope),
    buildUnit(session, scope, movie),
    buildChannel(session, scope, movie),
    movie.frames > 1 ? buildPace(session) : null,
  ];
  const sections = [
    buildContrast(session, scope),
    el("section", {}, ...look.filter((part) => part !== null)),
    buildFacts(movie),
  ];
  return el(
    "aside",
    { class: "djo-panel", "aria-label": "Display" },
    ...sections.filter((part) => part !== null),
  );
}
