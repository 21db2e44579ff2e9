/** Play, step, loop, and how a slow store is met. */

import type { ScrubberSession } from "../state/session.ts";
import { iconButton, setIcon } from "./controls.ts";
import { el } from "./dom.ts";
import type { Scope } from "./scope.ts";

function toggle(button: HTMLButtonElement, isOn: boolean): void {
  button.setAttribute("aria-pressed", String(isOn));
}

export function buildTransport(session: ScrubberSession, scope: Scope): HTMLElement {
  const play = iconButton("Play", "play", () => session.toggle(), { djo: "play", class: "djo-accent" });
  const { loop, keep } = session.settings;
  const repeat = iconButton("Loop", "loop", () => (loop.value = !loop.peek()), { djo: "loop" });
  const previous = iconButton("Previous frame", "previous", () => session.move(-1), { djo: "previous" });
  const next = iconButton("Next frame", "next", () => session.move(1), { djo: "next" });
  const every = iconButton(
    "Play every frame",
    "everyFrame",
    () => (keep.value = keep.peek() === "time" ? "frames" : "time"),
    {
      djo: "every-frame",
      title: "Play every frame, however long it takes; otherwise frames are left out to keep time",
    },
  );
  scope.effect(() => {
    const playing = session.shown.value?.playing ?? false;
    setIcon(play, playing ? "Pause" : "Play", playing ? "pause" : "play");
  });
  scope.effect(() => toggle(repeat, loop.value));
  scope.effect(() => toggle(every, keep.value === "frames"));
  scope.effect(() => {
    const alone = (session.movie.value?.frames ?? 0) < 2;
    for (const button of [play, repeat, previous, next, every]) button.disabled = alone;
  });
  return el(
    "div",
    { class: "djo-transport", role: "group", "aria-label": "Playing" },
    previous,
    play,
    next,
    repeat,
    every,
  );
}
