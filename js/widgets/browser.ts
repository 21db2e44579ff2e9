/** The browser as an anywidget: shows a folder or a store, in as many views as there are. */

import type { RenderProps } from "@anywidget/types";
import { modelChannel } from "../protocol/channel.ts";
import { Client } from "../protocol/client.ts";
import { BROWSER_DEFAULTS, bindSettings } from "../state/settings.ts";
import { BrowserView } from "../ui/browser-view.ts";

type Props = Pick<RenderProps, "model" | "el"> & { readonly signal?: AbortSignal };

function render({ model, el, signal }: Props): () => void {
  const client = new Client(modelChannel(model));
  const settings = bindSettings(model, BROWSER_DEFAULTS);
  const view = new BrowserView({ client, settings: settings.values });
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
