/** The scrubber as an anywidget: shows one movie, in as many views as there are. */

import type { AnyModel, RenderProps } from "@anywidget/types";
import { modelChannel } from "../protocol/channel.ts";
import { Client } from "../protocol/client.ts";
import { conductorOf } from "../state/conductor.ts";
import { parseEmbedded, parseHeld } from "../state/embedded.ts";
import { bindSettings, SCRUBBER_DEFAULTS } from "../state/settings.ts";
import { ScrubberView } from "../ui/scrubber-view.ts";

type Props = Pick<RenderProps, "model" | "el"> & { readonly signal?: AbortSignal };

/** Each view gets a model object of its own; what they share is the model's layout. */
function sharedBy(model: AnyModel): object {
  const layout: unknown = model.get("layout");
  return typeof layout === "object" && layout !== null ? layout : model;
}

/** What a trait of bytes holds, where it holds anything. */
function heldIn<T>(model: AnyModel, trait: string, parse: (bytes: DataView) => T | null): T | null {
  const bytes: unknown = model.get(trait);
  if (!(bytes instanceof DataView)) return null;
  try {
    return parse(bytes);
  } catch (error) {
    // a page with broken frames is a page without: the kernel, if there is one, has them all
    console.warn("dj-objectstore: the frames saved in this page can't be read:", error);
    return null;
  }
}

function render({ model, el, signal }: Props): () => void {
  const client = new Client(modelChannel(model));
  const settings = bindSettings(model, SCRUBBER_DEFAULTS);
  const saved = heldIn(model, "embedded", parseEmbedded);
  const headStart = heldIn(model, "head_start", parseHeld);
  const view = new ScrubberView({
    client,
    settings: settings.values,
    conductor: conductorOf(sharedBy(model)),
    ...(saved ? { saved } : {}),
    ...(headStart ? { headStart } : {}),
  });
  el.append(view.node);
  const dispose = () => {
    view.dispose();
    settings.dispose();
    client.dispose();
  };
  signal?.addEventListener("abort", dispose, { once: true });
  return dispose;
}

export default { render };
