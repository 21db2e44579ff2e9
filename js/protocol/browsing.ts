/** What a browser asks besides its tree and previews: `dj_objectstore/widgets/messages/browser_messages.py`. */

import { type Fields, flag, integer, list, nullable, number, oneOf, record, text, texts } from "./check.ts";
import type { EntryKind } from "./messages.ts";

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
}

export interface ObjectInfo {
  /** "" where there is none, for the reason in `problem`. */
  readonly node: string;
  readonly kind: EntryKind;
  readonly size: number | null;
  readonly problem: string;
}

export interface RowInfo {
  readonly cells: readonly string[];
  readonly objects: readonly (ObjectInfo | null)[];
}

export interface Rows {
  readonly rows: readonly RowInfo[];
  readonly next: string | null;
}

export interface Verified {
  readonly ok: boolean;
  readonly files: number;
  readonly findings: readonly { readonly file: string; readonly message: string }[];
  readonly note: string;
}

export interface Saved {
  readonly name: string;
  readonly mime: string;
  readonly size: number;
  /** "" where it came as the buffer. */
  readonly path: string;
}

/** What a table, or a section of a store without tables, takes. */
export interface Share {
  readonly section: Section;
  readonly schema_name: string;
  readonly table: string;
  readonly objects: number;
  readonly files: number;
  readonly size: number;
}

export interface BrowsingMethods {
  about: { params: Record<string, never>; result: About };
  rows: { params: { cursor?: string; limit?: number; condition?: string }; result: Rows };
  verify: { params: { node: string; read_data?: boolean }; result: Verified };
  manifest: { params: { node: string }; result: { readonly text: string; readonly truncated: boolean } };
  save: { params: { nodes: readonly string[]; into: "page" | "folder" }; result: Saved };
  usage: { params: Record<string, never>; result: { readonly shares: readonly Share[] } };
}

const SECTIONS = ["schema", "hash", "filepath", "reserved", "foreign"] as const;

/** Who wrote what lies in a part of a store. */
export type Section = (typeof SECTIONS)[number];

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
  return { cells: texts(from.cells, "cells"), objects: list(from, "objects").map(parseObject) };
}

function parseFinding(raw: unknown): { file: string; message: string } {
  const from = record(raw, "finding");
  return { file: text(from, "file"), message: text(from, "message") };
}

function parseShare(raw: unknown): Share {
  const from = record(raw, "share");
  return {
    section: oneOf(from, "section", SECTIONS),
    schema_name: text(from, "schema_name", ""),
    table: text(from, "table", ""),
    objects: integer(from, "objects"),
    files: integer(from, "files"),
    size: number(from, "size"),
  };
}

export const BROWSING_RESULTS: {
  [M in keyof BrowsingMethods]: (from: Fields) => BrowsingMethods[M]["result"];
} = {
  about: (from) => ({
    kind: oneOf(from, "kind", ["object", "objects", "rows", "store"]),
    title: text(from, "title"),
    columns: list(from, "columns").map(parseColumn),
    folder: text(from, "folder", ""),
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
  usage: (from) => ({ shares: list(from, "shares").map(parseShare) }),
};
