/** What each kind of preview looks like. One table, `BODIES`. */

import { readBytes } from "../protocol/buffers.ts";
import type { PreviewBody } from "../protocol/messages.ts";
import { formatShape, formatSize } from "../state/format.ts";
import type { Preview } from "../state/preview-loader.ts";
import { el } from "./dom.ts";
import { buildJson } from "./json-tree.ts";
import { noteMessage } from "./message.ts";
import type { Scope } from "./scope.ts";

type Body<T extends PreviewBody["type"]> = Extract<PreviewBody, { type: T }>;
type Builder<T extends PreviewBody["type"]> = (
  body: Body<T>,
  buffer: DataView | null,
  scope: Scope,
) => Node[];

const THUMBNAIL_WIDTH = 256;

function cutNote(truncated: boolean, what: string): Node[] {
  return truncated
    ? [el("p", { class: "djo-cut djo-dim" }, `Only the beginning of this ${what} is shown.`)]
    : [];
}

function textBlock(...content: (Node | string)[]): HTMLElement {
  return el("div", { class: "djo-text", tabindex: 0, role: "region", "aria-label": "Text" }, ...content);
}

/** Text with the numbers of its lines beside it. */
function numberedText(text: string): HTMLElement {
  const lines = text.replace(/\n$/, "").split("\n").length;
  const numbers = Array.from({ length: lines }, (_, i) => i + 1).join("\n");
  return textBlock(
    el("span", { class: "djo-line-numbers", "aria-hidden": "true" }, numbers),
    el("code", {}, text),
  );
}

/** An image of bytes that came from the kernel; its address is given back with the scope. */
function pictureOf(buffer: DataView, mime: string, alt: string, scope: Scope): HTMLImageElement {
  const address = URL.createObjectURL(new Blob([readBytes(buffer)], { type: mime }));
  scope.add(() => URL.revokeObjectURL(address));
  return el("img", { class: "djo-image", src: address, alt });
}

/** A small thumbnail is enlarged by a whole number, so that its pixels stay square. */
function thumbnailOf(buffer: DataView, width: number, scope: Scope): HTMLImageElement {
  const picture = pictureOf(buffer, "image/png", "Thumbnail", scope);
  picture.width = width * Math.max(1, Math.floor(THUMBNAIL_WIDTH / width));
  return picture;
}

function factRows(facts: readonly (readonly [string, string])[]): HTMLElement {
  const rows = facts.flatMap(([label, text]) => [el("dt", {}, label), el("dd", {}, text)]);
  return el("dl", { class: "djo-array-facts" }, ...rows);
}

function describeStored({ stored, raw }: Body<"array">): string {
  if (stored === null) return `${formatSize(raw)} uncompressed`;
  const times = stored > 0 && raw > stored ? `, ${(raw / stored).toFixed(1)}× smaller than raw` : "";
  return `${formatSize(stored)} of ${formatSize(raw)}${times}`;
}

const buildArray: Builder<"array"> = (body, buffer, scope) => {
  const { shape, dtype, chunks, codecs, attrs_text: attributes, thumbnail } = body;
  const facts: (readonly [string, string])[] = [
    ["Shape", formatShape(shape)],
    ["Type", dtype],
    ["Stored", describeStored(body)],
  ];
  if (chunks.length > 0) facts.push(["Chunks", formatShape(chunks)]);
  if (codecs) facts.push(["Codecs", codecs]);
  const top = el("div", { class: "djo-array-top" }, factRows(facts));
  const parts: Node[] = [top];
  if (thumbnail && buffer) top.prepend(thumbnailOf(buffer, thumbnail.width, scope));
  if (attributes.trim() && attributes.trim() !== "{}")
    parts.push(el("h3", { class: "djo-heading" }, "Attributes"), textBlock(...buildJson(attributes)));
  return [el("div", { class: "djo-array" }, ...parts)];
};

const buildImage: Builder<"image"> = ({ mime, width, height }, buffer, scope) => {
  if (!buffer || !mime.startsWith("image/"))
    return [noteMessage({ icon: "image", text: "This image can't be shown." })];
  const picture = pictureOf(buffer, mime, "Preview", scope);
  return [picture, el("p", { class: "djo-cut djo-dim" }, `${width} × ${height} pixels`)];
};

function isNumeric(rows: readonly (readonly string[])[], column: number): boolean {
  const cells = rows.map((row) => row[column] ?? "").filter((cell) => cell !== "");
  return cells.length > 0 && cells.every((cell) => Number.isFinite(Number(cell)));
}

const buildTable: Builder<"table"> = ({ columns, rows, truncated }) => {
  const numeric = columns.map((_, column) => isNumeric(rows, column));
  const className = (column: number) => (numeric[column] ? "djo-numeric" : "");
  const head = columns.map((name, column) => el("th", { scope: "col", class: className(column) }, name));
  const body = rows.map((row) =>
    el("tr", {}, ...row.map((cell, column) => el("td", { class: className(column) }, cell))),
  );
  const table = el(
    "table",
    { class: "djo-table" },
    el("thead", {}, el("tr", {}, ...head)),
    el("tbody", {}, ...body),
  );
  return [
    el("div", { class: "djo-table-frame", tabindex: 0, role: "region", "aria-label": "Table" }, table),
    ...cutNote(truncated, "table"),
  ];
};

const BODIES: { [T in PreviewBody["type"]]: Builder<T> } = {
  text: ({ text, truncated }) => [numberedText(text), ...cutNote(truncated, "file")],
  json: ({ text, truncated }) => [textBlock(...buildJson(text)), ...cutNote(truncated, "file")],
  image: buildImage,
  array: buildArray,
  table: buildTable,
  hex: ({ text, truncated }) => [textBlock(text), ...cutNote(truncated, "file")],
  none: ({ message }) => [noteMessage({ icon: "info", text: message || "There is no preview for this." })],
};

export function buildPreviewBody({ facts, buffer }: Preview, scope: Scope): Node[] {
  const build = BODIES[facts.type] as (body: PreviewBody, buffer: DataView | null, scope: Scope) => Node[];
  return build(facts, buffer, scope);
}
