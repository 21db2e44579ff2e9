/** Builders of the messages to the kernel. Absent options are left out, never sent as null. */

import type { Encoding, Method, Methods, PlayOptions, ToKernel } from "./messages.ts";

export function buildRequest<M extends Method>(
  view: string,
  id: number,
  method: M,
  params: Methods[M]["params"],
): ToKernel {
  return { kind: "request", view, id, method, params } as ToKernel;
}

export function buildCancel(view: string, id: number): ToKernel {
  return { kind: "cancel", view, id };
}

export function buildPlay(view: string, id: number, options: PlayOptions): ToKernel {
  return { kind: "play", view, id, ...options };
}

export function buildCredit(view: string, stream: number, n: number, encoding?: Encoding): ToKernel {
  return { kind: "credit", view, stream, n, ...(encoding ? { encoding } : {}) };
}

export function buildStop(view: string, stream: number): ToKernel {
  return { kind: "stop", view, stream };
}
