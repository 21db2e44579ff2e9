/** What the wizard asks and is told: `dj_objectstore/widgets/messages/wizard_messages.py` and `wizard_answers.py`. */

import { type Fields, flag, list, number, oneOf, record, text, texts } from "./check.ts";

export type Section = "place" | "layout" | "secrets" | "more";
export type FieldType = "text" | "integer" | "integers" | "boolean" | "choice" | "secret";
export type FieldValue = string | boolean | number;

export interface FieldInfo {
  readonly name: string;
  readonly label: string;
  readonly help: string;
  readonly example: string;
  readonly section: Section;
  readonly type: FieldType;
  readonly required: boolean;
  readonly default: FieldValue | null;
  readonly choices: readonly string[];
}

export interface KindInfo {
  readonly name: string;
  readonly label: string;
  readonly help: string;
  readonly fields: readonly FieldInfo[];
}

export interface StoreInfo {
  readonly name: string;
  readonly place: string;
  /** "" for one that the form can't edit. */
  readonly kind: string;
  readonly is_default: boolean;
  readonly is_filepath_default: boolean;
  readonly origin: string;
  readonly problem: string;
}

export interface TargetInfo {
  readonly path: string;
  readonly exists: boolean;
  /** It lies above the working folder, and may belong to others too. */
  readonly is_elsewhere: boolean;
}

export interface SetupFacts {
  readonly kinds: readonly KindInfo[];
  readonly stores: readonly StoreInfo[];
  readonly targets: readonly TargetInfo[];
  /** Whether there are older settings to rewrite. */
  readonly older: boolean;
  readonly problem: string;
}

export interface DraftInfo {
  readonly kind: string;
  readonly name: string;
  readonly values: Readonly<Record<string, FieldValue>>;
  /** The fields that have a secret already. */
  readonly secrets: readonly string[];
  readonly is_default: boolean;
  readonly is_filepath_default: boolean;
}

export interface FieldProblem {
  readonly field: string;
  readonly message: string;
  readonly hint: string;
}

export interface Checked {
  readonly problems: readonly FieldProblem[];
  readonly example: string;
  readonly place: string;
}

export interface StepInfo {
  readonly step: string;
  readonly status: "ok" | "failed" | "skipped";
  readonly message: string;
  readonly hint: string;
  readonly seconds: number;
}

export interface Tested {
  readonly steps: readonly StepInfo[];
  readonly note: string;
}

export interface FileInfo {
  readonly path: string;
  readonly mode: string;
  readonly action: "write" | "remove";
}

export interface Review {
  /** "" where there is nothing to write. */
  readonly review: string;
  readonly diff: string;
  readonly file: string;
  readonly is_elsewhere: boolean;
  readonly backup: string;
  readonly files: readonly FileInfo[];
  readonly notes: readonly string[];
  readonly environment: string;
  readonly python: string;
}

export interface Written {
  readonly files: readonly string[];
  readonly python: string;
}

/** A store as it is filled in now; never with a secret. */
export interface DraftParams {
  readonly kind: string;
  readonly name: string;
  readonly values: Readonly<Record<string, FieldValue>>;
  readonly edits?: string;
  readonly is_default: boolean;
  readonly is_filepath_default: boolean;
}

/** Parameters and result of each method of the wizard. */
export interface SetupMethods {
  setup_start: { params: Record<string, never>; result: SetupFacts };
  setup_open: { params: { name: string }; result: DraftInfo };
  setup_check: { params: DraftParams; result: Checked };
  setup_secret: {
    params: { secrets: Readonly<Record<string, string>> };
    result: { given: readonly string[] };
  };
  setup_test: { params: DraftParams; result: Tested };
  setup_review: { params: DraftParams & { readonly target?: number }; result: Review };
  setup_remove: { params: { name: string; target: number }; result: Review };
  setup_defaults: {
    params: { default: string; filepath_default: string; target: number };
    result: Review;
  };
  setup_import: { params: Record<string, never>; result: Review };
  setup_write: { params: { review: string }; result: Written };
}

function value(raw: unknown): FieldValue | null {
  return typeof raw === "string" || typeof raw === "boolean" || typeof raw === "number" ? raw : null;
}

