/** Draws lines, bands and marks on a canvas, min and max per column of pixels where there are many points. */

import { type Columns, type Curve, gatherColumns, rangeOf } from "../state/columns.ts";
import type { Line } from "../state/lanes.ts";

export interface Area {
  readonly top: number;
  readonly height: number;
  /** Width of the canvas in CSS pixels. */
  readonly width: number;
  /** From a frame to pixels. */
  xOf(place: number): number;
}

type Range = readonly [number, number];

/** Sets the size of a canvas for this screen; null where it can't be drawn on. */
export function sizeCanvas(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
): CanvasRenderingContext2D | null {
  const context = canvas.getContext("2d");
  if (!context) return null;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.height = `${height}px`;
  context.scale(ratio, ratio);
  return context;
}

function scaleOf([low, high]: Range, { top, height }: Area): (value: number) => number {
  const room = height - 4;
  const span = high - low;
  return (value) => top + 2 + (span > 0 ? room * (1 - (value - low) / span) : room / 2);
}

function curveOf(line: Line, area: Area): Curve {
  return {
    length: line.length,
    x: (i) => area.xOf(line.place(i)),
    value: (i) => line.value(i),
    ...(line.spread ? { spread: line.spread } : {}),
  };
}

function drawColumns(
  context: CanvasRenderingContext2D,
  { low, high }: Columns,
  yOf: (value: number) => number,
): void {
  for (let x = 0; x < low.length; x++) {
    if (Number.isNaN(low[x])) continue;
    const [top, bottom] = [yOf(high[x] as number), yOf(low[x] as number)];
    context.fillRect(x, top - 0.5, 1, Math.max(1, bottom - top));
  }
}

function drawBand(context: CanvasRenderingContext2D, curve: Curve, yOf: (value: number) => number): void {
  const { spread } = curve;
  if (!spread) return;
  context.beginPath();
  for (let i = 0; i < curve.length; i++) context.lineTo(curve.x(i), yOf(curve.value(i) + spread(i)));
  for (let i = curve.length - 1; i >= 0; i--) context.lineTo(curve.x(i), yOf(curve.value(i) - spread(i)));
  context.fill();
}

function drawPath(context: CanvasRenderingContext2D, curve: Curve, yOf: (value: number) => number): void {
  context.beginPath();
  let isDown = false;
  for (let i = 0; i < curve.length; i++) {
    const value = curve.value(i);
    if (!Number.isFinite(value)) isDown = false;
    else if (isDown) context.lineTo(curve.x(i), yOf(value));
    else {
      context.moveTo(curve.x(i), yOf(value));
      isDown = true;
    }
  }
  context.stroke();
}

/** A line over its whole height, with its noise band behind it. */
export function drawLine(context: CanvasRenderingContext2D, line: Line, area: Area, color: string): void {
  const curve = curveOf(line, area);
  const range = rangeOf(curve);
  if (!range) return;
  const yOf = scaleOf(range, area);
  const isDense = curve.length > 2 * area.width;
  context.fillStyle = color;
  context.strokeStyle = color;
  context.lineWidth = 1;
  context.lineJoin = "round";
  if (curve.spread) {
    context.globalAlpha = 0.25;
    if (isDense) drawColumns(context, gatherColumns(curve, area.width), yOf);
    else drawBand(context, curve, yOf);
    context.globalAlpha = 1;
  }
  const { length, x, value } = curve;
  if (isDense) drawColumns(context, gatherColumns({ length, x, value }, area.width), yOf);
  else drawPath(context, curve, yOf);
}

/** A stroke for each event; those that fall on one pixel are one. */
export function drawMarks(
  context: CanvasRenderingContext2D,
  marks: Float64Array,
  area: Area,
  color: string,
): void {
  context.fillStyle = color;
  const drawn = new Set<number>();
  for (const mark of marks) drawn.add(Math.round(area.xOf(mark)));
  for (const x of drawn)
    if (x >= 0 && x < area.width) context.fillRect(x - 0.5, area.top + 2, 1, area.height - 4);
}
