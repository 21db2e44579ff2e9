/** A place for one widget of a kernel's: it opens there, and in its stead stands why it can't, or has gone. */

import { text } from "../protocol/check.ts";
import { describeFailure, tidyFailure } from "../state/failure.ts";
import { el } from "../ui/dom.ts";
import { errorMessage, noteMessage } from "../ui/message.ts";
import type { Connection } from "./connection.ts";
import type { HostPanel, HostWidget, Renderer, WidgetClass } from "./host.ts";
import { closeWidget, newTicket } from "./questions.ts";

export interface Opening {
  readonly connect: () => Promise<Connection>;
  /** What to ask for, under the ticket by which the kernel is to keep the widget. */
  readonly question: (ticket: string) => string;
}

interface Shown {
  readonly renderer: Renderer;
  readonly close: () => void;
}

export class WidgetPlace {
  readonly #note: HTMLElement;
  readonly #noteWidget: HostWidget;
  readonly #panel: HostPanel;
  #shown: Shown | undefined;
  /** Counts what was asked for; of several only the last may appear. */
  #turn = 0;

  constructor(panel: HostPanel, Widget: WidgetClass) {
    this.#panel = panel;
    this.#note = el("div", { class: "djo-root djo-lab-note", djo: "note" });
    this.#noteWidget = new Widget({ node: this.#note });
    this.#noteWidget.addClass("djo-lab-note-widget");
    panel.addWidget(this.#noteWidget);
    this.#say();
  }

  async show(opening: Opening): Promise<void> {
    this.clear();
    const turn = this.#turn;
    const isStale = () => turn !== this.#turn || this.#panel.isDisposed;
    this.#say(noteMessage({ icon: "loading", text: "Opening…" }));
    try {
      const connection = await opening.connect();
      if (isStale()) return;
      if (connection.isBusy) {
        const words = `The kernel of ${connection.title} is busy: it answers when what runs there has ended.`;
        this.#say(noteMessage({ icon: "loading", text: words }));
      }
      const shown = await this.#open(connection, opening);
      if (isStale()) return shown.close();
      this.#shown = shown;
      this.#say();
      this.#panel.addWidget(shown.renderer);
    } catch (error) {
      if (isStale()) return;
      const again = { label: "Try again", act: () => void this.show(opening) };
      this.#say(errorMessage(describeFailure(error), again));
    }
  }

  /** Closes what is shown, here and in the kernel. */
  clear(): void {
    this.#turn++;
    this.#shown?.close();
    this.#shown = undefined;
    this.#say();
  }

  async #open(connection: Connection, opening: Opening): Promise<Shown> {
    const ticket = newTicket();
    const model = text(await connection.ask(opening.question(ticket)), "model");
    const renderer = await connection.render(model);
    const unwatch = connection.watch(({ failure }) => {
      this.clear();
      const again = { label: "Open again", act: () => void this.show(opening) };
      this.#say(errorMessage(tidyFailure(failure), again));
    });
    const close = () => {
      unwatch();
      renderer.dispose();
      // a kernel that is gone has closed it already
      if (!connection.isOver) connection.ask(closeWidget(ticket)).catch(() => undefined);
    };
    return { renderer, close };
  }

  #say(message?: HTMLElement): void {
    this.#note.replaceChildren(...(message ? [message] : []));
    this.#note.hidden = message === undefined;
  }
}
