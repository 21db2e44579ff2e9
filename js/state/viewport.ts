/**
 * Which part of a picture is shown, and where. Coordinates are pixel edges: (0, 0) is the outer corner of the
 * first pixel, (height, width) that of the last. A view has the proportions of the picture, always.
 *
 *     const view = zoomView(resolveView(trait, size), 2, [y, x], size);
 *     settings.viewport.value = buildViewport(view, size);
 */

import type { Pair } from "../protocol/messages.ts";

export interface Size {
  readonly height: number;
  readonly width: number;
}

export interface View {
  readonly y0: number;
  readonly x0: number;
  readonly y1: number;
  readonly x1: number;
}

/** At the largest zoom this many pixels of the shorter side are seen. */
const FEWEST_PIXELS = 4;

export function wholeView({ height, width }: Size): View {
  return { y0: 0, x0: 0, y1: height, x1: width };
}

export function zoomOf(view: View, { width }: Size): number {
  return width / (view.x1 - view.x0);
}

export function largestZoom({ height, width }: Size): number {
  return Math.max(1, Math.min(height, width) / FEWEST_PIXELS);
}

/** The view of a zoom that has the point `anchor` of the picture at the given shares of its sides. */
function placeView(size: Size, zoom: number, [y, x]: Pair, [down, across]: Pair): View {
  const bounded = Math.min(largestZoom(size), Math.max(1, zoom));
  if (bounded === 1) return wholeView(size);
  const [height, width] = [size.height / bounded, size.width / bounded];
  const y0 = Math.min(size.height - height, Math.max(0, y - down * height));
  const x0 = Math.min(size.width - width, Math.max(0, x - across * width));
  return { y0, x0, y1: y0 + height, x1: x0 + width };
}

/** Zooms by `factor`; the point `anchor` stays where it is, as far as the picture's edges allow. */
export function zoomView(view: View, factor: number, anchor: Pair, size: Size): View {
  const shares: Pair = [
    (anchor[0] - view.y0) / (view.y1 - view.y0),
    (anchor[1] - view.x0) / (view.x1 - view.x0),
  ];
  return placeView(size, zoomOf(view, size) * factor, anchor, shares);
}

/** Moves the view by rows and columns; it stays inside the picture. */
export function panView(view: View, [dy, dx]: Pair, size: Size): View {
  return placeView(size, zoomOf(view, size), [view.y0 + dy, view.x0 + dx], [0, 0]);
}

export function centreOf({ y0, x0, y1, x1 }: View): Pair {
  return [(y0 + y1) / 2, (x0 + x1) / 2];
}

/** The view for `[y0, x0, y1, x1]` as anyone may have set it: all of that is seen, and nothing is distorted. */
export function resolveView(wanted: readonly number[] | null, size: Size): View {
  const [y0, x0, y1, x1] = wanted ?? [];
  if (wanted?.length !== 4 || !wanted.every(Number.isFinite)) return wholeView(size);
  const [height, width] = [Math.abs(Number(y1) - Number(y0)), Math.abs(Number(x1) - Number(x0))];
  const zoom = Math.min(size.height / height, size.width / width);
  const middle: Pair = [(Number(y0) + Number(y1)) / 2, (Number(x0) + Number(x1)) / 2];
  return placeView(size, zoom, middle, [0.5, 0.5]);
}

/** The view as the trait holds it: null for the whole picture. */
export function buildViewport(view: View, size: Size): readonly number[] | null {
  return zoomOf(view, size) > 1 + 1e-9 ? [view.y0, view.x0, view.y1, view.x1] : null;
}

/**
 * Size of the picture on the page, in CSS pixels: whole multiples of its pixels where it fits, smaller with
 * its proportions kept where it does not.
 */
export function fitPicture(
  picture: Size,
  room: Size,
  devicePixelRatio: number,
): Size & { readonly scale: number } {
  const fit = Math.min(room.width / picture.width, room.height / picture.height);
  const whole = Math.floor(fit * devicePixelRatio) / devicePixelRatio;
  const scale = Math.max(whole || fit, 0);
  return { width: picture.width * scale, height: picture.height * scale, scale };
}

/** The coarsest version of a frame that loses nothing on a screen with `scale` of its pixels for each. */
export function chooseStep(steps: readonly number[], scale: number): number {
  return Math.max(1, ...steps.filter((step) => step * scale <= 1.05));
}

/** A length of 1, 2 or 5 times a power of ten, the largest that is not above `most`. */
export function chooseLength(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  const digit = [5, 2].find((one) => one * power <= most * (1 + 1e-9)) ?? 1;
  return digit * power;
}

/** A length in micrometres in the unit that suits it. */
export function formatLength(micrometres: number): string {
  if (micrometres >= 1000) return `${Number((micrometres / 1000).toPrecision(3))} mm`;
  if (micrometres < 1) return `${Number((micrometres * 1000).toPrecision(3))} nm`;
  return `${Number(micrometres.toPrecision(3))} µm`;
}
