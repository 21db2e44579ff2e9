/**
 * How messages travel. The rest of the code knows only `Channel`, so it runs against a kernel or a fake.
 *
 *     const channel = modelChannel(model);
 *     const stop = channel.listen((message, buffers) => ...);
 */

import type { AnyModel } from "@anywidget/types";
import type { ToKernel } from "./messages.ts";

export type Listener = (message: unknown, buffers: readonly DataView[]) => void;

export interface Channel {
  send(message: ToKernel): void;
  /** Returns the function that ends listening. */
  listen(listener: Listener): () => void;
  /** Calls `action` when the kernel may be gone. Returns the function that ends it. */
  onDoubt(action: () => void): () => void;
}

function asView(buffer: unknown): DataView {
  if (buffer instanceof DataView) return buffer;
  if (ArrayBuffer.isView(buffer)) return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  return new DataView(buffer as ArrayBuffer);
}

/** What ipywidgets' models tell when the kernel restarts, dies, or comes back. */
const LINE_CHANGED = "comm_live_update";

/** The channel over the custom messages of an anywidget model. */
export function modelChannel(model: Pick<AnyModel, "on" | "off" | "send">): Channel {
  const doubters = new Set<() => void>();
  const doubt = () => {
    for (const doubter of [...doubters]) doubter();
  };
  return {
    send(message) {
      try {
        model.send(message);
      } catch {
        // the host has closed the line to the kernel; nobody will answer
        doubt();
      }
    },
    onDoubt(action) {
      if (doubters.size === 0) model.on(LINE_CHANGED, doubt);
      doubters.add(action);
      return () => {
        doubters.delete(action);
        if (doubters.size === 0) model.off(LINE_CHANGED, doubt);
      };
    },
    listen(listener) {
      // some hosts hand over typed arrays or bare buffers instead of DataViews
      const relay = (message: unknown, buffers?: readonly unknown[]) =>
        listener(message, (buffers ?? []).map(asView));
      model.on("msg:custom", relay);
      return () => model.off("msg:custom", relay);
    },
  };
}
