/**
 * Regions as values: rectangles, ellipses and polygons in pixel-edge coordinates, (y, x), and what can be
 * done with them. Nothing here knows of a page.
 */

import type { Pair, RegionShape } from "../protocol/messages.ts";
import type { Region } from "./settings.ts";
import type { Size, View } from "./viewport.ts";

/** Okabe and Ito's colours, which people with any colour vision tell apart. */
export const REGION_COLORS = [
  "#e69f00",
  "#56b4e9",
  "#009e73",
  "#f0e442",
  "#cc79a7",
  "#d55e00",
  "#0072b2",
] as const;

/** As many points as the kernel takes. */
export const MOST_POINTS = 2000;
/** Digits of a coordinate, in pixels. */
const DIGITS = 100;

export interface Bounds {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

function round(value: number): number {
  return Math.round(value * DIGITS) / DIGITS;
}

function mapPoints<S extends RegionShape>(shape: S, move: (point: Pair, index: number) => Pair): S {
  const points = shape.points.map((point, index): Pair => {
    const [y, x] = move(point, index);
    return [round(y), round(x)];
  });
  return { ...shape, points };
}

export function boundsOf({ points }: Pick<RegionShape, "points">): Bounds {
  const [rows, columns] = [points.map(([y]) => y), points.map(([, x]) => x)];
  return {
    top: Math.min(...rows),
    left: Math.min(...columns),
    bottom: Math.max(...rows),
    right: Math.max(...columns),
  };
}

export function middleOf(shape: RegionShape): Pair {
  const { top, left, bottom, right } = boundsOf(shape);
  return [(top + bottom) / 2, (left + right) / 2];
}

/** Whether a point lies inside; of a polygon that crosses itself by the even-odd rule. */
export function containsPoint(shape: RegionShape, [y, x]: Pair): boolean {
  const { top, left, bottom, right } = boundsOf(shape);
  if (y < top || y > bottom || x < left || x > right) return false;
  if (shape.kind === "rectangle") return true;
  if (shape.kind === "ellipse") {
    const [middleY, middleX] = middleOf(shape);
    return ((2 * (y - middleY)) / (bottom - top)) ** 2 + ((2 * (x - middleX)) / (right - left)) ** 2 <= 1;
  }
  let inside = false;
  shape.points.forEach(([y1, x1], i) => {
    const [y0, x0] = shape.points.at(i - 1) as Pair;
    if (y0 > y !== y1 > y && x < x0 + ((y - y0) / (y1 - y0)) * (x1 - x0)) inside = !inside;
  });
  return inside;
}

/** Moved by rows and columns, with its middle kept inside the picture. */
export function moveShape<S extends RegionShape>(shape: S, [dy, dx]: Pair, size: Size): S {
  const [y, x] = middleOf(shape);
  const [toY, toX] = [
    Math.min(size.height, Math.max(0, y + dy)) - y,
    Math.min(size.width, Math.max(0, x + dx)) - x,
  ];
  return mapPoints(shape, ([row, column]) => [row + toY, column + toX]);
}

/** Larger or smaller about its middle by `pixels` on each side, never smaller than a pixel. */
export function growShape<S extends RegionShape>(shape: S, pixels: number): S {
  const { top, left, bottom, right } = boundsOf(shape);
  const [y, x] = middleOf(shape);
  const factor = (length: number) => Math.max(1, length + 2 * pixels) / Math.max(length, 0.01);
  const [down, across] = [factor(bottom - top), factor(right - left)];
  return mapPoints(shape, ([row, column]) => [y + (row - y) * down, x + (column - x) * across]);
}

/** The places by which a shape is changed: the corners of its box, or of a polygon. */
export function handlesOf(shape: RegionShape): readonly Pair[] {
  if (shape.kind === "polygon") return shape.points;
  const { top, left, bottom, right } = boundsOf(shape);
  return [
    [top, left],
    [top, right],
    [bottom, right],
    [bottom, left],
  ];
}

/** One of `handlesOf` put to another place; of a box the opposite corner stays. */
export function moveHandle<S extends RegionShape>(shape: S, handle: number, to: Pair): S {
  if (shape.kind === "polygon") return mapPoints(shape, (point, index) => (index === handle ? to : point));
  const opposite = handlesOf(shape)[(handle + 2) % 4] as Pair;
  return mapPoints({ ...shape, points: [opposite, to] }, (point) => point);
}

/** The handle that lies nearest to a point. */
export function nearestHandle(shape: RegionShape, [y, x]: Pair): number {
  const far = handlesOf(shape).map(([row, column]) => Math.hypot(row - y, column - x));
  return far.indexOf(Math.min(...far));
}

/** The edge of a polygon that lies within `reach` of a point, by the corner that it begins at; null: none. */
export function edgeAt({ kind, points }: RegionShape, at: Pair, reach: number): number | null {
  if (kind !== "polygon") return null;
  const far = points.map((corner, i) => distanceToEdge(at, corner, points[(i + 1) % points.length] as Pair));
  const nearest = Math.min(...far);
  return nearest <= reach ? far.indexOf(nearest) : null;
}

/** Half-way from a corner of a polygon to the next. */
export function middleOfEdge({ points }: RegionShape, corner: number): Pair {
  const [[y0, x0], [y1, x1]] = [points[corner], points[(corner + 1) % points.length]] as [Pair, Pair];
  return [(y0 + y1) / 2, (x0 + x1) / 2];
}

/** A polygon with one more corner, after corner `after`, or as it was where it has as many as there may be. */
export function insertCorner<S extends RegionShape>(shape: S, after: number, at: Pair): S {
  if (shape.points.length >= MOST_POINTS) return shape;
  const points = [...shape.points.slice(0, after + 1), at, ...shape.points.slice(after + 1)];
  return mapPoints({ ...shape, points }, (point) => point);
}

/** A polygon with one corner less, or as it was where three are left. */
export function removeCorner<S extends RegionShape>(shape: S, corner: number): S {
  if (shape.kind !== "polygon" || shape.points.length <= 3) return shape;
  return { ...shape, points: shape.points.filter((_, index) => index !== corner) };
}

/** To the nearest point of the line between two points, its ends included. */
function distanceToEdge([y, x]: Pair, [y0, x0]: Pair, [y1, x1]: Pair): number {
  const [dy, dx] = [y1 - y0, x1 - x0];
  const share = ((y - y0) * dy + (x - x0) * dx) / (dy * dy + dx * dx || 1);
  const along = Math.min(1, Math.max(0, share));
  return Math.hypot(y - y0 - along * dy, x - x0 - along * dx);
}

function distanceToLine([y, x]: Pair, [y0, x0]: Pair, [y1, x1]: Pair): number {
  const length = Math.hypot(y1 - y0, x1 - x0);
  if (length === 0) return Math.hypot(y - y0, x - x0);
  return Math.abs((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) / length;
}

/** A line with fewer points, nowhere further than `tolerance` from the first (Ramer, Douglas and Peucker). */
export function simplifyLine(points: readonly Pair[], tolerance: number): readonly Pair[] {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || points.length < 3) return points;
  const far = points.map((point) => distanceToLine(point, first, last));
  const most = Math.max(...far);
  if (most <= tolerance) return [first, last];
  const at = far.indexOf(most);
  const before = simplifyLine(points.slice(0, at + 1), tolerance);
  return [...before.slice(0, -1), ...simplifyLine(points.slice(at), tolerance)];
}

/** A line drawn by hand as a polygon that the kernel takes, or null where it encloses nothing. */
export function closeLine(points: readonly Pair[], tolerance: number): RegionShape | null {
  const few = simplifyLine(points, tolerance);
  const every = Math.ceil(few.length / MOST_POINTS);
  const simple = few.filter((_, i) => i % every === 0);
  return isUsable({ kind: "polygon", points: simple })
    ? mapPoints({ kind: "polygon", points: simple }, (point) => point)
    : null;
}

/** A box or a polygon of a quarter of each side, in the middle of what is seen. */
export function placeShape(kind: RegionShape["kind"], { y0, x0, y1, x1 }: View): RegionShape {
  const [height, width] = [(y1 - y0) / 4, (x1 - x0) / 4];
  const [top, left] = [(y0 + y1 - height) / 2, (x0 + x1 - width) / 2];
  const box: RegionShape = {
    kind: "rectangle",
    points: [
      [top, left],
      [top + height, left + width],
    ],
  };
  const points = kind === "polygon" ? handlesOf(box) : box.points;
  return mapPoints({ kind, points }, (point) => point);
}

/** Whether a shape has an extent: a click is no region. */
export function isUsable(shape: RegionShape): boolean {
  if (shape.points.length < (shape.kind === "polygon" ? 3 : 2)) return false;
  const { top, left, bottom, right } = boundsOf(shape);
  return bottom - top >= 0.5 && right - left >= 0.5;
}

/** The outline as an SVG path, x before y. */
export function buildPath(shape: RegionShape): string {
  if (shape.kind !== "ellipse")
    return `M${handlesOf(shape)
      .map(([y, x]) => `${x} ${y}`)
      .join("L")}Z`;
  const { top, left, bottom, right } = boundsOf(shape);
  const [radiusX, radiusY, y] = [(right - left) / 2, (bottom - top) / 2, (top + bottom) / 2];
  const half = `A${radiusX} ${radiusY} 0 1 0`;
  return `M${left} ${y}${half} ${right} ${y}${half} ${left} ${y}Z`;
}

function isPoint(value: unknown): value is Pair {
  return Array.isArray(value) && value.length === 2 && value.every(Number.isFinite);
}

function isRegion(value: Partial<Region> | null): value is Region {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof value.id === "string" &&
    typeof value.name === "string" &&
    /^#[0-9a-f]{6}$/i.test(value.color ?? "") &&
    ["rectangle", "ellipse", "polygon"].includes(value.kind ?? "") &&
    Array.isArray(value.points) &&
    value.points.every(isPoint) &&
    value.points.length <= MOST_POINTS &&
    isUsable(value as Region)
  );
}

/** The regions that can be drawn of what anyone may have set. */
export function resolveRegions(wanted: unknown): readonly Region[] {
  return Array.isArray(wanted) ? wanted.filter(isRegion) : [];
}

/** The first name and the least used colour for one more region. */
export function nameNext(regions: readonly Region[]): Pick<Region, "name" | "color"> {
  const taken = new Set(regions.map(({ name }) => name));
  let number = 1;
  while (taken.has(`ROI ${number}`)) number++;
  const uses = REGION_COLORS.map((color) => regions.filter((region) => region.color === color).length);
  return { name: `ROI ${number}`, color: REGION_COLORS[uses.indexOf(Math.min(...uses))] ?? REGION_COLORS[0] };
}
