/** Where a user wants to go, in words: "300", "12.5 s", "1:02.5". */

import { frameAtSeconds, type Movie } from "./movie.ts";

const FRAME = /^\s*(-?\d+)\s*$/;
const SECONDS = /^\s*(-?\d+(?:[.,]\d+)?)\s*s(?:ec(?:onds?)?)?\s*$/i;
const MINUTES = /^\s*(\d+):(\d{1,2}(?:[.,]\d+)?)\s*(?:min)?\s*$/;

export type Jump =
  | { readonly ok: true; readonly index: number }
  | { readonly ok: false; readonly message: string };

function secondsIn(text: string): number | null {
  const [, seconds] = SECONDS.exec(text) ?? [];
  if (seconds !== undefined) return Number(seconds.replace(",", "."));
  const [, minutes, rest] = MINUTES.exec(text) ?? [];
  if (minutes === undefined || rest === undefined) return null;
  return 60 * Number(minutes) + Number(rest.replace(",", "."));
}

/** The frame that `text` names, or what is wrong with it. */
export function parseJump(text: string, movie: Movie): Jump {
  const [, frame] = FRAME.exec(text) ?? [];
  if (frame !== undefined) return { ok: true, index: Math.min(movie.frames - 1, Math.max(0, Number(frame))) };
  const seconds = secondsIn(text);
  if (seconds === null) return { ok: false, message: "Type a frame such as 300, or a time such as 12.5 s." };
  const index = frameAtSeconds(movie, seconds);
  if (index === null) return { ok: false, message: "This movie has no times, only frames." };
  return { ok: true, index };
}
