/**
 * JSON that folds: objects and lists open with a click, Enter or Space, and hold few elements however long.
 *
 * What is folded is built when it is first opened. What is no JSON, or would lose digits, stays text.
 */

import { formatCount } from "../state/format.ts";
import { textButton } from "./controls.ts";
import { el } from "./dom.ts";
import { highlightJson } from "./json-text.ts";

/** Members of one object or list that are shown at once. */
const PAGE = 200;
/** Levels that are open at first, as long as they hold few members. */
const OPEN_LEVELS = 2;
const FEW = 40;
/** Letters shown of a folded member. */
const PEEK = 60;

type Container = Readonly<Record<string, unknown>> | readonly unknown[];

export function buildJson(text: string): (Node | string)[] {
  const value = read(text);
  if (value === null || typeof value !== "object") return highlightJson(text);
  return [el("div", { class: "djo-json", djo: "json" }, ...buildMember(null, value, 0))];
}

/** Undefined for what is no JSON, and for numbers of more digits than JavaScript keeps. */
function read(text: string): unknown {
  if (/\d{16}/.test(text)) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null; // cut short, or not quite JSON
  }
}

function entriesOf(value: Container): [string | null, unknown][] {
  return Array.isArray(value) ? value.map((member) => [null, member]) : Object.entries(value);
}

function label(name: string | null): Node[] {
  return name === null ? [] : [el("span", { class: "djo-json-key" }, JSON.stringify(name)), new Text(": ")];
}

function buildMember(name: string | null, value: unknown, depth: number): Node[] {
  if (value === null || typeof value !== "object" || entriesOf(value as Container).length === 0)
    return [el("div", { class: "djo-json-line" }, ...label(name), ...buildScalar(value))];
  return [buildContainer(name, value as Container, depth)];
}

function buildScalar(value: unknown): Node[] {
  const kind = typeof value === "string" ? "string" : "number";
  return [el("span", { class: `djo-json-${kind}` }, JSON.stringify(value))];
}

function buildContainer(name: string | null, value: Container, depth: number): HTMLElement {
  const members = entriesOf(value);
  const [left, right] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  const count = el("span", { class: "djo-dim djo-json-count" }, `${formatCount(members.length)} `);
  const summary = el("summary", {}, ...label(name), left, count, el("span", {}, right), peek(members));
  const body = el("div", { class: "djo-json-body" });
  const node = el("details", { class: "djo-json-fold" }, summary, body);
  const fill = () => {
    if (node.open && body.childElementCount === 0) addPage(body, members, { from: 0, depth: depth + 1 });
  };
  node.addEventListener("toggle", fill);
  node.open = depth < OPEN_LEVELS && (depth === 0 || members.length <= FEW);
  fill();
  return node;
}

/** What a folded one is told from its neighbours by: its first plain member. */
function peek(members: readonly [string | null, unknown][]): HTMLElement {
  const [name, value] = members.find(([, member]) => typeof member !== "object") ?? [null, undefined];
  const text = value === undefined ? "" : `${name === null ? "" : `${name}: `}${JSON.stringify(value)}`;
  return el(
    "span",
    { class: "djo-dim djo-json-peek" },
    text.length > PEEK ? `${text.slice(0, PEEK)}…` : text,
  );
}

function addPage(
  body: HTMLElement,
  members: readonly [string | null, unknown][],
  { from, depth }: { readonly from: number; readonly depth: number },
): void {
  for (const [name, value] of members.slice(from, from + PAGE))
    body.append(...buildMember(name, value, depth));
  const left = members.length - from - PAGE;
  if (left <= 0) return;
  const more = textButton(`${formatCount(left)} more`, () => {
    more.remove();
    addPage(body, members, { from: from + PAGE, depth });
  });
  body.append(more);
}
