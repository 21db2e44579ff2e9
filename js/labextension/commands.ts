/** The commands, by which the launcher, the palette, links in notebooks and other extensions reach us. */

import type { App, NotebookTracker } from "./host.ts";
import type { Kernels } from "./kernels.ts";
import { newTicket, showObject } from "./questions.ts";
import { PANEL_ID, type PanelIcons, type SidePanel } from "./side-panel.ts";
import type { Tabs } from "./tabs.ts";

export const BROWSE = "dj-objectstore:browse";
export const CONFIGURE = "dj-objectstore:configure";
export const SHOW = "dj-objectstore:show";

/** Those that people choose; `SHOW` needs a link. */
export const SHOWN_COMMANDS = [BROWSE, CONFIGURE] as const;

export interface CommandsOptions {
  readonly kernels: Kernels;
  readonly tabs: Tabs;
  readonly panel: SidePanel;
  readonly notebooks: NotebookTracker | null;
  readonly icons: PanelIcons;
}

export function addCommands(app: App, options: CommandsOptions): void {
  const { kernels, panel, icons } = options;
  app.commands.addCommand(BROWSE, {
    label: "Browse object stores",
    caption: "List the configured object stores, and browse what lies in them",
    icon: icons.stores,
    execute: ({ store }) => {
      if (typeof store === "string") panel.openStore(store);
      else app.shell.activateById(PANEL_ID);
    },
  });
  app.commands.addCommand(CONFIGURE, {
    label: "Set up an object store",
    caption: "Set up, change or remove an object store, step by step",
    icon: icons.setUp,
    execute: ({ cwd }) => {
      panel.setUp(typeof cwd === "string" ? kernels.localFolder(cwd) : undefined);
    },
  });
  app.commands.addCommand(SHOW, {
    label: "Show a stored object",
    execute: ({ handle }) => showLinked(handle, options),
  });
}

/** Shows an object that the current notebook links to, through that notebook's kernel. */
function showLinked(handle: unknown, { kernels, tabs, notebooks, icons }: CommandsOptions): void {
  showObject(handle, newTicket()); // refuses what is no handle
  const notebook = notebooks?.currentWidget;
  if (!notebook) throw new Error("a link to a stored object works in an open notebook");
  tabs.open({
    label: "Stored object",
    icon: icons.stores,
    connect: () => kernels.connectNotebook(notebook),
    question: (ticket) => showObject(handle, ticket),
  });
}
