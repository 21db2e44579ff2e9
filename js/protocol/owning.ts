/** What a browser asks about a whole store: `dj_objectstore/widgets/messages/store_messages.py`. */

import {
  type Fields,
  flag,
  integer,
  list,
  number,
  oneOf,
  ProtocolError,
  record,
  text,
  texts,
} from "./check.ts";

const SECTIONS = ["schema", "hash", "filepath", "reserved", "foreign"] as const;
const STANDINGS = [
  "row",
  "orphan",
  "recent",
  "writing",
  "unread",
  "foreign",
  "quarantined",
  "reserved",
] as const;
const PLACES = ["section", "partition", "schema", "table", "key", "object", "part"] as const;

/** Who wrote what lies in a part of a store. */
export type Section = (typeof SECTIONS)[number];

/** What something is to the database: named by a row, without one for some reason, or not ours. */
export type Standing = (typeof STANDINGS)[number];

/** What the path of something in a store says that it is. */
export type PlaceKind = (typeof PLACES)[number];

/** What a table, or a section of a store without tables, takes. */
export interface Share {
  readonly section: Section;
  readonly schema_name: string;
  readonly table: string;
  readonly objects: number;
  readonly files: number;
  readonly size: number;
}

export interface Usage {
  readonly shares: readonly Share[];
  /** False where the counting was stopped. */
  readonly whole: boolean;
}

/** Whose an entry is, and the first row that names it. */
export interface Owner {
  readonly kind: PlaceKind;
  /** "" where there is nothing to tell. */
  readonly standing: Standing | "";
  /** Why it could not be told. */
  readonly reason: string;
  readonly table: string;
  readonly field: string;
  readonly key: readonly (readonly [name: string, value: string])[];
  /** How many rows name it, or something in it. */
  readonly rows: number;
  /** The row in Python: its restriction, and a line that gives it. */
  readonly restriction: string;
  readonly line: string;
}

export interface OwnerRow {
  readonly table: string;
  readonly cells: readonly (readonly [name: string, value: string])[];
}

export interface StandingPart {
  readonly standing: Standing;
  readonly objects: number;
  readonly files: number;
  readonly size: number;
}

export interface Compared {
  readonly parts: readonly StandingPart[];
  /** Why something could not be told, and what else to know. */
  readonly notes: readonly string[];
  readonly whole: boolean;
}

export interface OwningMethods {
  usage: { params: Record<string, never>; result: Usage };
  owners: {
    params: { nodes: readonly string[]; anew?: boolean };
    result: { readonly owners: readonly Owner[] };
  };
  owner_row: { params: { node: string }; result: OwnerRow };
  compare: { params: Record<string, never>; result: Compared };
  enough: { params: { of: "usage" | "compare" }; result: { readonly ended: boolean } };
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

function parseNamed(raw: unknown): readonly [string, string] {
  const [name, value, ...more] = texts(raw, "name and value");
  if (name === undefined || value === undefined || more.length > 0)
    throw new ProtocolError("a name and value must be two texts");
  return [name, value];
}

function parseOwner(raw: unknown): Owner {
  const from = record(raw, "owner");
  return {
    kind: oneOf(from, "kind", PLACES),
    standing: text(from, "standing") === "" ? "" : oneOf(from, "standing", STANDINGS),
    reason: text(from, "reason", ""),
    table: text(from, "table", ""),
    field: text(from, "field", ""),
    key: list(from, "key").map(parseNamed),
    rows: integer(from, "rows"),
    restriction: text(from, "restriction", ""),
    line: text(from, "line", ""),
  };
}

function parsePart(raw: unknown): StandingPart {
  const from = record(raw, "part");
  return {
    standing: oneOf(from, "standing", STANDINGS),
    objects: integer(from, "objects"),
    files: integer(from, "files"),
    size: number(from, "size"),
  };
}

export const OWNING_RESULTS: { [M in keyof OwningMethods]: (from: Fields) => OwningMethods[M]["result"] } = {
  usage: (from) => ({ shares: list(from, "shares").map(parseShare), whole: flag(from, "whole", true) }),
  owners: (from) => ({ owners: list(from, "owners").map(parseOwner) }),
  owner_row: (from) => ({ table: text(from, "table"), cells: list(from, "cells").map(parseNamed) }),
  compare: (from) => ({
    parts: list(from, "parts").map(parsePart),
    notes: texts(from.notes, "notes"),
    whole: flag(from, "whole"),
  }),
  enough: (from) => ({ ended: flag(from, "ended") }),
};
