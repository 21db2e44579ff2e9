/** Parsers of the results of each method, one table. */

import {
  type Fields,
  flag,
  integer,
  list,
  nullable,
  number,
  numbers,
  oneOf,
  ProtocolError,
  pair,
  record,
  text,
  texts,
} from "./check.ts";
import type {
  CodeInfo,
  DescribeResult,
  Entry,
  Method,
  Methods,
  Photons,
  PreviewBody,
  PreviewResult,
  Stabilized,
} from "./messages.ts";
import { DTYPES, parseFrameFields } from "./parse.ts";

function parseCode(value: unknown): CodeInfo {
  const from = record(value, "code");
  return {
    dtype: oneOf(from, "dtype", DTYPES),
    kind: oneOf(from, "kind", ["lookup", "linear"]),
    levels: integer(from, "levels"),
    scale: number(from, "scale"),
    offset: number(from, "offset"),
  };
}

function parsePhotons(value: unknown): Photons {
  const from = record(value, "photons");
  const gain = number(from, "gain");
  if (gain <= 0) throw new ProtocolError(`gain must be above 0, got ${gain}`);
  return { gain, offset: number(from, "offset") };
}

function parseStabilized(value: unknown): Stabilized {
  return { ...parsePhotons(value), variance: number(record(value, "stabilized"), "variance") };
}

function parseDescribe(from: Fields): DescribeResult {
  return {
    title: text(from, "title", ""),
    frames: integer(from, "frames"),
    height: integer(from, "height"),
    width: integer(from, "width"),
    channels: Math.max(1, integer(from, "channels")),
    code: parseCode(from.code),
    dtype: text(from, "dtype"),
    unit: text(from, "unit", ""),
    frame_rate: nullable(from, "frame_rate", number),
    has_times: flag(from, "has_times", false),
    pixel_size: nullable(from, "pixel_size", pair),
    photons: nullable(from, "photons", (f, key) => parsePhotons(f[key])),
    stabilized: nullable(from, "stabilized", (f, key) => parseStabilized(f[key])),
    contrast: pair(from, "contrast"),
    mode: text(from, "mode", ""),
    facts: parseFacts(from),
  };
}

function parseFacts(from: Fields): readonly (readonly [string, string])[] {
  return list({ facts: from.facts ?? [] }, "facts").map((fact) => {
    const [label = "", value = ""] = texts(fact, "facts");
    return [label, value] as const;
  });
}

function parseEntry(value: unknown): Entry {
  const from = record(value, "entry");
  return {
    id: text(from, "id"),
    name: text(from, "name"),
    kind: oneOf(from, "kind", ["folder", "file", "array", "group", "movie"]),
    size: nullable(from, "size", number),
    modified: nullable(from, "modified", text),
    items: nullable(from, "items", number),
  };
}

function parseThumbnail(value: unknown): { width: number; height: number } {
  const from = record(value, "thumbnail");
  return { width: number(from, "width"), height: number(from, "height") };
}

const PREVIEWS: { [T in PreviewBody["type"]]: (from: Fields) => Extract<PreviewBody, { type: T }> } = {
  text: (from) => ({
    type: "text",
    text: text(from, "text"),
    truncated: flag(from, "truncated", false),
    language: text(from, "language", ""),
  }),
  json: (from) => ({ type: "json", text: text(from, "text"), truncated: flag(from, "truncated", false) }),
  image: (from) => ({
    type: "image",
    mime: text(from, "mime"),
    width: number(from, "width"),
    height: number(from, "height"),
  }),
  array: (from) => ({
    type: "array",
    shape: numbers(from, "shape"),
    dtype: text(from, "dtype"),
    chunks: numbers({ chunks: from.chunks ?? [] }, "chunks"),
    codecs: text(from, "codecs", ""),
    stored: nullable(from, "stored", number),
    raw: number(from, "raw"),
    attrs_text: text(from, "attrs_text", ""),
    thumbnail: nullable(from, "thumbnail", (f, key) => parseThumbnail(f[key])),
  }),
  table: (from) => ({
    type: "table",
    columns: texts(from.columns, "columns"),
    rows: list(from, "rows").map((row) => texts(row, "rows")),
    truncated: flag(from, "truncated", false),
  }),
  hex: (from) => ({ type: "hex", text: text(from, "text"), truncated: flag(from, "truncated", false) }),
  none: (from) => ({ type: "none", message: text(from, "message", "") }),
};

function parsePreview(from: Fields): PreviewResult {
  const type = oneOf(from, "type", Object.keys(PREVIEWS) as PreviewBody["type"][]);
  return {
    name: text(from, "name", ""),
    size: nullable(from, "size", number),
    path: text(from, "path", ""),
    line: text(from, "line", ""),
    scrubbable: flag(from, "scrubbable", false),
    ...PREVIEWS[type](from),
  };
}

const RESULTS: { [M in Method]: (from: Fields) => Methods[M]["result"] } = {
  describe: parseDescribe,
  frame: parseFrameFields,
  profile: (from) => ({ indices: numbers(from, "indices"), values: numbers(from, "values") }),
  list: (from) => ({
    entries: list(from, "entries").map(parseEntry),
    next: nullable(from, "next", text),
    total: integer(from, "total"),
  }),
  preview: parsePreview,
  open: (from) => ({ target: text(from, "target") }),
};

/** The result of a method, checked field by field. */
export function parseResult<M extends Method>(method: M, value: unknown): Methods[M]["result"] {
  return RESULTS[method](record(value, "result"));
}
