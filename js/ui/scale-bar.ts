/** The scale bar: a round length, where the size of a pixel is known. */

import type { Movie } from "../state/movie.ts";
import { chooseLength, formatLength } from "../state/viewport.ts";
import { el, setText } from "./dom.ts";
import type { Scope } from "./scope.ts";
import type { PictureWindow } from "./window.ts";

/** At most this share of the box, and this many CSS pixels. */
const SHARE = 0.25;
const LONGEST = 160;
/** A picture narrower than this has no room for it. */
const NARROW = 80;

export interface Bar {
  /** CSS pixels. */
  readonly width: number;
  readonly label: string;
}

export function measureBar(movie: Movie | null, scale: number, boxWidth: number): Bar | null {
  const micrometres = movie?.pixel_size?.[1];
  if (!micrometres || micrometres <= 0 || scale <= 0 || boxWidth < NARROW) return null;
  const length = chooseLength((Math.min(LONGEST, SHARE * boxWidth) / scale) * micrometres);
  return { width: (length / micrometres) * scale, label: formatLength(length) };
}

export function buildScaleBar(movie: () => Movie | null, window: PictureWindow, scope: Scope): HTMLElement {
  const line = el("div", { class: "djo-scale-line" });
  const label = el("div", { class: "djo-scale-label" });
  const node = el("div", { class: "djo-scale", djo: "scale-bar" }, label, line);
  scope.effect(() => {
    const bar = measureBar(movie(), window.scale.value, window.box.value.width);
    node.hidden = bar === null;
    if (!bar) return;
    line.style.width = `${bar.width}px`;
    setText(label, bar.label);
  });
  return node;
}
