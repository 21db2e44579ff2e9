/** The picture as it is seen, on a canvas of its own: for a file, or for the clipboard. */

import { buildPath } from "../state/regions.ts";
import type { ScrubberSession } from "../state/session.ts";
import { measureBar } from "./scale-bar.ts";
import type { PictureWindow } from "./window.ts";

const MARGIN = 10;
const BAR_HEIGHT = 3;

interface Line {
  readonly path: string;
  readonly color: string;
}

function linesOf(session: ScrubberSession): readonly Line[] {
  const masks = session.masks.peek().map(({ path, color }) => ({ path, color }));
  const regions = session.regions.regions.peek().map((region) => ({
    path: buildPath(region),
    color: region.color,
  }));
  return [...masks, ...regions];
}

function drawBar(context: CanvasRenderingContext2D, session: ScrubberSession, window: PictureWindow): void {
  const box = window.box.peek();
  const bar = measureBar(session.movie.peek(), window.scale.peek(), box.width);
  if (!bar) return;
  const [right, bottom] = [box.width - MARGIN, box.height - MARGIN];
  context.fillStyle = context.shadowColor = "#fff";
  context.fillRect(right - bar.width, bottom - BAR_HEIGHT, bar.width, BAR_HEIGHT);
  context.font = "12px sans-serif";
  context.textAlign = "center";
  context.strokeStyle = "#000a";
  context.lineWidth = 3;
  const at = [right - bar.width / 2, bottom - BAR_HEIGHT - 5] as const;
  context.strokeText(bar.label, ...at);
  context.fillText(bar.label, ...at);
}

/** What is seen of the frame with contours and scale bar, in pixels of the screen. */
export function takeSnapshot(
  session: ScrubberSession,
  window: PictureWindow,
  picture: HTMLCanvasElement,
): HTMLCanvasElement {
  const { height, width } = window.box.peek();
  const [view, scale] = [window.view.peek(), window.scale.peek()];
  const ratio = devicePixelRatio || 1;
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  const step = session.picture.frame.peek()?.slice.step ?? 1;
  context.scale(ratio, ratio);
  context.imageSmoothingEnabled = scale * step < 1;
  context.save();
  context.scale(scale, scale);
  context.translate(-view.x0, -view.y0);
  context.drawImage(picture, 0, 0, picture.width * step, picture.height * step);
  context.lineWidth = 1.5 / (scale || 1);
  for (const { path, color } of linesOf(session)) {
    context.strokeStyle = color;
    context.stroke(new Path2D(path));
  }
  context.restore();
  drawBar(context, session, window);
  return canvas;
}
