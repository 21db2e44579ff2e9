/** Follows the colours of the page: what is drawn on a canvas keeps those that it was drawn with. */

import type { Scope } from "./scope.ts";

/** A theme comes in several steps; this many ms after the last of them it is there. */
const REST = 100;

/**
 * Calls `redraw` once the text colour of `canvas` has changed. Its style sheet makes a transition of each
 * change, however short: a host may load the style sheet of a theme at any time, and tells nobody.
 */
export function followColours(canvas: HTMLCanvasElement, scope: Scope, redraw: () => void): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const redrawSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(redraw, REST);
  };
  for (const kind of ["transitionrun", "transitionend"] as const) canvas.addEventListener(kind, redrawSoon);
  // the colours that a system forces on a page come without a transition
  const forced = matchMedia("(forced-colors: active)");
  forced.addEventListener("change", redrawSoon);
  scope.add(() => {
    forced.removeEventListener("change", redrawSoon);
    clearTimeout(timer);
  });
}
