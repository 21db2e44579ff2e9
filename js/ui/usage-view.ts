/** Above the tree of a store: which database it is joined to, and what is counted when asked. */

import type { Client } from "../protocol/client.ts";
import { formatCount, formatSize } from "../state/format.ts";
import type { Owners } from "../state/owners.ts";
import { type Bar, groupShares } from "../state/usage.ts";
import { buildComparison, stoppedNote } from "./comparison-view.ts";
import { textButton } from "./controls.ts";
import { el, setText } from "./dom.ts";
import { errorMessage, noteMessage } from "./message.ts";
import type { Scope } from "./scope.ts";
import { type Asking, perform } from "./work.ts";

/** More bars are no picture any more. */
const MAX_BARS = 200;

export interface StorePlace {
  readonly title: string;
  /** What the store is joined to; "" for none. */
  readonly database: string;
  /** Of a store that is joined to a database. */
  readonly owners?: Owners | undefined;
}

type Count = "usage" | "compare";

export function buildUsage(
  client: Client,
  { title, database, owners }: StorePlace,
  scope: Scope,
): HTMLElement {
  const buttons: HTMLButtonElement[] = [];
  const outcome = el("div", { class: "djo-outcome", djo: "usage", "aria-live": "polite" });
  const run = async (of: Count, act: (client: Client, asking: Asking) => Promise<Node[]>) => {
    for (const button of buttons) button.disabled = true;
    await perform(outcome, (asking) => act(client, asking), scope, stopWith(client, of));
    for (const button of buttons) button.disabled = false;
  };
  buttons.push(
    textButton("Count", () => void run("usage", count), {
      djo: "count-bytes",
      title: "Where the bytes are, by schema and table. Lists every file of the store.",
    }),
  );
  if (owners)
    buttons.push(
      textButton("Compare with the database", () => void run("compare", compare), {
        djo: "compare",
        title: "What has a row, and what has none. Lists every file of the store, and reads every row.",
      }),
    );
  const head = el(
    "div",
    { class: "djo-usage-head" },
    el("strong", { class: "djo-heading" }, title),
    el("span", { class: "djo-usage-buttons" }, ...buttons),
  );
  const joined = owners ? buildJoined(owners, database, scope) : buildUnjoined();
  return el("section", { class: "djo-usage", "aria-label": "The store" }, head, joined, outcome);
}

function buildUnjoined(): HTMLElement {
  const hint =
    "Set dj.config['database.host'], 'database.user' and 'database.password' to see whose things are.";
  return el("p", { class: "djo-dim", djo: "unjoined" }, `No database is configured. ${hint}`);
}

/** Which database the entries are joined to, whether it is being read, and a way to read it again. */
function buildJoined(owners: Owners, database: string, scope: Scope): HTMLElement {
  const words = el("span", { class: "djo-dim", role: "status", djo: "joined" });
  const again = textButton("Read again", () => owners.readAgain(), {
    djo: "read-again",
    title: "Asks the database anew whose the entries are",
  });
  const failure = el("div", {});
  scope.effect(() => {
    setText(words, owners.reading.value ? `Reading ${database}…` : `Joined to ${database}.`);
    const { value: problem } = owners.failure;
    failure.replaceChildren(...(problem ? [errorMessage(problem)] : []));
  });
  return el("div", {}, el("div", { class: "djo-joined" }, words, again), failure);
}

/** Has what was counted so far told; stopping once more gives the count up. */
function stopWith(client: Client, of: Count): (giveUp: () => void) => void {
  let asked = false;
  return (giveUp) => {
    if (asked) return giveUp();
    asked = true;
    client.request("enough", { of }).catch(giveUp);
  };
}

async function count(client: Client, { tell, signal }: Asking): Promise<Node[]> {
  const { result } = await client.request("usage", {}, { signal, onProgress: tell });
  const bars = groupShares(result.shares);
  const partial = result.whole ? [] : [stoppedNote()];
  if (bars.length > 0) return [...partial, buildBars(bars)];
  return result.whole ? [noteMessage({ icon: "folder", text: "Nothing is stored here yet." })] : partial;
}

async function compare(client: Client, { tell, signal }: Asking): Promise<Node[]> {
  const { result } = await client.request("compare", {}, { signal, onProgress: tell });
  return buildComparison(result);
}

function buildBars(bars: readonly Bar[]): HTMLElement {
  const tops = bars.filter(({ depth }) => depth === 0);
  const total = tops.reduce((sum, { size }) => sum + size, 0);
  const files = tops.reduce((sum, { files: count }) => sum + count, 0);
  const largest = Math.max(1, ...tops.map(({ size }) => size));
  const heads = ["Schema and table", "Size", "Share", "Objects", "Files"];
  const head = heads.map((name, i) =>
    el("th", { scope: "col", class: i === 0 ? "djo-bar-name" : "djo-numeric" }, name),
  );
  const rows = bars.slice(0, MAX_BARS).map((bar) => buildRow(bar, { total, largest }));
  const table = el(
    "table",
    { class: "djo-table djo-bars" },
    el("thead", {}, el("tr", {}, ...head)),
    el("tbody", {}, ...rows),
  );
  const words = `${formatSize(total)} in ${formatCount(files)} files`;
  const rest = bars.length - rows.length;
  return el(
    "div",
    {},
    el(
      "p",
      { djo: "total" },
      rest > 0 ? `${words}; ${formatCount(rest)} smaller ones are not shown.` : words,
    ),
    el(
      "div",
      { class: "djo-bars-frame", tabindex: 0, role: "region", "aria-label": "Bytes by schema and table" },
      table,
    ),
  );
}

function buildRow(
  { name, size, objects, files, depth }: Bar,
  { total, largest }: { readonly total: number; readonly largest: number },
): HTMLElement {
  const bar = el("span", { class: "djo-bar", "aria-hidden": "true" });
  bar.style.width = `${(100 * size) / largest}%`;
  const share = total > 0 ? `${((100 * size) / total).toFixed(1)} %` : "–";
  const numbers = [formatSize(size), share, formatCount(objects), formatCount(files)];
  return el(
    "tr",
    { class: `djo-bar-row djo-bar-depth-${depth}`, djo: "bar", "data-name": name },
    el("th", { scope: "row", class: "djo-bar-name", title: name }, bar, el("span", {}, name)),
    ...numbers.map((text) => el("td", { class: "djo-numeric" }, text)),
  );
}
