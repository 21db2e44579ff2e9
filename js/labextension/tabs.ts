/** Tabs of the main area, each with one widget of a kernel's. */

import type { App, HostPanel, Modules } from "./host.ts";
import { newTicket } from "./questions.ts";
import { type Opening, WidgetPlace } from "./widget-place.ts";

export interface TabOptions extends Opening {
  readonly label: string;
  readonly icon: unknown;
  readonly onClose?: () => void;
}

export class Tabs {
  readonly #app: App;
  readonly #lumino: Modules["@lumino/widgets"];

  constructor(app: App, lumino: Modules["@lumino/widgets"]) {
    this.#app = app;
    this.#lumino = lumino;
  }

  open({ label, icon, onClose, ...opening }: TabOptions): HostPanel {
    const { Panel, Widget } = this.#lumino;
    const tab = new Panel();
    tab.id = `dj-objectstore-${newTicket()}`;
    tab.addClass("djo-tab");
    Object.assign(tab.title, { label, icon, closable: true });
    const place = new WidgetPlace(tab, Widget);
    tab.onCloseRequest = () => tab.dispose();
    tab.disposed.connect(() => {
      place.clear();
      onClose?.();
    });
    this.#app.shell.add(tab, "main");
    this.#app.shell.activateById(tab.id);
    void place.show(opening);
    return tab;
  }
}
