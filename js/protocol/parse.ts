/** Turns what the kernel sent into typed messages; anything else is a `ProtocolError`. */

import { type Fields, flag, integer, nullable, number, oneOf, pair, record, text } from "./check.ts";
import type { CodeDtype, Encoding, Failure, FrameResult, ToBrowser } from "./messages.ts";

export const DTYPES: readonly CodeDtype[] = ["|u1", "<u2", "<f4"];
const ENCODINGS: readonly Encoding[] = ["raw", "deflate"];

export function parseFailure(value: unknown): Failure {
  const error = record(value, "error");
  return { code: text(error, "code"), message: text(error, "message"), hint: text(error, "hint", "") };
}

export function parseFrameFields(from: Fields): FrameResult {
  return {
    index: integer(from, "index"),
    dtype: oneOf(from, "dtype", DTYPES),
    shape: pair(from, "shape"),
    step: nullable(from, "step", integer) || 1,
    encoding: nullable(from, "encoding", (f, key) => oneOf(f, key, ENCODINGS)) ?? "raw",
  };
}

function parseResponse(from: Fields): ToBrowser {
  const protocol = nullable(from, "protocol", integer);
  const base = {
    kind: "response" as const,
    view: text(from, "view"),
    id: integer(from, "id"),
    ...(protocol === null ? {} : { protocol }),
  };
  return flag(from, "ok")
    ? { ...base, ok: true, result: from.result }
    : { ...base, ok: false, error: parseFailure(from.error) };
}

function parseProgress(from: Fields): ToBrowser {
  return {
    kind: "progress",
    view: text(from, "view"),
    id: integer(from, "id"),
    done: number(from, "done"),
    total: number(from, "total"),
    note: text(from, "note", ""),
  };
}

function parseStreamFrame(from: Fields): ToBrowser {
  return {
    kind: "frame",
    view: text(from, "view"),
    stream: integer(from, "stream"),
    ...parseFrameFields(from),
  };
}

function parseEnd(from: Fields): ToBrowser {
  const error = from.error === undefined || from.error === null ? {} : { error: parseFailure(from.error) };
  return {
    kind: "end",
    view: text(from, "view"),
    stream: integer(from, "stream"),
    reason: oneOf(from, "reason", ["end", "stopped", "error"]),
    ...error,
  };
}

function parseEvent(from: Fields): ToBrowser {
  return {
    kind: "event",
    view: text(from, "view"),
    name: text(from, "name"),
    data: record(from.data ?? {}, "data"),
  };
}

const PARSERS = {
  response: parseResponse,
  progress: parseProgress,
  frame: parseStreamFrame,
  end: parseEnd,
  event: parseEvent,
} as const;

/** One message of the kernel. Fields that this version does not know are ignored. */
export function parseMessage(value: unknown): ToBrowser {
  const from = record(value, "message");
  const kind = oneOf(from, "kind", Object.keys(PARSERS) as (keyof typeof PARSERS)[]);
  return PARSERS[kind](from);
}
