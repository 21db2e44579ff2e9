/** JSON, indented and in quiet colours; what is no JSON stays as it is. */

import { el } from "./dom.ts";

/** Longer texts stay plain: thousands of elements would be slow. */
const COLOURED = 40_000;
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/g;

function indent(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text; // cut short, or not quite JSON
  }
}

export function highlightJson(source: string): (Node | string)[] {
  // numbers that JavaScript would round keep their digits
  const text = /\d{16}/.test(source) ? source : indent(source);
  if (text.length > COLOURED) return [text];
  const parts: (Node | string)[] = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [whole, quoted, colon] = match;
    const kind = quoted ? (colon === undefined ? "string" : "key") : "number";
    parts.push(
      text.slice(end, match.index),
      el("span", { class: `djo-json-${kind}` }, quoted ?? whole),
      colon ?? "",
    );
    end = match.index + whole.length;
  }
  return [...parts, text.slice(end)].filter((part) => part !== "");
}
