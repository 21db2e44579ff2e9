/** What of JupyterLab is used here, as far as it is used; its own packages are hundreds. */

/** An event of lumino's. */
export interface HostSignal<Sender, Args> {
  connect(slot: (sender: Sender, args: Args) => void): boolean;
  disconnect(slot: (sender: Sender, args: Args) => void): boolean;
}

/** A list that a service keeps. */
export type Running<T> = Iterable<T>;

export interface ExecuteReply {
  readonly content: {
    readonly status: string;
    readonly user_expressions?: Readonly<Record<string, unknown>>;
    readonly ename?: string;
    readonly evalue?: string;
  };
}

export interface Kernel {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly statusChanged: HostSignal<Kernel, string>;
  readonly disposed: HostSignal<Kernel, void>;
  requestKernelInfo(): Promise<unknown>;
  reconnect(): Promise<void>;
  requestExecute(
    content: {
      readonly code: string;
      readonly silent: boolean;
      readonly store_history: boolean;
      readonly allow_stdin: boolean;
      readonly stop_on_error: boolean;
      readonly user_expressions: Readonly<Record<string, string>>;
    },
    disposeOnDone: boolean,
  ): { readonly done: Promise<ExecuteReply> };
}

export interface SessionModel {
  readonly id: string;
  readonly path: string;
  readonly name: string;
  readonly type: string;
  readonly kernel: { readonly id: string; readonly name: string } | null;
}

export interface Session {
  readonly id: string;
  readonly path: string;
  readonly kernel: Kernel | null;
  readonly kernelChanged: HostSignal<Session, unknown>;
  readonly statusChanged: HostSignal<Session, string>;
  readonly connectionStatusChanged: HostSignal<Session, string>;
  readonly disposed: HostSignal<Session, void>;
  readonly isDisposed: boolean;
  dispose(): void;
  shutdown(): Promise<void>;
}

export interface Sessions {
  readonly ready: Promise<void>;
  readonly runningChanged: HostSignal<Sessions, unknown>;
  running(): Running<SessionModel>;
  refreshRunning(): Promise<void>;
  connectTo(options: { readonly model: SessionModel }): Session;
  startNew(options: {
    readonly path: string;
    readonly name: string;
    readonly type: string;
    readonly kernel: { readonly name: string };
  }): Promise<Session>;
}

export interface KernelSpecs {
  readonly default: string;
  readonly kernelspecs: Readonly<
    Record<string, { readonly language: string; readonly display_name: string } | undefined>
  >;
}

export interface Services {
  readonly sessions: Sessions;
  readonly kernelspecs: { readonly ready: Promise<void>; readonly specs: KernelSpecs | null };
  readonly contents: { localPath(path: string): string };
}

/** A widget of lumino's. */
export interface HostWidget {
  id: string;
  readonly node: HTMLElement;
  readonly title: { label: string; caption: string; icon: unknown; closable: boolean };
  readonly isDisposed: boolean;
  readonly isVisible: boolean;
  readonly disposed: HostSignal<HostWidget, void>;
  addClass(name: string): void;
  dispose(): void;
  onAfterShow(message: unknown): void;
  onActivateRequest(message: unknown): void;
  onCloseRequest(message: unknown): void;
}

export interface HostPanel extends HostWidget {
  addWidget(widget: HostWidget): void;
}

/** What shows one MIME type. */
export interface Renderer extends HostWidget {
  renderModel(model: unknown): Promise<void>;
}

export interface Rendermime {
  clone(): Rendermime;
  createRenderer(type: string): Renderer;
  createModel(options: {
    readonly data: Readonly<Record<string, unknown>>;
    readonly trusted: boolean;
  }): unknown;
}

export interface NotebookPanel extends HostWidget {
  readonly sessionContext: {
    readonly session: Session | null;
    readonly kernelChanged: HostSignal<unknown, unknown>;
  };
  readonly content: { readonly rendermime: Rendermime };
}

export interface NotebookTracker {
  readonly currentWidget: NotebookPanel | null;
  find(test: (panel: NotebookPanel) => boolean): NotebookPanel | undefined;
}

export interface FileBrowser {
  readonly model: {
    readonly path: string;
    readonly pathChanged: HostSignal<unknown, unknown>;
    readonly restored: Promise<void>;
  };
  readonly node: HTMLElement;
}

export interface Command {
  readonly label: string;
  readonly caption?: string;
  readonly icon?: unknown;
  readonly execute: (args: Readonly<Record<string, unknown>>) => unknown;
}

export interface App {
  readonly serviceManager: Services;
  readonly commands: { addCommand(id: string, options: Command): unknown };
  readonly shell: Shell;
}

export interface Shell {
  add(widget: HostWidget, area: string, options?: { readonly rank?: number }): void;
  activateById(id: string): void;
}

export interface Launcher {
  add(item: { readonly command: string; readonly category: string; readonly rank: number }): unknown;
}

export interface Palette {
  addItem(item: { readonly command: string; readonly category: string }): unknown;
}

export interface Restorer {
  add(widget: HostWidget, name: string): void;
}

/** What `@jupyter-widgets/jupyterlab-manager` asks of a document. */
export interface WidgetContext {
  readonly sessionContext: {
    readonly ready: Promise<void>;
    readonly session: Session;
    readonly kernelChanged: Session["kernelChanged"];
    readonly statusChanged: Session["statusChanged"];
    readonly connectionStatusChanged: Session["connectionStatusChanged"];
    readonly disposed: Session["disposed"];
  };
  readonly model: { readonly getMetadata: () => undefined; dirty: boolean };
  readonly saveState: { readonly connect: () => boolean };
  readonly urlResolver: {
    readonly resolveUrl: (url: string) => Promise<string>;
    readonly getDownloadUrl: (url: string) => Promise<string>;
  };
}

/** The shared modules, each with the exports that are used. */
export interface Modules {
  readonly "@jupyterlab/application": { readonly ILabShell: unknown; readonly ILayoutRestorer: unknown };
  readonly "@jupyterlab/apputils": { readonly ICommandPalette: unknown };
  readonly "@jupyterlab/filebrowser": { readonly IDefaultFileBrowser: unknown };
  readonly "@jupyterlab/launcher": { readonly ILauncher: unknown };
  readonly "@jupyterlab/notebook": { readonly INotebookTracker: unknown };
  readonly "@jupyterlab/rendermime": { readonly IRenderMimeRegistry: unknown };
  readonly "@jupyterlab/ui-components": {
    readonly LabIcon: new (options: { readonly name: string; readonly svgstr: string }) => unknown;
  };
  readonly "@lumino/widgets": { readonly Panel: PanelClass; readonly Widget: WidgetClass };
  readonly "@jupyter-widgets/jupyterlab-manager": {
    readonly registerWidgetManager: (
      context: WidgetContext,
      rendermime: Rendermime,
      renderers: Iterable<unknown>,
    ) => unknown;
  };
}

export type PanelClass = new () => HostPanel;
export type WidgetClass = new (options: { readonly node: HTMLElement }) => HostWidget;

/** A plugin of JupyterLab. */
export interface Plugin {
  readonly id: string;
  readonly description: string;
  readonly autoStart: true;
  readonly requires: readonly unknown[];
  readonly optional: readonly unknown[];
  readonly activate: (app: App, ...services: never[]) => void;
}
