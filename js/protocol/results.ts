/** Parsers of the results of each method, one table. */

import { BROWSING_RESULTS } from "./browsing.ts";
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
  Axis,
  CodeInfo,
  DescribeResult,
  Entry,
  LinkedView,
  Method,
  Methods,
  Photons,
  PreviewBody,
  PreviewResult,
  SeriesResult,
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
    fps: nullable(from, "fps", number) ?? 30,
    has_times: flag(from, "has_times", false),
    pixel_size: nullable(from, "pixel_size", pair),
    photons: nullable(from, "photons", (f, key) => parsePhotons(f[key])),
    stabilized: nullable(from, "stabilized", (f, key) => parseStabilized(f[key])),
    contrast: pair(from, "contrast"),
    mode: text(from, "mode", ""),
    facts: parseFacts(from),
    axes: optionalList(from, "axes").map(parseAxis),
    channel_names: texts(from.channel_names ?? [], "channel_names"),
    steps: numbers({ steps: from.steps ?? [] }, "steps").filter((step) => step > 1),
    projections: flag(from, "projections", false),
    masks: nullable(from, "masks", integer) ?? 0,
    series: flag(from, "series", false),
    views: optionalList(from, "views").map(parseView),
    hints: texts(from.hints ?? [], "hints"),
  };
}

function optionalList(from: Fields, field: string): readonly unknown[] {
  return nullable(from, field, list) ?? [];
}

function parseAxis(value: unknown): Axis {
  const from = record(value, "axis");
  return { name: text(from, "name"), length: Math.max(1, integer(from, "length")) };
}

function parseView(value: unknown): LinkedView {
  const from = record(value, "view");
  return {
    target: nullable(from, "target", text),
    title: text(from, "title", ""),
    role: oneOf(from, "role", ["movie", "difference"]),
  };
}

function parseFacts(from: Fields): readonly (readonly [string, string])[] {
  return list({ facts: from.facts ?? [] }, "facts").map((fact) => {
    const [label = "", value = ""] = texts(fact, "facts");
    return [label, value] as const;
  });
}

function parseRing(value: unknown): readonly [number, number, number] {
  const [mask = -1, start = -1, count = -1, ...more] = numbers({ ring: value }, "ring");
  if (count < 0 || start < 0 || mask < 0 || more.length > 0)
    throw new ProtocolError(`ring must be mask, start and count, got ${JSON.stringify(value)}`);
  return [mask, start, count];
}

function parseSeries(from: Fields): SeriesResult {
  return {
    traces: optionalList(from, "traces").map((value) => {
      const trace = record(value, "trace");
      return { name: text(trace, "name"), unit: text(trace, "unit", "") };
    }),
    events: optionalList(from, "events").map((value) => ({ name: text(record(value, "event"), "name") })),
  };
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
    url: text(from, "url", ""),
    line: text(from, "line", ""),
    scrubbable: flag(from, "scrubbable", false),
    whole: flag(from, "whole", false),
    ...PREVIEWS[type](from),
  };
}

type Parsers = { [M in Method]?: (from: Fields) => Methods[M]["result"] };

const RESULTS: Parsers = {
  describe: parseDescribe,
  frame: parseFrameFields,
  door: (from) => ({ port: integer(from, "port"), token: text(from, "token") }),
  profile: (from) => ({ indices: numbers(from, "indices"), values: numbers(from, "values") }),
  project: (from) => ({
    kind: oneOf(from, "kind", ["mean", "max", "std"]),
    frames: integer(from, "frames"),
    dtype: oneOf(from, "dtype", DTYPES),
    shape: pair(from, "shape"),
  }),
  masks: (from) => ({ names: texts(from.names, "names"), rings: list(from, "rings").map(parseRing) }),
  trace: (from) => ({
    unit: text(from, "unit"),
    pixels: integer(from, "pixels"),
    frames: integer(from, "frames"),
    has_band: flag(from, "has_band", false),
  }),
  series: parseSeries,
  clip: (from) => ({ name: text(from, "name"), mime: text(from, "mime"), size: integer(from, "size") }),
  code: (from) => ({ line: text(from, "line") }),
  list: (from) => ({
    entries: list(from, "entries").map(parseEntry),
    next: nullable(from, "next", text),
    total: nullable(from, "total", integer),
  }),
  preview: parsePreview,
  open: (from) => ({ target: text(from, "target") }),
  ...BROWSING_RESULTS,
};

/** Adds parsers that only some widgets need, so that the others do not carry them. */
export function learnResults(more: Parsers): void {
  Object.assign(RESULTS, more);
}

/** The result of a method, checked field by field. */
export function parseResult<M extends Method>(method: M, value: unknown): Methods[M]["result"] {
  const parse = RESULTS[method];
  if (!parse) throw new ProtocolError(`nothing here reads the result of ${method}`);
  return parse(record(value, "result"));
}
