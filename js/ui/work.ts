/** Work that takes a while: its progress, a way to stop it, and what came of it. */

import { isAborted } from "../protocol/client.ts";
import { describeFailure } from "../state/failure.ts";
import { formatCount } from "../state/format.ts";
import { textButton } from "./controls.ts";
import { el } from "./dom.ts";
import { errorMessage, noteMessage } from "./message.ts";
import type { Scope } from "./scope.ts";

export type Tell = (done: number, total: number, note: string) => void;

export interface Asking {
  readonly tell: Tell;
  readonly signal: AbortSignal;
}

/** Runs `act` with its progress and a way to stop it, and shows what came of it in `outcome`. */
export function perform(
  outcome: HTMLElement,
  act: (asking: Asking) => Promise<Node[]>,
  scope: Scope,
): Promise<void> {
  const abort = new AbortController();
  scope.add(() => abort.abort());
  const bar = el("progress", { "aria-label": "Progress" });
  const note = el("span", { class: "djo-dim" });
  const stop = textButton("Stop", () => abort.abort(), { djo: "stop" });
  outcome.replaceChildren(el("div", { class: "djo-working" }, bar, note, stop));
  const tell: Tell = (done, total, words) => {
    if (total > 0) {
      bar.max = total;
      bar.value = done;
    }
    note.textContent = total > 0 ? words : `${formatCount(done)} ${words}`;
  };
  return act({ tell, signal: abort.signal }).then(
    (nodes) => outcome.replaceChildren(...nodes),
    (error) => {
      const stopped = isAborted(error) ? [noteMessage({ icon: "info", text: "Stopped." })] : null;
      outcome.replaceChildren(...(stopped ?? [errorMessage(describeFailure(error))]));
    },
  );
}
