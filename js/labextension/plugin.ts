/** The plugin as JupyterLab runs it: the side panel, the commands, the launcher's and the palette's entries. */

import { addCommands, SHOWN_COMMANDS } from "./commands.ts";
import type {
  App,
  FileBrowser,
  Launcher,
  Modules,
  NotebookTracker,
  Palette,
  Plugin,
  Rendermime,
  Restorer,
  Shell,
} from "./host.ts";
import { SET_UP_ICON, STORES_ICON } from "./icons.ts";
import { Kernels, type KernelsOptions } from "./kernels.ts";
import type { SharedModules } from "./shared.ts";
import { PANEL_ID, type PanelIcons, SidePanel } from "./side-panel.ts";
import { addStyle } from "./style.ts";
import { Tabs } from "./tabs.ts";

const CATEGORY = "Object stores";
const RANK = 600;

interface Services {
  readonly shell: Shell;
  readonly palette: Palette;
  readonly launcher: Launcher;
  readonly notebooks: NotebookTracker;
  readonly fileBrowser: FileBrowser;
  readonly restorer: Restorer;
}

/** Those that this JupyterLab has. */
type Given = { readonly [Name in keyof Services]?: Services[Name] | null };

type Tokens = readonly (readonly [keyof Services, unknown])[];

export async function buildPlugin(modules: SharedModules): Promise<Plugin> {
  const [tokens, { IRenderMimeRegistry }, { LabIcon }, lumino] = await Promise.all([
    findTokens(modules),
    modules.load("@jupyterlab/rendermime"),
    modules.load("@jupyterlab/ui-components"),
    modules.load("@lumino/widgets"),
  ]);
  const icons = {
    stores: new LabIcon({ name: "dj-objectstore:stores", svgstr: STORES_ICON }),
    setUp: new LabIcon({ name: "dj-objectstore:set-up", svgstr: SET_UP_ICON }),
  };
  const loadManager = () => modules.load("@jupyter-widgets/jupyterlab-manager");
  return {
    id: "dj-objectstore:plugin",
    description: "Lists and browses the object stores of DataJoint pipelines, and sets them up.",
    autoStart: true,
    requires: [IRenderMimeRegistry],
    optional: tokens.map(([, token]) => token),
    activate: (app: App, rendermime: Rendermime, ...services: unknown[]) => {
      const given: Given = Object.fromEntries(tokens.map(([name], place) => [name, services[place]]));
      // Jupyter Notebook, which shows one document at a time, has no place for a panel and tabs
      if (given.shell) start(app, given, { rendermime, lumino, icons, loadManager });
    },
  };
}

async function findTokens(modules: SharedModules): Promise<Tokens> {
  const [application, apputils, files, launchers, notebooks] = await Promise.all([
    modules.find("@jupyterlab/application"),
    modules.find("@jupyterlab/apputils"),
    modules.find("@jupyterlab/filebrowser"),
    modules.find("@jupyterlab/launcher"),
    modules.find("@jupyterlab/notebook"),
  ]);
  const tokens: Tokens = [
    ["shell", application.ILabShell],
    ["palette", apputils.ICommandPalette],
    ["launcher", launchers.ILauncher],
    ["notebooks", notebooks.INotebookTracker],
    ["fileBrowser", files.IDefaultFileBrowser],
    ["restorer", application.ILayoutRestorer],
  ];
  return tokens.filter(([, token]) => token);
}

interface Parts extends Pick<KernelsOptions, "rendermime" | "loadManager"> {
  readonly lumino: Modules["@lumino/widgets"];
  readonly icons: PanelIcons;
}

function start(app: App, given: Given, { lumino, icons, ...drawing }: Parts): void {
  const { palette, launcher, restorer, notebooks = null, fileBrowser = null } = given;
  addStyle();
  const kernels = new Kernels({ services: app.serviceManager, notebooks, fileBrowser, ...drawing });
  const tabs = new Tabs(app, lumino);
  const panel = new SidePanel({ kernels, tabs, lumino, icons });
  addCommands(app, { kernels, tabs, panel, notebooks, icons });
  app.shell.add(panel.widget, "left", { rank: RANK });
  restorer?.add(panel.widget, PANEL_ID);
  for (const [rank, command] of SHOWN_COMMANDS.entries()) {
    palette?.addItem({ command, category: CATEGORY });
    launcher?.add({ command, category: CATEGORY, rank });
  }
}
