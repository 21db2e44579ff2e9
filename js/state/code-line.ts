/** The line of Python that shows a movie as it is on the page. */

import type { Movie } from "./movie.ts";
import type { Shown } from "./resolve.ts";
import { SCRUBBER_DEFAULTS, type ScrubberTraits, type Signals } from "./settings.ts";

type Kept = Pick<
  ScrubberTraits,
  | "position"
  | "fps"
  | "contrast"
  | "contrast_mode"
  | "gamma"
  | "colormap"
  | "unit"
  | "channel"
  | "at"
  | "overlay"
  | "rolling"
  | "projection"
  | "viewport"
>;

const KEPT: readonly (keyof Kept)[] = [
  "position",
  "fps",
  "contrast",
  "contrast_mode",
  "gamma",
  "colormap",
  "unit",
  "channel",
  "at",
  "overlay",
  "rolling",
  "projection",
  "viewport",
];

function asPython(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(asPython).join(", ")}]`;
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return String(Number(value.toPrecision(8)));
  return JSON.stringify(value);
}

/** `djo.scrub(movie, position=17, ...)`, with what differs from a new scrubber. */
export function buildCodeLine(settings: Signals<ScrubberTraits>, shown: Shown, movie: Movie): string {
  const kept: Record<string, unknown> = Object.fromEntries(KEPT.map((name) => [name, settings[name].peek()]));
  const changed = { ...kept, position: shown.index, fps: shown.fps };
  const given = Object.entries(changed).filter(
    ([name, value]) =>
      JSON.stringify(value) !== JSON.stringify(SCRUBBER_DEFAULTS[name as keyof ScrubberTraits]),
  );
  const name = /^[A-Za-z_]\w*$/.test(movie.title) ? movie.title : "movie";
  return `djo.scrub(${[name, ...given.map(([key, value]) => `${key}=${asPython(value)}`)].join(", ")})`;
}
