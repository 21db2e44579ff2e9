/** The line of Python that shows a movie as it is on the page: the kernel's, which knows what the movie is called. */

import type { ScrubberSession } from "./session.ts";
import { SCRUBBER_DEFAULTS, type ScrubberTraits } from "./settings.ts";

/** A kernel that takes more ms is not waited for: a browser lets a page copy only shortly after a click. */
const PATIENCE = 1500;

type Look = Omit<ScrubberTraits, "playing">;

/** All that is to be seen, but whether it plays. */
export function lookOf({ settings, shown }: ScrubberSession): Look {
  const names = (Object.keys(SCRUBBER_DEFAULTS) as (keyof ScrubberTraits)[]).filter(
    (name) => name !== "playing",
  );
  const look = Object.fromEntries(names.map((name) => [name, settings[name].peek()])) as unknown as Look;
  const now = shown.peek();
  return now ? { ...look, position: now.index, fps: now.fps } : look;
}

function asPython(value: unknown): string {
  if (value === null) return "None";
  if (Array.isArray(value)) return `[${value.map(asPython).join(", ")}]`;
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return String(Number(value.toPrecision(8)));
  if (typeof value !== "object") return JSON.stringify(value);
  const parts = Object.entries(value).map(([key, part]) => `${JSON.stringify(key)}: ${asPython(part)}`);
  return `{${parts.join(", ")}}`;
}

/** `djo.scrub(movie, position=17, ...)`, with what differs from a new scrubber; without what only Python knows. */
export function buildCodeLine(session: ScrubberSession): string {
  const movie = session.movie.peek();
  const fresh: Look = { ...SCRUBBER_DEFAULTS, fps: movie?.fps ?? 0 };
  const given = Object.entries(lookOf(session)).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(fresh[name as keyof Look]),
  );
  const title = movie?.title ?? "";
  const name = /^[A-Za-z_]\w*$/.test(title) ? title : "movie";
  return `djo.scrub(${[name, ...given.map(([key, value]) => `${key}=${asPython(value)}`)].join(", ")})`;
}

/** The kernel's line, or the page's own where no kernel answers. */
export async function findCodeLine(session: ScrubberSession): Promise<string> {
  if (session.isSaved || session.lost.peek() || session.target !== undefined) return buildCodeLine(session);
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE);
  try {
    const { result } = await session.request("code", { look: lookOf(session) }, { signal: patience.signal });
    return result.line;
  } catch {
    return buildCodeLine(session);
  } finally {
    clearTimeout(timer);
  }
}
