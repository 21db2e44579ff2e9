/** The panel in the left area: the list of stores, and below it the one that is browsed. */

import type { HostPanel, Modules } from "./host.ts";
import type { Kernels } from "./kernels.ts";
import { showStore, showWizard } from "./questions.ts";
import { StoresView } from "./stores-view.ts";
import type { Tabs } from "./tabs.ts";
import { WidgetPlace } from "./widget-place.ts";

export const PANEL_ID = "dj-objectstore-stores";

export interface PanelIcons {
  readonly stores: unknown;
  readonly setUp: unknown;
}

export interface SidePanelOptions {
  readonly kernels: Kernels;
  readonly tabs: Tabs;
  readonly lumino: Modules["@lumino/widgets"];
  readonly icons: PanelIcons;
}

export class SidePanel {
  readonly widget: HostPanel;
  readonly #options: SidePanelOptions;
  readonly #view: StoresView;
  readonly #place: WidgetPlace;

  constructor(options: SidePanelOptions) {
    this.#options = options;
    const { Panel, Widget } = options.lumino;
    const panel = new Panel();
    this.widget = panel;
    this.#view = new StoresView({
      kernels: options.kernels,
      setUp: () => this.setUp(),
      browse: (store) => this.#browse(store),
      openTab: (store) => this.openStore(store),
    });
    panel.id = PANEL_ID;
    panel.addClass("djo-side-panel");
    panel.node.setAttribute("role", "region");
    panel.node.setAttribute("aria-label", "Object stores");
    Object.assign(panel.title, { caption: "Object stores", icon: options.icons.stores });
    panel.addWidget(new Widget({ node: this.#view.node }));
    this.#place = new WidgetPlace(panel, Widget);
    // no kernel is started for a panel that nobody looks at
    panel.onAfterShow = () => void this.#view.refresh();
    panel.onActivateRequest = () => this.#view.focus();
    panel.disposed.connect(() => {
      this.#place.clear();
      this.#view.dispose();
    });
  }

  /** Opens the wizard; a folder is that of a launcher. */
  setUp(folder?: string): HostPanel {
    const { kernels, tabs, icons } = this.#options;
    const { choice } = this.#view;
    const asked = choice.kind === "own" && folder !== undefined ? { ...choice, folder } : choice;
    return tabs.open({
      label: "Set up a store",
      icon: icons.setUp,
      connect: () => kernels.connect(asked),
      question: showWizard,
      onClose: () => this.widget.isVisible && void this.#view.refresh(),
    });
  }

  openStore(store: string): HostPanel {
    const { kernels, tabs, icons } = this.#options;
    const { choice } = this.#view;
    return tabs.open({
      label: store,
      icon: icons.stores,
      connect: () => kernels.connect(choice),
      question: (ticket) => showStore(store, ticket),
    });
  }

  #browse(store: string | null): void {
    if (store === null) return this.#place.clear();
    const { choice } = this.#view;
    void this.#place.show({
      connect: () => this.#options.kernels.connect(choice),
      question: (ticket) => showStore(store, ticket),
    });
  }
}
