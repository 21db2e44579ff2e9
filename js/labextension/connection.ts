/** A line to a kernel: asks it, draws its widgets, and hears when it restarts or goes. */

import type { Fields } from "../protocol/check.ts";
import { KernelError } from "../protocol/client.ts";
import type { Failure } from "../protocol/messages.ts";
import type { Kernel, Renderer, Rendermime } from "./host.ts";
import { parseAnswer } from "./questions.ts";

const VIEW = "application/vnd.jupyter.widget-view+json";
const ANSWER = "answer";
/** How often, and how many ms apart, a kernel that restarts is asked whether it is up. */
const PROBES = 6;
const PROBE_MS = 3000;
const RESTARTING: ReadonlySet<string> = new Set(["restarting", "autorestarting"]);
/** An error in a cell that waits before ours takes ours out of the queue with it. */
const TRIES = 4;

/** What became of a kernel; a final one needs another line. */
export interface Ending {
  readonly failure: Failure;
  readonly isFinal: boolean;
}

type Watcher = (ending: Ending) => void;

function ended(status: string, kernel: string): Ending | undefined {
  const gone = (message: string, isFinal: boolean): Ending => ({
    failure: { code: "gone", message, hint: "What it showed has gone with it." },
    isFinal,
  });
  switch (status) {
    // one that died passes through both
    case "restarting":
    case "autorestarting":
      return gone(`The kernel of ${kernel} was restarted.`, false);
    case "dead":
    case "terminating":
      return gone(`The kernel of ${kernel} has ended.`, true);
  }
  return undefined;
}

export interface ConnectionOptions {
  readonly kernel: Kernel;
  readonly rendermime: Rendermime;
  /** What the kernel is called to people. */
  readonly title: string;
}

export class Connection {
  readonly title: string;
  readonly #kernel: Kernel;
  readonly #rendermime: Rendermime;
  readonly #watchers = new Set<Watcher>();
  #isOver = false;
  /** Until then a kernel that restarts forgets what it is asked. */
  #up: Promise<void> = Promise.resolve();

  constructor({ kernel, rendermime, title }: ConnectionOptions) {
    this.title = title;
    this.#kernel = kernel;
    this.#rendermime = rendermime;
    kernel.statusChanged.connect((_, status) => this.#turn(status));
    kernel.disposed.connect(() => this.#turn("dead"));
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get isBusy(): boolean {
    return this.#kernel.status === "busy";
  }

  /** Calls `watcher` when the kernel restarts or goes; returns how to stop that. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  end(ending: Ending | undefined): void {
    if (!ending || this.#isOver) return;
    this.#isOver = ending.isFinal;
    // one watcher may make another needless
    for (const watcher of [...this.#watchers]) if (this.#watchers.has(watcher)) watcher(ending);
  }

  /** The answer to a question; leaves nothing in the kernel's namespace and history. */
  async ask(question: string): Promise<Fields> {
    for (let attempt = 1; ; attempt++) {
      const { content } = await this.#execute(question);
      if (content.status === "aborted" && attempt < TRIES) continue;
      return parseAnswer(content.user_expressions?.[ANSWER] ?? content, this.title);
    }
  }

  /** A widget of the kernel's, drawn by JupyterLab. */
  async render(model: string): Promise<Renderer> {
    const renderer = this.#rendermime.createRenderer(VIEW);
    const data = { [VIEW]: { version_major: 2, version_minor: 0, model_id: model } };
    await renderer.renderModel(this.#rendermime.createModel({ data, trusted: true }));
    return renderer;
  }

  #turn(status: string): void {
    if (RESTARTING.has(status)) this.#up = this.#whenUp();
    this.end(ended(status, this.title));
  }

  /** Its status tells too little: JupyterLab does not hear of the questions that it asks by itself. */
  async #whenUp(): Promise<void> {
    for (let attempt = 0; attempt < PROBES && !this.#isOver; attempt++) {
      const late = new Promise((resolve) => setTimeout(resolve, PROBE_MS));
      const told = this.#kernel.requestKernelInfo().catch(() => late);
      if ((await Promise.race([told, late])) !== undefined) return;
      // now and then the line that JupyterLab opens to the new process is deaf
      if (!this.#isOver && !this.isBusy) this.#kernel.reconnect().catch(() => undefined);
    }
  }

  async #execute(question: string) {
    for (let up: Promise<void> | undefined; up !== this.#up; ) {
      up = this.#up;
      await up;
    }
    try {
      return await this.#kernel.requestExecute(
        {
          code: "",
          silent: true,
          store_history: false,
          allow_stdin: false,
          stop_on_error: false,
          user_expressions: { [ANSWER]: question },
        },
        true,
      ).done;
    } catch {
      const message = `The kernel of ${this.title} went away before it answered.`;
      throw new KernelError({ code: "gone", message, hint: "Try again, or choose another kernel." });
    }
  }
}
