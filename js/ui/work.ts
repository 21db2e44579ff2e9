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

/**
 * Runs `act` with its progress and a way to stop it, and shows what came of it in `outcome`.
 *
 * Stopping gives the work up, unless `stop` ends it in another way.
 */
export function perform(
  outcome: HTMLElement,
  act: (asking: Asking) => Promise<Node[]>,
  scope: Scope,
  stop?: (giveUp: () => void) => void,
): Promise<void> {
  const abort = new AbortController();
  const giveUp = () => abort.abort();
  scope.add(giveUp);
  const bar = el("progress", { "aria-label": "Progress" });
  const note = el("span", { class: "djo-dim" });
  const end = textButton("Stop", () => (stop ? stop(giveUp) : giveUp()), { djo: "stop" });
  outcome.replaceChildren(el("div", { class: "djo-working" }, bar, note, end));
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
