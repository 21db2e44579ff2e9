/**
 * Frames over HTTP, where the Jupyter server of this page passes requests on to its kernels' machine: faster than
 * the widgets' own line. Where it does not, or anything is wrong with it, nobody hears of it.
 *
 *     const base = findProxy(document);
 *     const door = base && (await openDoor(base, where));
 *     const { message, buffers } = await door.ask(request);
 */

import { ProtocolError } from "./check.ts";
import type { DoorResult, ToKernel } from "./messages.ts";

const TOKEN = "X-Dj-Objectstore-Token";
/** The extension of JupyterLab and Jupyter Notebook that says that the server has the proxy. */
const PROXY = "@jupyterhub/jupyter-server-proxy";
/** Milliseconds that the greeting may take: a port of another machine may never answer. */
const PATIENCE = 3000;

export interface Told {
  readonly message: unknown;
  readonly buffers: readonly DataView[];
}

export interface Door {
  /** What the kernel answers; rejects where it can't be reached this way. */
  ask(message: ToKernel): Promise<Told>;
}

/** Where this page's Jupyter server passes requests on to ports; null where it does not. */
export function findProxy(page: Document): string | null {
  try {
    const config = JSON.parse(page.getElementById("jupyter-config-data")?.textContent ?? "null");
    const names: unknown[] = (config?.federated_extensions ?? []).map((one: { name?: unknown }) => one?.name);
    if (!names.includes(PROXY) || typeof config.baseUrl !== "string") return null;
    const base = new URL(config.baseUrl, page.baseURI);
    return base.origin === new URL(page.baseURI).origin ? `${base.href.replace(/\/*$/, "")}/proxy/` : null;
  } catch {
    return null;
  }
}

function parseTold(body: ArrayBuffer): Told {
  const length = body.byteLength >= 4 ? new DataView(body).getUint32(0, true) : -1;
  if (length < 0 || 4 + length > body.byteLength) throw new ProtocolError("an answer was cut short");
  const message: unknown = JSON.parse(new TextDecoder().decode(new Uint8Array(body, 4, length)));
  const rest = new DataView(body, 4 + length);
  return { message, buffers: rest.byteLength > 0 ? [rest] : [] };
}

/** The kernel's door, once it has answered a greeting; rejects where it does not. */
export async function openDoor(base: string, { port, token }: DoorResult): Promise<Door> {
  const call = async (init: RequestInit): Promise<ArrayBuffer> => {
    const answer = await fetch(`${base}${port}/`, {
      ...init,
      headers: { [TOKEN]: token },
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
    });
    if (!answer.ok) throw new ProtocolError(`a request was answered with ${answer.status}`);
    return answer.arrayBuffer();
  };
  const greeting = await call({ signal: AbortSignal.timeout(PATIENCE) });
  if (JSON.parse(new TextDecoder().decode(greeting))?.dj_objectstore !== 1)
    throw new ProtocolError("somebody else has answered");
  return { ask: async (message) => parseTold(await call({ method: "POST", body: JSON.stringify(message) })) };
}
