/** What can be done with what is selected: verify, take it home, see its manifest. */

import type { Verified } from "../protocol/browsing.ts";
import { readBytes } from "../protocol/buffers.ts";
import type { Client } from "../protocol/client.ts";
import { formatCount } from "../state/format.ts";
import { textButton } from "./controls.ts";
import { el } from "./dom.ts";
import { buildJson } from "./json-tree.ts";
import { noteMessage } from "./message.ts";
import type { Scope } from "./scope.ts";
import { type Asking, perform } from "./work.ts";

/** The address of a saved file is kept for this many ms, until the browser has read it. */
const KEPT_FOR = 60_000;

export interface ActionPlace {
  /** Ids of what is selected; several are taken home together. */
  readonly nodes: readonly string[];
  /** A whole object, which has a record of what was written. */
  readonly isWhole: boolean;
  /** Where the kernel puts downloads. */
  readonly folder: string;
}

export function buildActions(client: Client, place: ActionPlace, scope: Scope): HTMLElement {
  const outcome = el("div", { class: "djo-outcome", djo: "outcome", "aria-live": "polite" });
  const run = (act: (asking: Asking) => Promise<Node[]>) => void perform(outcome, act, scope);
  const { nodes, isWhole, folder } = place;
  const [node = ""] = nodes;
  const download = textButton("Download", () => run((asking) => saveIntoPage(client, nodes, asking)), {
    djo: "download",
    title: "Through this page; up to 20 MB",
  });
  const keep = textButton("Save to folder", () => run((asking) => saveIntoFolder(client, nodes, asking)), {
    djo: "save",
    title: `Into ${folder || "the kernel's folder"}`,
  });
  const bar = el("div", { class: "djo-actions", role: "group", "aria-label": "Actions" }, download, keep);
  if (isWhole && nodes.length === 1) {
    const check = (data: boolean) => run((asking) => verify(client, node, { ...asking, data }));
    bar.append(
      textButton("Verify", () => check(false), {
        djo: "verify",
        title: "Compare sizes with what was written",
      }),
      textButton("Verify contents", () => check(true), {
        djo: "verify-data",
        title: "Read every file and compare",
      }),
      textButton("Manifest", () => run(() => showManifest(client, node)), { djo: "manifest" }),
    );
  }
  return el("div", {}, bar, outcome);
}

async function saveIntoPage(
  client: Client,
  nodes: readonly string[],
  { tell, signal }: Asking,
): Promise<Node[]> {
  const { result, buffers } = await client.request(
    "save",
    { nodes, into: "page" },
    { signal, onProgress: tell },
  );
  const bytes = buffers[0] ? readBytes(buffers[0]) : new Uint8Array();
  const address = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  const link = el("a", { href: address, download: result.name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), KEPT_FOR);
  return [noteMessage({ icon: "check", text: `${result.name} was handed to the browser.` })];
}

async function saveIntoFolder(
  client: Client,
  nodes: readonly string[],
  { tell, signal }: Asking,
): Promise<Node[]> {
  const asked = { nodes, into: "folder" } as const;
  const { result } = await client.request("save", asked, { signal, onProgress: tell });
  return [noteMessage({ icon: "check", text: `Saved as ${result.path}` })];
}

async function verify(
  client: Client,
  node: string,
  { data, tell, signal }: Asking & { data: boolean },
): Promise<Node[]> {
  const { result } = await client.request("verify", { node, read_data: data }, { signal, onProgress: tell });
  return describeVerified(result);
}

function describeVerified({ ok, files, findings, note }: Verified): Node[] {
  const text = ok
    ? `${formatCount(files)} files are as they were written.`
    : `${formatCount(findings.length)} files are not as they were written.`;
  const head = noteMessage({ icon: ok ? "check" : "error", text, hint: note });
  const rows = findings.map(({ file, message }) => el("li", {}, el("code", {}, file), ` ${message}`));
  return rows.length > 0 ? [head, el("ul", { class: "djo-findings" }, ...rows)] : [head];
}

async function showManifest(client: Client, node: string): Promise<Node[]> {
  const { result } = await client.request("manifest", { node });
  if (!result.text) return [noteMessage({ icon: "info", text: "No manifest was written with this object." })];
  return [
    el(
      "div",
      { class: "djo-text", tabindex: 0, role: "region", "aria-label": "Manifest" },
      ...buildJson(result.text),
    ),
  ];
}
