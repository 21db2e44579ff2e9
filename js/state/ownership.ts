/** Whose things in a store are, in words. */

import type { Owner, Standing, StandingPart } from "../protocol/owning.ts";
import { formatCount } from "./format.ts";

/** How much a word asks to be looked at. */
export type Tone = "quiet" | "plain" | "alert";

interface Words {
  readonly word: string;
  readonly tone: Tone;
  /** A sentence about one thing. */
  readonly sentence: string;
}

const STANDINGS: Record<Standing, Words> = {
  row: { word: "row", tone: "quiet", sentence: "A row names it." },
  orphan: {
    word: "no row",
    tone: "alert",
    sentence: "No row of its schema names it, and it is more than a day old.",
  },
  recent: {
    word: "recent",
    tone: "plain",
    sentence: "No row of its schema names it yet. It is less than a day old, so its row may still come.",
  },
  writing: { word: "being written", tone: "plain", sentence: "It is being written just now." },
  unread: { word: "not read", tone: "alert", sentence: "It can't be told whether a row names it." },
  foreign: {
    word: "foreign",
    tone: "plain",
    sentence: "It is not at a path of DataJoint's, and is left alone.",
  },
  quarantined: {
    word: "quarantined",
    tone: "plain",
    sentence: "It was removed, and is kept for a while.",
  },
  reserved: { word: "internal", tone: "quiet", sentence: "dj-objectstore keeps it for its own use." },
};

/** Of a folder of keys, what is said of what lies in it. */
const OF_A_KEY: Partial<Record<Standing, string>> = {
  orphan: "No row of its schema names anything in it, and all of it is more than a day old.",
  recent:
    "No row of its schema names anything in it yet. Some of it is less than a day old, so its row may still come.",
  writing: "Something in it is being written just now.",
  unread: "It can't be told whether a row names anything in it.",
};

/** The word beside a name, and how much it asks to be looked at; null where there is nothing to say. */
export function markOf(owner: Owner): { readonly word: string; readonly tone: Tone } | null {
  const { kind, standing, rows } = owner;
  if (standing === "row") return { word: countRows(rows), tone: "quiet" };
  if (standing !== "") return STANDINGS[standing];
  return kind === "part" ? null : { word: kind, tone: "quiet" };
}

function countRows(rows: number): string {
  return rows === 1 ? "1 row" : `${formatCount(rows)} rows`;
}

/** `subject = M042, day = 2026-01-05`. */
export function describeKey(owner: Owner): string {
  return owner.key.map(([name, value]) => (value === "" ? name : `${name} = ${value}`)).join(", ");
}

/** One or two sentences; "" where there is nothing to say. */
export function describeOwner(owner: Owner): string {
  const { kind, standing, reason, table, field, rows } = owner;
  if (standing === "row") return describeRow(owner);
  if (kind === "schema" || kind === "table") {
    if (standing === "unread") return sentence(reason);
    const what = kind === "schema" ? `Schema ${table}.` : `Table ${table}, by ${describeKey(owner)}.`;
    const objects = kind === "table" && field ? ` Objects in ${field}.` : "";
    return `${what}${objects}${reason ? ` ${sentence(reason)}` : ""}`;
  }
  if (standing === "") return rows > 0 ? describeRow(owner) : "";
  const said = (kind === "key" && OF_A_KEY[standing]) || STANDINGS[standing].sentence;
  return reason ? `${said} ${sentence(reason)}` : said;
}

function describeRow(owner: Owner): string {
  const { kind, table, field, rows } = owner;
  const key = describeKey(owner);
  const first = `${table}${key ? `, ${key}` : ""}, in ${field}`;
  if (rows === 1)
    return kind === "key" ? `A row names something in it: ${first}.` : `A row names it: ${first}.`;
  const what = kind === "key" ? "something in it" : "it";
  return `${countRows(rows)} name ${what}; the first: ${first}.`;
}

function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

/** A line of the summary of a store. */
export interface PartLine extends StandingPart, Words {}

/** The lines of the summary, the largest first. */
export function describeParts(parts: readonly StandingPart[]): readonly PartLine[] {
  const lines = parts.map((part) => ({
    ...part,
    ...STANDINGS[part.standing],
    sentence: OF_MANY[part.standing],
  }));
  return lines.sort((a, b) => b.size - a.size || b.files - a.files);
}

const OF_MANY: Record<Standing, string> = {
  row: "named by rows",
  orphan: "no row of their schema names them, and they are more than a day old",
  recent: "no row of their schema names them yet, and they are less than a day old",
  writing: "being written just now",
  unread: "it can't be told whether rows name them",
  foreign: "not at paths of DataJoint's, left alone",
  quarantined: "removed, and kept for a while",
  reserved: "kept by dj-objectstore for its own use",
};
