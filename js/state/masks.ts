/** The masks that were given with a movie: names, colours and contours. */

import { readFloat32 } from "../protocol/buffers.ts";
import { ProtocolError } from "../protocol/check.ts";
import type { MasksResult } from "../protocol/messages.ts";

export interface Mask {
  readonly name: string;
  /** `#rrggbb` */
  readonly color: string;
  /** The outline as an SVG path in pixel-edge coordinates, x before y; a mask may have several rings. */
  readonly path: string;
}

/** Steps of the golden angle: neighbours in number differ most in hue. */
const GOLDEN_ANGLE = 137.508;

/** A colour for each number, light enough for a dark picture. */
export function colorOfMask(mask: number): string {
  const hue = (30 + mask * GOLDEN_ANGLE) % 360;
  const level = (shift: number) => {
    const k = (shift + hue / 30) % 12;
    return Math.round(255 * (0.62 - 0.35 * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return `#${[0, 8, 4].map((shift) => level(shift).toString(16).padStart(2, "0")).join("")}`;
}

export function parseMasks({ names, rings }: MasksResult, buffer?: DataView): readonly Mask[] {
  const points = readFloat32(buffer, (buffer?.byteLength ?? 0) / 4, "mask contours");
  const paths = names.map(() => "");
  for (const [mask, start, count] of rings) {
    if (paths[mask] === undefined || 2 * (start + count) > points.length)
      throw new ProtocolError(`ring of mask ${mask} must lie within ${points.length / 2} points`);
    const corners = Array.from({ length: count }, (_, i) => {
      const at = 2 * (start + i);
      return `${points[at + 1]} ${points[at]}`;
    });
    if (count > 1) paths[mask] += `M${corners.join("L")}Z`;
  }
  return names.map((name, mask) => ({ name, color: colorOfMask(mask), path: paths[mask] ?? "" }));
}
