/** As much of JupyterLab as the extension uses: sessions whose kernels answer as a test says, and widgets. */

import type {
  App,
  Command,
  FileBrowser,
  HostPanel,
  HostSignal,
  HostWidget,
  Kernel,
  KernelSpecs,
  NotebookPanel,
  NotebookTracker,
  PanelClass,
  Renderer,
  Rendermime,
  Session,
  SessionModel,
  Sessions,
  WidgetClass,
  WidgetContext,
} from "../labextension/host.ts";
import type { ShareScope } from "../labextension/shared.ts";

export class FakeSignal<Sender, Args> implements HostSignal<Sender, Args> {
  readonly #slots = new Set<(sender: Sender, args: Args) => void>();

  connect(slot: (sender: Sender, args: Args) => void): boolean {
    this.#slots.add(slot);
    return true;
  }

  disconnect(slot: (sender: Sender, args: Args) => void): boolean {
    return this.#slots.delete(slot);
  }

  emit(sender: Sender, args: Args): void {
    for (const slot of [...this.#slots]) slot(sender, args);
  }
}

export function resultOf(result: unknown): unknown {
  return { status: "ok", data: { "application/json": { ok: true, result } } };
}

export function errorOf(code: string, message: string, hint = ""): unknown {
  return { status: "ok", data: { "application/json": { ok: false, error: { code, message, hint } } } };
}

export const LISTING = {
  folder: "/home/lab",
  stores: [
    {
      name: "main",
      protocol: "file",
      place: "/data/main",
      is_default: true,
      is_filepath_default: false,
      problems: [],
    },
    {
      name: "cloud",
      protocol: "s3",
      place: "s3://lab at minio.lab.org",
      is_default: false,
      is_filepath_default: true,
      problems: [],
    },
  ],
};

type Answer = (question: string) => unknown;

/** Lists two stores, and opens what it is asked for. */
export const usual: Answer = (question) =>
  question.includes("list_stores") ? resultOf(LISTING) : resultOf({ model: "m1" });

export class FakeKernelLine implements Kernel {
  readonly statusChanged = new FakeSignal<Kernel, string>();
  readonly disposed = new FakeSignal<Kernel, void>();
  readonly asked: string[] = [];
  answer: Answer = usual;
  status = "idle";
  isUp = true;
  /** Replies that are not those of a call that ran, first to last. */
  readonly replies: unknown[] = [];
  readonly id: string;
  readonly name: string;

  constructor(id: string, name: string) {
    this.id = id;
    this.name = name;
  }

  /** Answers once the kernel is up. */
  readonly requestKernelInfo = (): Promise<unknown> =>
    this.isUp ? Promise.resolve({}) : Promise.reject(new Error("not connected"));

  reconnections = 0;

  async reconnect(): Promise<void> {
    this.reconnections++;
  }

  turn(status: string): void {
    this.status = status;
    this.statusChanged.emit(this, status);
  }

  readonly requestExecute: Kernel["requestExecute"] = (content) => {
    const question = Object.values(content.user_expressions)[0] ?? "";
    this.asked.push(question);
    const reply = this.replies.shift();
    if (reply instanceof Error) return { done: Promise.reject(reply) };
    const usual = { status: "ok", user_expressions: { answer: this.answer(question) } };
    return { done: Promise.resolve({ content: (reply ?? usual) as never }) };
  };
}

class FakeSession implements Session {
  readonly kernelChanged = new FakeSignal<Session, unknown>();
  readonly statusChanged = new FakeSignal<Session, string>();
  readonly connectionStatusChanged = new FakeSignal<Session, string>();
  readonly disposed = new FakeSignal<Session, void>();
  isDisposed = false;
  wasShutDown = false;
  readonly id: string;
  readonly path: string;
  readonly kernel: Kernel | null;

  constructor(model: SessionModel, kernel: Kernel | null) {
    this.id = model.id;
    this.path = model.path;
    this.kernel = kernel;
  }

  dispose(): void {
    this.isDisposed = true;
  }

  async shutdown(): Promise<void> {
    this.wasShutDown = true;
  }
}

export class FakeSessions implements Sessions {
  readonly ready = Promise.resolve();
  readonly runningChanged = new FakeSignal<Sessions, unknown>();
  readonly models: SessionModel[] = [];
  readonly kernels = new Map<string, FakeKernelLine>();
  readonly opened: FakeSession[] = [];
  readonly started: string[] = [];
  refusal: Error | undefined;

  running(): SessionModel[] {
    return this.models;
  }

  async refreshRunning(): Promise<void> {}

  add(path: string, { type = "notebook", kernel = "python3" } = {}): SessionModel {
    const id = `s${this.models.length}`;
    const model = { id, path, name: path, type, kernel: { id: `k-${id}`, name: kernel } };
    this.models.push(model);
    this.kernels.set(id, new FakeKernelLine(`k-${id}`, kernel));
    this.runningChanged.emit(this, undefined);
    return model;
  }

  connectTo({ model }: { readonly model: SessionModel }): Session {
    const session = new FakeSession(model, this.kernel(model.id));
    this.opened.push(session);
    return session;
  }

  async startNew({ path, type, kernel }: Parameters<Sessions["startNew"]>[0]): Promise<Session> {
    this.started.push(path);
    if (this.refusal) throw this.refusal;
    return this.connectTo({ model: this.add(path, { type, kernel: kernel.name }) });
  }

  /** The kernel of a session; of the one that was added last when none is named. */
  kernel(id: string = this.models.at(-1)?.id ?? ""): FakeKernelLine {
    const kernel = this.kernels.get(id);
    if (!kernel) throw new Error(`no session ${id}`);
    return kernel;
  }
}

export class FakeWidget implements HostWidget {
  id = "";
  readonly title = { label: "", caption: "", icon: null as unknown, closable: false };
  readonly disposed = new FakeSignal<HostWidget, void>();
  readonly node: HTMLElement;
  isDisposed = false;
  isVisible = true;

  constructor({ node }: { readonly node: HTMLElement } = { node: document.createElement("div") }) {
    this.node = node;
  }

  addClass(name: string): void {
    this.node.classList.add(name);
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.node.remove();
    this.disposed.emit(this, undefined);
  }

  onAfterShow(_message: unknown): void {}
  onActivateRequest(_message: unknown): void {}
  onCloseRequest(_message: unknown): void {}
}

class FakePanel extends FakeWidget implements HostPanel {
  addWidget(widget: HostWidget): void {
    this.node.append(widget.node);
  }
}

class FakeRenderer extends FakeWidget implements Renderer {
  async renderModel(model: unknown): Promise<void> {
    this.node.dataset.model = JSON.stringify(model);
  }
}

export class FakeRendermime implements Rendermime {
  readonly owner: string;

  constructor(owner: string) {
    this.owner = owner;
  }

  clone(): Rendermime {
    return new FakeRendermime(`${this.owner}'s clone`);
  }

  createRenderer(): Renderer {
    const renderer = new FakeRenderer();
    renderer.node.dataset.owner = this.owner;
    return renderer;
  }

  createModel(options: { readonly data: Readonly<Record<string, unknown>> }): unknown {
    return options.data;
  }
}

export class FakeLab {
  readonly sessions = new FakeSessions();
  readonly commands = new Map<string, Command>();
  readonly areas: Record<string, HostPanel[]> = { left: [], main: [] };
  readonly activated: string[] = [];
  readonly managed: WidgetContext[] = [];
  readonly notebookPanels: NotebookPanel[] = [];
  specs: KernelSpecs = {
    default: "ir",
    kernelspecs: {
      ir: { language: "R", display_name: "R" },
      python3: { language: "python", display_name: "Python 3" },
    },
  };
  current: NotebookPanel | null = null;
  path = "";
  readonly fileBrowserNode = document.createElement("div");
  readonly pathChanged = new FakeSignal<unknown, unknown>();

  get app(): App {
    const specs = () => this.specs;
    return {
      serviceManager: {
        sessions: this.sessions,
        kernelspecs: {
          ready: Promise.resolve(),
          get specs() {
            return specs();
          },
        },
        contents: { localPath: (path) => path.split(":").at(-1) ?? "" },
      },
      commands: { addCommand: (id, options) => this.commands.set(id, options) },
      shell: {
        add: (widget, area) => this.#add(widget as HostPanel, area),
        activateById: (id) => this.activated.push(id),
      },
    };
  }

  #add(widget: HostPanel, area: string): void {
    this.areas[area]?.push(widget);
    document.body.append(widget.node);
  }

  readonly rendermime = new FakeRendermime("JupyterLab");

  get fileBrowser(): FileBrowser {
    const path = () => this.path;
    return {
      model: {
        get path() {
          return path();
        },
        pathChanged: this.pathChanged,
        restored: Promise.resolve(),
      },
      node: this.fileBrowserNode,
    };
  }

  get notebooks(): NotebookTracker {
    const current = () => this.current;
    return {
      get currentWidget() {
        return current();
      },
      find: (test) => this.notebookPanels.find(test),
    };
  }

  browseTo(path: string): void {
    this.path = path;
    this.pathChanged.emit(undefined, undefined);
  }

  /** A notebook with a kernel that is open in this page. */
  openNotebook(path: string): FakePanel & NotebookPanel {
    const model = this.sessions.add(path);
    const session = this.sessions.connectTo({ model });
    const sessionContext = { session, kernelChanged: new FakeSignal<unknown, unknown>() };
    const content = { rendermime: new FakeRendermime(path) };
    const panel = Object.assign(new FakePanel(), { sessionContext, content });
    this.notebookPanels.push(panel);
    this.current = panel;
    return panel;
  }

  readonly manager = {
    registerWidgetManager: (context: WidgetContext, rendermime: Rendermime, renderers: Iterable<unknown>) => {
      void context.sessionContext.ready.then(() => {
        this.managed.push(context);
        for (const _ of renderers) throw new Error("there is none to begin with");
        (rendermime as FakeRendermime & { owner: string }).owner = "the widget manager";
      });
    },
  };

  /** What JupyterLab shares, each module in two versions of which the newer counts. */
  get scope(): ShareScope {
    class LabIcon {
      readonly options: unknown;
      constructor(options: unknown) {
        this.options = options;
      }
    }
    const modules = {
      "@jupyterlab/application": { ILabShell: "shell", ILayoutRestorer: "restorer" },
      "@jupyterlab/apputils": { ICommandPalette: "palette" },
      "@jupyterlab/filebrowser": { IDefaultFileBrowser: "files" },
      "@jupyterlab/launcher": { ILauncher: "launcher" },
      "@jupyterlab/notebook": { INotebookTracker: "notebooks" },
      "@jupyterlab/rendermime": { IRenderMimeRegistry: "rendermime" },
      "@jupyterlab/ui-components": { LabIcon },
      "@lumino/widgets": { Panel: FakePanel as PanelClass, Widget: FakeWidget as WidgetClass },
      "@jupyter-widgets/jupyterlab-manager": this.manager,
    };
    const shared = (exports: unknown) => ({ "4.6.6": { get: async () => () => exports } });
    return Object.fromEntries(Object.entries(modules).map(([name, exports]) => [name, shared(exports)]));
  }
}

/** Lets everything that is waited for happen. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
}
