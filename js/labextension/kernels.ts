/** The kernels that may be asked: the panel's own, one for each folder, and those that run already. */

import { type ReadonlySignal, signal } from "@preact/signals-core";
import { KernelError } from "../protocol/client.ts";
import { Connection, type Ending } from "./connection.ts";
import type {
  FileBrowser,
  KernelSpecs,
  Modules,
  NotebookPanel,
  NotebookTracker,
  Rendermime,
  Services,
  Session,
  SessionModel,
  WidgetContext,
} from "./host.ts";

/** Name of the sessions of our own kernels; by it they are found again after the page was reloaded. */
const OWN = "Object stores";
const OWN_TYPE = "console";

/** What JupyterLab's file browser bears while it looks for its folder. */
const RESTORING = "jp-mod-restoring";
const PATIENCE = 5000;

export type Choice =
  | { readonly kind: "own"; readonly folder: string }
  | { readonly kind: "shared"; readonly id: string; readonly name: string };

export type Manager = Modules["@jupyter-widgets/jupyterlab-manager"];

export interface KernelsOptions {
  readonly services: Services;
  readonly rendermime: Rendermime;
  readonly notebooks: NotebookTracker | null;
  readonly fileBrowser: FileBrowser | null;
  readonly loadManager: () => Promise<Manager>;
}

export function keyOf(choice: Choice): string {
  return choice.kind === "own" ? `own:${choice.folder}` : `shared:${choice.id}`;
}

function isPython(name: string, specs: KernelSpecs | null): boolean {
  return specs?.kernelspecs[name]?.language.toLowerCase() === "python";
}

function isOwn(model: SessionModel): boolean {
  return model.type === OWN_TYPE && model.path.split("/").at(-1) === OWN;
}

export class Kernels {
  /** The file browser is where it was before the page was loaded anew. */
  readonly ready: Promise<void>;
  /** Where the file browser is. */
  readonly folder: ReadonlySignal<string>;
  readonly running: ReadonlySignal<readonly Choice[]>;
  readonly #options: KernelsOptions;
  readonly #open = new Map<string, Promise<Connection>>();

  constructor(options: KernelsOptions) {
    this.#options = options;
    const { services, fileBrowser } = options;
    const [folder, running] = [signal(this.#whereBrowsed()), signal<readonly Choice[]>([])];
    [this.folder, this.running] = [folder, running];
    const move = () => {
      folder.value = this.#whereBrowsed();
    };
    fileBrowser?.model.pathChanged.connect(move);
    this.ready = (fileBrowser ? whenRestored(fileBrowser) : Promise.resolve()).then(move);
    const look = () => {
      running.value = [...this.#findRunning()];
    };
    services.sessions.runningChanged.connect(look);
    void services.sessions.ready.then(() => services.kernelspecs.ready).then(look);
  }

  /** A folder as the server knows it; JupyterLab's may begin with the name of a drive. */
  localFolder(path: string): string {
    return this.#options.services.contents.localPath(path);
  }

  /** The line to a kernel, which is started where need be. */
  connect(choice: Choice): Promise<Connection> {
    const key = keyOf(choice);
    const known = this.#open.get(key);
    if (known) return known;
    const opening = choice.kind === "own" ? this.#connectOwn(choice.folder) : this.#connectShared(choice.id);
    this.#open.set(key, opening);
    const forget = () => {
      if (this.#open.get(key) === opening) this.#open.delete(key);
    };
    opening.then((connection) => connection.watch((ending) => ending.isFinal && forget()), forget);
    return opening;
  }

  /** The line to the kernel of a notebook that is open here. */
  connectNotebook(panel: NotebookPanel): Promise<Connection> {
    const session = panel.sessionContext.session;
    if (!session?.kernel) {
      const message = "the notebook has no kernel";
      return Promise.reject(
        new KernelError({ code: "no-kernel", message, hint: "Start one, and try again." }),
      );
    }
    return this.connect({ kind: "shared", id: session.id, name: session.path });
  }

  #whereBrowsed(): string {
    return this.localFolder(this.#options.fileBrowser?.model.path ?? "");
  }

  *#findRunning(): Iterable<Choice> {
    const { services } = this.#options;
    for (const model of services.sessions.running()) {
      if (!model.kernel || isOwn(model) || !isPython(model.kernel.name, services.kernelspecs.specs)) continue;
      yield { kind: "shared", id: model.id, name: model.name || model.path };
    }
  }

  async #connectOwn(folder: string): Promise<Connection> {
    const { sessions, kernelspecs } = this.#options.services;
    await Promise.all([sessions.ready, kernelspecs.ready]);
    const name = choosePython(kernelspecs.specs);
    const path = folder ? `${folder}/${OWN}` : OWN;
    await sessions.refreshRunning();
    const model = [...sessions.running()].find((one) => isOwn(one) && one.path === path);
    const start = () => sessions.startNew({ path, name: OWN, type: OWN_TYPE, kernel: { name } });
    const session = model ? sessions.connectTo({ model }) : await start().catch(refuseStart);
    // a kernel that died for good would be found again
    const leave = () => void session.shutdown().catch(() => undefined);
    return this.#attach(session, "the object stores", leave);
  }

  async #connectShared(id: string): Promise<Connection> {
    const { notebooks, services } = this.#options;
    const panel = notebooks?.find((one) => one.sessionContext.session?.id === id);
    if (panel?.sessionContext.session?.kernel) return attachNotebook(panel, panel.sessionContext.session);
    const model = [...services.sessions.running()].find((one) => one.id === id);
    if (!model) {
      const message = "this kernel runs no longer";
      throw new KernelError({ code: "gone", message, hint: "Choose another one." });
    }
    const session = services.sessions.connectTo({ model });
    const leave = () => session.isDisposed || session.dispose();
    return this.#attach(session, model.name || model.path, leave);
  }

  /** Draws the widgets of a session that no notebook of this page has. */
  async #attach(session: Session, title: string, leave: () => void): Promise<Connection> {
    const { kernel } = session;
    if (!kernel) return refuseStart(new Error("it has no kernel"));
    const rendermime = this.#options.rendermime.clone();
    const { registerWidgetManager } = await this.#options.loadManager();
    await new Promise<void>((resolve) => {
      // the manager gives itself to the renderers that there are as the last thing before it is in place
      const renderers = {
        [Symbol.iterator]: () => {
          resolve();
          return [].values();
        },
      };
      registerWidgetManager(contextOf(session), rendermime, renderers);
    });
    const connection = new Connection({ kernel, rendermime, title });
    connection.watch(({ isFinal }) => isFinal && leave());
    return connection;
  }
}

