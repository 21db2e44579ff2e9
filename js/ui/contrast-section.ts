/** Contrast: histogram, limits, automatic ones for the movie or for each frame, gamma. */

import { formatField } from "../state/format.ts";
import type { Range } from "../state/resolve.ts";
import type { ScrubberSession } from "../state/session.ts";
import { checkField, labelled, numberField, rangeField, textButton } from "./controls.ts";
import { el, setField, setText } from "./dom.ts";
import { HistogramPlot } from "./histogram-plot.ts";
import type { Scope } from "./scope.ts";
import { foldingSection } from "./section.ts";

function buildLimits({ picture }: ScrubberSession, scope: Scope): HTMLElement {
  const limits = (): Range => picture.light.peek()?.limits ?? [0, 1];
  const low = numberField("Black at", (value) => picture.setLimits([value, limits()[1]]), {
    djo: "contrast-lo",
  });
  const high = numberField("White at", (value) => picture.setLimits([limits()[0], value]), {
    djo: "contrast-hi",
  });
  scope.effect(() => {
    const light = picture.light.value;
    if (!light) return;
    setField(low, formatField(light.limits[0]));
    setField(high, formatField(light.limits[1]));
  });
  return el("div", { class: "djo-limits" }, low, el("span", { class: "djo-dim" }, "to"), high);
}

function buildAutomatic({ picture }: ScrubberSession, scope: Scope): HTMLElement {
  const auto = textButton("Auto", () => picture.setLimits(null), {
    djo: "contrast-auto",
    title: "Leaves out the few darkest and brightest pixels",
  });
  const fit = textButton("This frame", () => picture.fitLimits(), {
    djo: "contrast-frame",
    title: "Limits that suit the frame that is shown, kept for all frames",
  });
  scope.effect(() => auto.setAttribute("aria-pressed", String(picture.light.value?.automatic ?? true)));
  return el("div", { class: "djo-strip" }, auto, fit);
}

function buildMode({ settings, picture }: ScrubberSession, scope: Scope): HTMLElement {
  const node = checkField(
    "Anew for each frame",
    (each) => {
      settings.contrast_mode.value = each ? "frame" : "movie";
      picture.setLimits(null);
    },
    { djo: "contrast-each" },
  );
  scope.effect(() => {
    const box = node.firstElementChild as HTMLInputElement;
    box.checked = settings.contrast_mode.value === "frame" && (picture.light.value?.automatic ?? true);
  });
  return node;
}

function buildGamma({ settings, shown }: ScrubberSession, scope: Scope): HTMLElement {
  const { node, field, words } = rangeField("Gamma", (value) => (settings.gamma.value = value), {
    djo: "gamma",
    min: 0.2,
    max: 3,
    step: 0.05,
    title: "Below 1 lifts what is dark; a double click sets 1",
  });
  field.addEventListener("dblclick", () => (settings.gamma.value = 1));
  scope.effect(() => {
    const gamma = shown.value?.gamma ?? 1;
    field.value = String(gamma);
    setText(words, String(Number(gamma.toFixed(2))));
  });
  return labelled("Gamma", node);
}

export function buildContrastSection(session: ScrubberSession, scope: Scope): HTMLElement {
  const plot = new HistogramPlot(session, scope);
  return foldingSection(
    "Contrast",
    plot.node,
    buildLimits(session, scope),
    buildAutomatic(session, scope),
    buildMode(session, scope),
    buildGamma(session, scope),
  );
}
