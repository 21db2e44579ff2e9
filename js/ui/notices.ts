/** Sentences above the picture: what is slow about this movie, and that the kernel has gone. */

import { signal } from "@preact/signals-core";
import type { Movie } from "../state/movie.ts";
import type { ScrubberSession } from "../state/session.ts";
import { iconButton, textButton } from "./controls.ts";
import { el } from "./dom.ts";
import { icon } from "./icons.ts";
import type { Scope } from "./scope.ts";

function buildHints({ hints }: Movie, scope: Scope): HTMLElement {
  const closed = signal(hints.length === 0);
  const node = el(
    "div",
    { class: "djo-notice", djo: "hints", role: "note" },
    icon("info"),
    el("div", { class: "djo-message-words" }, ...hints.map((hint) => el("p", {}, hint))),
    iconButton("Hide this", "close", () => (closed.value = true), { djo: "hide-hints" }),
  );
  scope.effect(() => {
    node.hidden = closed.value;
  });
  return node;
}

function buildLost(session: ScrubberSession, scope: Scope): HTMLElement {
  const node = el("div", { class: "djo-notice djo-error", djo: "lost", role: "alert" });
  scope.effect(() => {
    const failure = session.lost.value;
    node.hidden = failure === null;
    if (!failure) return node.replaceChildren();
    const words = [el("p", {}, failure.message), el("p", { class: "djo-message-hint" }, failure.hint)];
    const again = textButton("Try again", () => void session.open(), { djo: "reopen" });
    node.replaceChildren(icon("error"), el("div", { class: "djo-message-words" }, ...words), again);
  });
  return node;
}

export function buildNotices(session: ScrubberSession, scope: Scope, movie: Movie): HTMLElement {
  return el("div", { class: "djo-notices" }, buildHints(movie, scope), buildLost(session, scope));
}
