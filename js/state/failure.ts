/** Errors as sentences for the page. */

import { ProtocolError } from "../protocol/check.ts";
import { KernelError } from "../protocol/client.ts";
import type { Failure } from "../protocol/messages.ts";

/** A sentence of our own begins with a capital and ends with a full stop; the kernel's need not. */
function asSentence(text: string): string {
  const trimmed = text.trim();
  const first = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(first) || first === "" ? first : `${first}.`;
}

/** What to show for anything that a request may have thrown. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof KernelError) {
    const { code, message, hint } = error.failure;
    return { code, message: asSentence(message), hint: asSentence(hint) };
  }
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
