/** Errors as sentences for the page. */

import { ProtocolError } from "../protocol/check.ts";
import { KernelError } from "../protocol/client.ts";
import type { Failure } from "../protocol/messages.ts";

/** The widget was closed in the kernel. */
export const CLOSED: Failure = {
  code: "closed",
  message: "The kernel has let go of this movie.",
  hint: "Run the cell again to open it.",
};

/** The line to the kernel was cut: it was restarted, shut down, or died. */
export const GONE: Failure = {
  code: "gone",
  message: "The kernel that showed this movie is gone.",
  hint: "Run the cell again to open the movie. Frames that were already loaded still show.",
};

/** A frame was asked for and nothing came. */
export const NO_ANSWER: Failure = {
  code: "silent",
  message: "The kernel has not answered.",
  hint: "It may be busy or out of reach. If it was restarted, run the cell again.",
};

/** A sentence of our own begins with a capital and ends with a full stop; the kernel's need not. */
function asSentence(text: string): string {
  const trimmed = text.trim();
  const first = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(first) || first === "" ? first : `${first}.`;
}

/** The kernel's words as sentences. */
export function tidyFailure({ code, message, hint }: Failure): Failure {
  return { code, message: asSentence(message), hint: asSentence(hint) };
}

/** What to show for anything that a request may have thrown. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof KernelError) return tidyFailure(error.failure);
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ProtocolError) {
    return {
      code: "protocol",
      message: `The kernel's answer could not be read: ${message}.`,
      hint: "Restart the kernel and reload this page, so that both sides are of one version.",
    };
  }
  return { code: "page", message: asSentence(message), hint: "" };
}
