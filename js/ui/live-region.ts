/** Says aloud where the movie is, once it rests, and that it plays. */

import type { ScrubberSession } from "../state/session.ts";
import { el, setText } from "./dom.ts";
import type { Scope } from "./scope.ts";
import { describePosition } from "./timeline.ts";

/** A position is read out once it has stood this many ms. */
const REST = 600;

export function buildLiveRegion(session: ScrubberSession, scope: Scope): HTMLElement {
  const region = el("div", { class: "djo-spoken", djo: "spoken", role: "status", "aria-live": "polite" });
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isFirst = true;
  scope.effect(() => {
    const [shown, movie, problem] = [session.shown.value, session.movie.value, session.problem.value];
    clearTimeout(timer);
    if (!shown || !movie) return;
    // what is read out when the widget appears is the widget's own name
    if (isFirst) {
      isFirst = false;
      return;
    }
    const place = describePosition(shown, movie.frames);
    const said = shown.playing ? "Playing" : problem?.wish ? `${place}, not available` : place;
    timer = setTimeout(() => setText(region, said.charAt(0).toUpperCase() + said.slice(1)), REST);
  });
  scope.add(() => clearTimeout(timer));
  return region;
}
