/** One line in words: frame, seconds, pixel under the pointer and its value; at its right rate and panel. */

import { type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import { formatCount, formatField, formatSeconds, formatValue } from "../state/format.ts";
import { valueOfCode } from "../state/movie.ts";
import { clamp, FPS_RANGE } from "../state/resolve.ts";
import type { ScrubberSession } from "../state/session.ts";
import { buildUnitScales } from "../state/units.ts";
import { iconButton, numberField } from "./controls.ts";
import { el, setField, setText } from "./dom.ts";
import type { Scope } from "./scope.ts";
import type { Spot } from "./stage.ts";

/** The pixel's place and its value: in counts, and in photons where they are known. */
export function describeSpot(session: ScrubberSession, spot: Spot | null): string {
  const [frame, movie, shown] = [session.painted.value, session.movie.value, session.shown.value];
  if (!spot || !frame || !movie || !shown) return "";
  const value = valueOfCode(movie, frame.codes[spot.y * movie.width + spot.x] ?? Number.NaN);
  const amounts = buildUnitScales(movie)
    .filter(({ unit }) => unit !== "stabilized" || shown.scale.unit === unit)
    .map(({ fromValue, digits, label }) => `${formatValue(fromValue(value), digits)} ${label}`.trim());
  return `x ${spot.x}  y ${spot.y}  ${amounts.join("  ")}`;
}

function buildPosition(session: ScrubberSession, scope: Scope): HTMLElement {
  const field = numberField("Frame", (value) => session.seek(value), { djo: "position", min: 0, step: 1 });
  const total = el("span", { class: "djo-dim" });
  const seconds = el("span", { class: "djo-seconds", djo: "seconds" });
  scope.effect(() => {
    const [shown, movie] = [session.shown.value, session.movie.value];
    if (!shown || !movie) return;
    field.max = String(movie.frames - 1);
    field.style.width = `${Math.max(3, String(movie.frames - 1).length) + 2}ch`;
    setField(field, String(shown.index));
    setText(total, `/ ${formatCount(movie.frames - 1)}`);
    setText(seconds, shown.seconds === null ? "" : formatSeconds(shown.seconds));
  });
  return el("span", { class: "djo-position" }, field, total, seconds);
}

function buildRate(session: ScrubberSession, scope: Scope): HTMLElement {
  const setRate = (rate: number) => {
    session.settings.fps.value = clamp(rate, ...FPS_RANGE);
    // what was typed may have been out of range, and the setting the same as before
    field.value = formatField(session.settings.fps.peek());
  };
  const props = { djo: "fps", min: FPS_RANGE[0], max: FPS_RANGE[1], class: "djo-rate" };
  const field = numberField("Frames per second", setRate, props);
  scope.effect(() => setField(field, formatField(session.shown.value?.fps ?? 30)));
  return el("label", { class: "djo-fps" }, field, el("span", { class: "djo-dim" }, "fps"));
}

export function buildStatusLine(
  session: ScrubberSession,
  scope: Scope,
  { spot, panelOpen }: { spot: ReadonlySignal<Spot | null>; panelOpen: Signal<boolean> },
): HTMLElement {
  const readout = el("span", { class: "djo-readout", djo: "readout" });
  scope.effect(() => setText(readout, describeSpot(session, spot.value)));
  const panel = iconButton("Contrast and colours", "panel", () => (panelOpen.value = !panelOpen.peek()), {
    djo: "panel",
  });
  scope.effect(() => panel.setAttribute("aria-expanded", String(panelOpen.value)));
  return el(
    "div",
    { class: "djo-status", djo: "status" },
    buildPosition(session, scope),
    readout,
    el("span", { class: "djo-status-end" }, buildRate(session, scope), panel),
  );
}

const PANEL_KEY = "djo-scrubber-panel";

/** Whether the panel is open, remembered where the page may keep anything. */
export function rememberPanel(scope: Scope, wide: boolean): Signal<boolean> {
  const open = signal(wide);
  try {
    const kept = localStorage.getItem(PANEL_KEY);
    if (kept !== null && wide) open.value = kept === "open";
  } catch {
    // a sandboxed page keeps nothing
  }
  const first = open.peek();
  let touched = false;
  scope.effect(() => {
    const now = open.value;
    touched ||= now !== first;
    if (!touched) return;
    try {
      localStorage.setItem(PANEL_KEY, now ? "open" : "folded");
    } catch {
      // as above
    }
  });
  return open;
}
