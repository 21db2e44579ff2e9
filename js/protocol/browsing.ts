/** What a browser asks besides its tree and previews: `dj_objectstore/widgets/messages/browser_messages.py`. */

import { type Fields, flag, integer, list, nullable, number, oneOf, record, text, texts } from "./check.ts";
import type { EntryKind } from "./messages.ts";
import { OWNING_RESULTS, type OwningMethods } from "./owning.ts";

export interface ColumnInfo {
  readonly name: string;
  readonly kind: "key" | "value" | "object";
  readonly codec: string;
}

export interface About {
  readonly kind: "object" | "objects" | "rows" | "store";
  readonly title: string;
  readonly columns: readonly ColumnInfo[];
  /** Where the kernel puts downloads. */
  readonly folder: string;
  /** What a store is joined to; "" for none. */
  readonly database: string;
}

export interface ObjectInfo {
  /** "" where there is none, for the reason in `problem`. */
  readonly node: string;
  readonly kind: EntryKind;
  readonly size: number | null;
  readonly problem: string;
}

export interface RowInfo {
  readonly id: string;
  readonly cells: readonly string[];
  readonly objects: readonly (ObjectInfo | null)[];
}

export interface Rows {
  readonly rows: readonly RowInfo[];
  readonly next: string | null;
}

/** What is wrong with a file, or with the object of a row. */
export interface Finding {
  readonly file: string;
  readonly message: string;
}

export interface Verified {
  readonly ok: boolean;
  readonly files: number;
  readonly findings: readonly Finding[];
  readonly note: string;
}

export interface Saved {
  readonly name: string;
  readonly mime: string;
  readonly size: number;
  /** "" where it came as the buffer. */
  readonly path: string;
}

/** What of the objects of rows lies in a folder of the kernel now, and what does not, and why. */
export interface SavedRows {
  readonly path: string;
  readonly objects: number;
  /** Of them were there before. */
  readonly skipped: number;
  readonly size: number;
  readonly findings: readonly Finding[];
}

export interface BrowsingMethods extends OwningMethods {
  about: { params: Record<string, never>; result: About };
  rows: { params: { cursor?: string; limit?: number; condition?: string }; result: Rows };
  verify: { params: { node: string; read_data?: boolean }; result: Verified };
  manifest: { params: { node: string }; result: { readonly text: string; readonly truncated: boolean } };
  save: { params: { nodes: readonly string[]; into: "page" | "folder" }; result: Saved };
  save_rows: { params: { rows: readonly string[] }; result: SavedRows };
}

const KINDS = ["folder", "file", "array", "group", "movie"] as const;

function parseColumn(raw: unknown): ColumnInfo {
  const from = record(raw, "column");
  return {
    name: text(from, "name"),
    kind: oneOf(from, "kind", ["key", "value", "object"]),
    codec: text(from, "codec", ""),
  };
}

function parseObject(raw: unknown): ObjectInfo | null {
  if (raw === null) return null;
  const from = record(raw, "object");
  return {
    node: text(from, "node"),
    kind: oneOf(from, "kind", KINDS),
    size: nullable(from, "size", number),
    problem: text(from, "problem", ""),
  };
}

function parseRow(raw: unknown): RowInfo {
  const from = record(raw, "row");
  return {
    id: text(from, "id"),
    cells: texts(from.cells, "cells"),
    objects: list(from, "objects").map(parseObject),
  };
}

function parseFinding(raw: unknown): Finding {
  const from = record(raw, "finding");
  return { file: text(from, "file"), message: text(from, "message") };
}

export const BROWSING_RESULTS: {
  [M in keyof BrowsingMethods]: (from: Fields) => BrowsingMethods[M]["result"];
} = {
  ...OWNING_RESULTS,
  about: (from) => ({
    kind: oneOf(from, "kind", ["object", "objects", "rows", "store"]),
    title: text(from, "title"),
    columns: list(from, "columns").map(parseColumn),
    folder: text(from, "folder", ""),
    database: text(from, "database", ""),
  }),
  rows: (from) => ({ rows: list(from, "rows").map(parseRow), next: nullable(from, "next", text) }),
  verify: (from) => ({
    ok: flag(from, "ok"),
    files: integer(from, "files"),
    findings: list(from, "findings").map(parseFinding),
    note: text(from, "note", ""),
  }),
  manifest: (from) => ({ text: text(from, "text"), truncated: flag(from, "truncated", false) }),
  save: (from) => ({
    name: text(from, "name"),
    mime: text(from, "mime", ""),
    size: number(from, "size"),
    path: text(from, "path", ""),
  }),
  save_rows: (from) => ({
    path: text(from, "path"),
    objects: integer(from, "objects"),
    skipped: integer(from, "skipped"),
    size: number(from, "size"),
    findings: list(from, "findings").map(parseFinding),
  }),
};
