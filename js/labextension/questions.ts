/** What is asked of a kernel: calls of `dj_objectstore.widgets.panel`, as Python expressions, and answers. */

import { type Fields, flag, list, record, text } from "../protocol/check.ts";
import { KernelError } from "../protocol/client.ts";
import type { Failure } from "../protocol/messages.ts";

const MODULE = "dj_objectstore.widgets.panel";

/** A text of JSON's is one of Python's too. */
function call(name: string, args: readonly string[]): string {
  return `__import__(${JSON.stringify(MODULE)}, fromlist=["panel"]).${name}(${args.join(", ")})`;
}

/** `reread` for a kernel of the panel's own, where the file counts as it is now. */
export function listStores(reread: boolean): string {
  return call("list_stores", [`reread=${reread ? "True" : "False"}`]);
}

export function showStore(name: string, ticket: string): string {
  return call("show_store", [name, ticket].map(quote));
}

export function showWizard(ticket: string): string {
  return call("show_wizard", [quote(ticket)]);
}

export function closeWidget(ticket: string): string {
  return call("close", [quote(ticket)]);
}

const HANDLE = /^[0-9a-f]{1,32}$/;

/** The browser of an object that a page links to; a page may hold anything, so the handle is looked at. */
export function showObject(handle: unknown, ticket: string): string {
  if (typeof handle !== "string" || !HANDLE.test(handle))
    throw new TypeError("a link to an object must hold a handle of 1 to 32 digits and letters a to f");
  return call("show_object", [handle, ticket].map(quote));
}

function quote(value: string): string {
  return JSON.stringify(value);
}

/** Under which the widget that a page shows is kept in the kernel. */
export function newTicket(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

export interface StoreProblem {
  readonly message: string;
  readonly hint: string;
}

export interface Store {
  readonly name: string;
  readonly protocol: string;
  readonly place: string;
  readonly isDefault: boolean;
  readonly isFilepathDefault: boolean;
  readonly problems: readonly StoreProblem[];
}

export interface Listing {
  /** The working folder of the kernel. */
  readonly folder: string;
  readonly stores: readonly Store[];
}

export function parseListing(result: Fields): Listing {
  return { folder: text(result, "folder"), stores: list(result, "stores").map(parseStore) };
}

function parseStore(value: unknown): Store {
  const store = record(value, "store");
  return {
    name: text(store, "name"),
    protocol: text(store, "protocol"),
    place: text(store, "place"),
    isDefault: flag(store, "is_default"),
    isFilepathDefault: flag(store, "is_filepath_default"),
    problems: list(store, "problems").map((problem) => {
      const found = record(problem, "problem");
      return { message: text(found, "message"), hint: text(found, "hint") };
    }),
  };
}

/** The result in what a kernel made of an expression; throws what went wrong, in words. */
export function parseAnswer(expression: unknown, kernel: string): Fields {
  const found = record(expression, "answer");
  if (found.status !== "ok")
    throw new KernelError(describeError(text(found, "ename", ""), text(found, "evalue", ""), kernel));
  const answer = record(record(found.data, "data")["application/json"], "answer");
  if (answer.ok === true) return record(answer.result, "result");
  const error = record(answer.error, "error");
  throw new KernelError({
    code: text(error, "code"),
    message: text(error, "message"),
    hint: text(error, "hint", ""),
  });
}

/** What it means that a call could not be made; the error's own words stay away, they may hold anything. */
function describeError(name: string, message: string, kernel: string): Failure {
  if (name === "ModuleNotFoundError" && /'dj_objectstore'/.test(message))
    return {
      code: "no-package",
      message: `The kernel of ${kernel} has no dj-objectstore`,
      hint: "Install it there with: pip install dj-objectstore. Or choose another kernel.",
    };
  if (name === "AttributeError" || /dj_objectstore/.test(message))
    return {
      code: "older-package",
      message: `The dj-objectstore in the kernel of ${kernel} is of another version than JupyterLab's`,
      hint: "Upgrade it there with: pip install --upgrade dj-objectstore. Then restart the kernel.",
    };
  return {
    code: "broken-package",
    message: `dj-objectstore can't be imported in the kernel of ${kernel} (${name})`,
    hint: "Run 'import dj_objectstore' in a notebook there to see why.",
  };
}
