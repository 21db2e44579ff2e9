/** Icons of the side panel and of the launcher, from lucide's data. */

import { Database, DatabaseZap, RefreshCw, SquareArrowOutUpRight } from "lucide";
import type { Props } from "../ui/dom.ts";
import { el } from "../ui/dom.ts";
import { drawIcon } from "../ui/icons.ts";

type Parts = typeof Database;

const ICONS = { refresh: RefreshCw, open: SquareArrowOutUpRight } as const;

/** A button that shows only an icon; `name` is read aloud and shown as a tip. */
export function panelButton(
  name: string,
  kind: keyof typeof ICONS,
  onClick: () => void,
  props: Props = {},
): HTMLButtonElement {
  const options = { type: "button", title: name, "aria-label": name, on: { click: onClick } };
  return el("button", { ...options, ...props, class: "djo-icon-button" }, drawIcon(kind, ICONS[kind]));
}

/** An icon as JupyterLab takes it: text, coloured by the theme through its classes. */
function asText(parts: Parts): string {
  const marks = parts.map(([tag, attributes]) => {
    const pairs = Object.entries(attributes).map(([name, value]) => ` ${name}="${value}"`);
    return `<${tag}${pairs.join("")}/>`;
  });
  const line = 'class="jp-icon3" stroke="#616161" stroke-width="1.75" stroke-linecap="round"';
  return (
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24" fill="none">' +
    `<g ${line} stroke-linejoin="round">${marks.join("")}</g></svg>`
  );
}

export const STORES_ICON = asText(Database);
export const SET_UP_ICON = asText(DatabaseZap);
