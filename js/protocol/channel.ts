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
}

function asView(buffer: unknown): DataView {
  if (buffer instanceof DataView) return buffer;
  if (ArrayBuffer.isView(buffer)) return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  return new DataView(buffer as ArrayBuffer);
}

/** The channel over the custom messages of an anywidget model. */
export function modelChannel(model: Pick<AnyModel, "on" | "off" | "send">): Channel {
  return {
    send: (message) => model.send(message),
    listen(listener) {
      // some hosts hand over typed arrays or bare buffers instead of DataViews
      const relay = (message: unknown, buffers?: readonly unknown[]) =>
        listener(message, (buffers ?? []).map(asView));
      model.on("msg:custom", relay);
      return () => model.off("msg:custom", relay);
    },
  };
}