function parseField(raw: unknown): FieldInfo {
  const from = record(raw, "field");
  return {
    name: text(from, "name"),
    label: text(from, "label"),
    help: text(from, "help"),
    example: text(from, "example", ""),
    section: oneOf(from, "section", ["place", "layout", "secrets", "more"]),
    type: oneOf(from, "type", ["text", "integer", "integers", "boolean", "choice", "secret"]),
    required: flag(from, "required"),
    default: value(from.default),
    choices: texts(from.choices, "choices"),
  };
}

function parseKind(raw: unknown): KindInfo {
  const from = record(raw, "kind");
  const words = { name: text(from, "name"), label: text(from, "label"), help: text(from, "help") };
  return { ...words, fields: list(from, "fields").map(parseField) };
}

function parseStore(raw: unknown): StoreInfo {
  const from = record(raw, "store");
  return {
    name: text(from, "name"),
    place: text(from, "place"),
    kind: text(from, "kind"),
    is_default: flag(from, "is_default"),
    is_filepath_default: flag(from, "is_filepath_default"),
    origin: text(from, "origin", ""),
    problem: text(from, "problem", ""),
  };
}

function parseTarget(raw: unknown): TargetInfo {
  const from = record(raw, "target");
  return { path: text(from, "path"), exists: flag(from, "exists"), is_elsewhere: flag(from, "is_elsewhere") };
}

function parseProblem(raw: unknown): FieldProblem {
  const from = record(raw, "problem");
  return { field: text(from, "field"), message: text(from, "message"), hint: text(from, "hint", "") };
}

/** One step of the test; also comes by itself, as the event `setup_step`. */
export function parseStep(raw: unknown): StepInfo {
  const from = record(raw, "step");
  return {
    step: text(from, "step"),
    status: oneOf(from, "status", ["ok", "failed", "skipped"]),
    message: text(from, "message", ""),
    hint: text(from, "hint", ""),
    seconds: number(from, "seconds"),
  };
}

function parseFile(raw: unknown): FileInfo {
  const from = record(raw, "file");
  return {
    path: text(from, "path"),
    mode: text(from, "mode", ""),
    action: oneOf(from, "action", ["write", "remove"]),
  };
}

function parseReview(from: Fields): Review {
  return {
    review: text(from, "review"),
    diff: text(from, "diff"),
    file: text(from, "file"),
    is_elsewhere: flag(from, "is_elsewhere"),
    backup: text(from, "backup"),
    files: list(from, "files").map(parseFile),
    notes: texts(from.notes, "notes"),
    environment: text(from, "environment"),
    python: text(from, "python"),
  };
}

function parseDraft(from: Fields): DraftInfo {
  const values = Object.entries(record(from.values, "values")).flatMap(([name, raw]) => {
    const known = value(raw);
    return known === null ? [] : [[name, known] as const];
  });
  return {
    kind: text(from, "kind"),
    name: text(from, "name"),
    values: Object.fromEntries(values),
    secrets: texts(from.secrets, "secrets"),
    is_default: flag(from, "is_default"),
    is_filepath_default: flag(from, "is_filepath_default"),
  };
}

export const SETUP_RESULTS: {
  [M in keyof SetupMethods]: (from: Fields) => SetupMethods[M]["result"];
} = {
  setup_start: (from) => ({
    kinds: list(from, "kinds").map(parseKind),
    stores: list(from, "stores").map(parseStore),
    targets: list(from, "targets").map(parseTarget),
    older: flag(from, "older"),
    problem: text(from, "problem"),
  }),
  setup_open: parseDraft,
  setup_check: (from) => ({
    problems: list(from, "problems").map(parseProblem),
    example: text(from, "example"),
    place: text(from, "place"),
  }),
  setup_secret: (from) => ({ given: texts(from.given, "given") }),
  setup_test: (from) => ({ steps: list(from, "steps").map(parseStep), note: text(from, "note", "") }),
  setup_review: parseReview,
  setup_remove: parseReview,
  setup_defaults: parseReview,
  setup_import: parseReview,
  setup_write: (from) => ({ files: texts(from.files, "files"), python: text(from, "python") }),
};
