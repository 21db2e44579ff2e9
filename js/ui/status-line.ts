/** One line in words: frame, seconds, pixel under the pointer and its value; at its right rate and panel. */

import { type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import { formatCount, formatField, formatSeconds, formatValue } from "../state/format.ts";
import { pixelAt, valueAt } from "../state/movie.ts";
import { clamp, FPS_RANGE } from "../state/resolve.ts";
import type { ScrubberSession } from "../state/session.ts";
import { buildUnitScales } from "../state/units.ts";
import { iconButton, numberField } from "./controls.ts";
import { el, setField, setText } from "./dom.ts";
import type { Pointed } from "./linked-view.ts";
import { PositionField } from "./position-field.ts";
import type { Scope } from "./scope.ts";

/** The pixel's place and its value: in counts, and in photons where they are known. */
export function describeSpot({ session, spot }: Pointed): string {
  const { picture } = session;
  const [frame, light] = [picture.frame.value, picture.light.value];
  const [movie, shown] = [session.movie.value, session.shown.value];
  if (!spot || !frame || !light || !movie || !shown) return "";
  const value = valueAt(movie, frame, pixelAt(frame, spot.y, spot.x));
  const amounts = buildUnitScales(movie, light)
    .filter(({ unit }) => unit !== "stabilized" || shown.scale.unit === unit)
    .map(({ fromValue, digits, label }) => `${formatValue(fromValue(value), digits)} ${label}`.trim());
  return `x ${spot.x}  y ${spot.y}  ${amounts.join("  ")}`;
}

function buildPosition(session: ScrubberSession, scope: Scope): HTMLElement {
  const field = new PositionField(session);
  const total = el("span", { class: "djo-dim" });
  const seconds = el("span", { class: "djo-seconds", djo: "seconds" });
  scope.effect(() => {
    const [shown, movie] = [session.shown.value, session.movie.value];
    if (!shown || !movie) return;
    field.follow(movie.frames);
    setText(total, `/ ${formatCount(movie.frames - 1)}`);
    setText(seconds, shown.seconds === null ? "" : formatSeconds(shown.seconds));
  });
  return el("span", { class: "djo-position" }, field.node, total, seconds, field.wrong);
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

export interface StatusParts {
  /** The pixel under the pointer; in linked views also which movie it is of. */
  readonly pointed: ReadonlySignal<Pointed>;
  readonly panelOpen: Signal<boolean>;
  readonly exportOpen: Signal<boolean>;
}

export function buildStatusLine(
  session: ScrubberSession,
  scope: Scope,
  { pointed, panelOpen, exportOpen }: StatusParts,
): HTMLElement {
  const readout = el("span", { class: "djo-readout", djo: "readout" });
  scope.effect(() => setText(readout, describeSpot(pointed.value)));
  const save = iconButton("Save and copy", "save", () => (exportOpen.value = !exportOpen.peek()), {
    djo: "export",
  });
  const panel = iconButton("Display and ROIs", "panel", () => (panelOpen.value = !panelOpen.peek()), {
    djo: "panel",
  });
  scope.effect(() => save.setAttribute("aria-expanded", String(exportOpen.value)));
  scope.effect(() => panel.setAttribute("aria-expanded", String(panelOpen.value)));
  return el(
    "div",
    { class: "djo-status", djo: "status" },
    buildPosition(session, scope),
    readout,
    el("span", { class: "djo-status-end" }, buildRate(session, scope), save, panel),
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