/** The file browser goes to where it was, or to where the page's address says, after it is "restored". */
async function whenRestored({ model, node }: FileBrowser): Promise<void> {
  await model.restored;
  await new Promise<void>((resolve) => {
    const look = () => {
      if (node.classList.contains(RESTORING)) return;
      observer.disconnect();
      resolve();
    };
    const observer = new MutationObserver(look);
    observer.observe(node, { attributeFilter: ["class"] });
    setTimeout(resolve, PATIENCE);
    look();
  });
}

function choosePython(specs: KernelSpecs | null): string {
  const names = [specs?.default ?? "", ...Object.keys(specs?.kernelspecs ?? {})];
  const name = names.find((one) => isPython(one, specs));
  if (name !== undefined) return name;
  throw new KernelError({
    code: "no-python",
    message: "this JupyterLab has no Python kernel",
    hint: "Install one with: pip install ipykernel. Then reload this page.",
  });
}

function refuseStart(error: unknown): never {
  const why = error instanceof Error ? error.message : String(error);
  throw new KernelError({
    code: "not-started",
    message: `the kernel could not be started: ${why}`,
    hint: "JupyterLab's log says why. Or choose a kernel that runs.",
  });
}

/** The notebook's own widget manager draws, so that its kernel has one line to this page. */
function attachNotebook(panel: NotebookPanel, session: Session): Connection {
  const title = session.path.split("/").at(-1) ?? "";
  const kernel = session.kernel;
  if (!kernel) return refuseStart(new Error("the notebook has none"));
  const connection = new Connection({ kernel, rendermime: panel.content.rendermime, title });
  const left = (message: string): Ending => ({
    failure: { code: "gone", message, hint: "What it showed has gone with it." },
    isFinal: true,
  });
  panel.disposed.connect(() => connection.end(left(`The notebook ${title} was closed.`)));
  panel.sessionContext.kernelChanged.connect(() => {
    if (panel.sessionContext.session?.kernel !== kernel)
      connection.end(left(`The notebook ${title} has another kernel now.`));
  });
  return connection;
}

function contextOf(session: Session): WidgetContext {
  const asItIs = (url: string) => Promise.resolve(url);
  return {
    sessionContext: {
      ready: Promise.resolve(),
      session,
      kernelChanged: session.kernelChanged,
      statusChanged: session.statusChanged,
      connectionStatusChanged: session.connectionStatusChanged,
      disposed: session.disposed,
    },
    // nothing is saved, so nothing is ever read back
    model: { getMetadata: () => undefined, dirty: false },
    saveState: { connect: () => true },
    urlResolver: { resolveUrl: asItIs, getDownloadUrl: asItIs },
  };
}
