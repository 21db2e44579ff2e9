/** Play, step and loop. */

import type { ScrubberSession } from "../state/session.ts";
import { iconButton, setIcon } from "./controls.ts";
import { el } from "./dom.ts";
import type { Scope } from "./scope.ts";

export function buildTransport(session: ScrubberSession, scope: Scope): HTMLElement {
  const play = iconButton("Play", "play", () => session.toggle(), { djo: "play", class: "djo-accent" });
  const { loop } = session.settings;
  const repeat = iconButton("Loop", "loop", () => (loop.value = !loop.peek()), { djo: "loop" });
  const previous = iconButton("Previous frame", "previous", () => session.step(-1), { djo: "previous" });
  const next = iconButton("Next frame", "next", () => session.step(1), { djo: "next" });
  scope.effect(() => {
    const playing = session.shown.value?.playing ?? false;
    setIcon(play, playing ? "Pause" : "Play", playing ? "pause" : "play");
  });
  scope.effect(() => repeat.setAttribute("aria-pressed", String(loop.value)));
  scope.effect(() => {
    const alone = (session.movie.value?.frames ?? 0) < 2;
    for (const button of [play, repeat, previous, next]) button.disabled = alone;
  });
  return el(
    "div",
    { class: "djo-transport", role: "group", "aria-label": "Playing" },
    previous,
    play,
    next,
    repeat,
  );
}
