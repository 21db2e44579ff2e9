/** The panel at the right, which folds away: contrast, display, ROIs, facts. */

import type { Movie } from "../state/movie.ts";
import type { ScrubberSession } from "../state/session.ts";
import { buildContrastSection } from "./contrast-section.ts";
import { buildDisplaySection } from "./display-section.ts";
import { el } from "./dom.ts";
import { buildRegionsSection } from "./regions-list.ts";
import type { Scope } from "./scope.ts";
import { foldingSection } from "./section.ts";

function buildFacts(movie: Movie): HTMLElement | null {
  if (movie.facts.length === 0) return null;
  const rows = movie.facts.flatMap(([label, text]) => [el("dt", {}, label), el("dd", { title: text }, text)]);
  return foldingSection("About", el("dl", { class: "djo-facts" }, ...rows));
}

export function buildPanel(session: ScrubberSession, scope: Scope, movie: Movie): HTMLElement {
  const sections = [
    buildContrastSection(session, scope),
    buildDisplaySection(session, scope, movie),
    buildRegionsSection(session, scope, movie),
    buildFacts(movie),
  ];
  const body = el("div", { class: "djo-panel-body" }, ...sections.filter((part) => part !== null));
  return el("aside", { class: "djo-panel", djo: "settings", "aria-label": "Display and ROIs" }, body);
}
