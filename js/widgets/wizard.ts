/** The wizard as an anywidget: sets up a store. */

import type { RenderProps } from "@anywidget/types";
import { modelChannel } from "../protocol/channel.ts";
import { Client } from "../protocol/client.ts";
import { WizardSession } from "../state/wizard.ts";
import { WizardView } from "../ui/wizard-view.ts";

type Props = Pick<RenderProps, "model" | "el"> & { readonly signal?: AbortSignal };

function render({ model, el, signal }: Props): () => void {
  const client = new Client(modelChannel(model));
  const view = new WizardView(new WizardSession(client));
  el.append(view.node);
  const dispose = () => {
    view.dispose();
    client.dispose();
  };
  signal?.addEventListener("abort", dispose, { once: true });
  return dispose;
}

export default { render };
