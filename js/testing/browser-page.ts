/**
 * A browser on a page with a kernel in it, for tests: made anew for each, time stands still but for `pass`.
 *
 *     const page = useBrowserPage();
 *     const root = await page.open();
 */

import { afterEach, beforeEach, vi } from "vitest";
import type { Method, Methods, ToKernel } from "../protocol/messages.ts";
import browser from "../widgets/browser.ts";
import { buildFakeFolder } from "./fake-folder.ts";
import { FakeKernel, type FakeNode } from "./fake-kernel.ts";
import { FakeModel } from "./fake-model.ts";
import { buildFakeMovie } from "./fake-movie.ts";
import { pass } from "./page.ts";

/** What the kernel answers to a method, made of its parameters. */
export type Answers = { [M in Method]?: (params: Methods[M]["params"]) => object };

export function answerWith(answers: Answers): NonNullable<FakeKernel["answers"]> {
  return (method, params) => {
    const result = answers[method]?.(params as never);
    return result ? { result, buffers: [] } : undefined;
  };
}

export class BrowserPage {
  model = new FakeModel();
  kernel = new FakeKernel(this.model, {});
  readonly endings: (() => void)[] = [];

  build(root: FakeNode = buildFakeFolder({ many: 1200 }), traits: Record<string, unknown> = {}): void {
    this.model = new FakeModel({ selected: "", expanded: [], ...traits });
    const movie = buildFakeMovie({ frames: 20, height: 8, width: 8 });
    this.kernel = new FakeKernel(this.model, { root, movie, delay: 5 });
  }

  show(): HTMLElement {
    const el = document.createElement("div");
    document.body.append(el);
    this.endings.push(browser.render({ model: this.model.proxy(), el }));
    return el.querySelector(".djo-browser") as HTMLElement;
  }

  async open(answers: Answers = {}, root: FakeNode = buildFakeFolder({ many: 1200 })): Promise<HTMLElement> {
    this.build(root);
    this.kernel.answers = answerWith(answers);
    const node = this.show();
    await pass(50);
    return node;
  }

  /** The requests of a method, as they were sent. */
  requests(method: Method): Extract<ToKernel, { kind: "request" }>[] {
    return (this.model.sent as ToKernel[]).flatMap((message) =>
      message.kind === "request" && message.method === method ? [message] : [],
    );
  }

  /** What was asked for by a method. */
  asked<M extends Method>(method: M): Methods[M]["params"][] {
    return this.requests(method).map(({ params }) => params as Methods[M]["params"]);
  }

  close(): void {
    for (const end of this.endings.splice(0)) end();
    this.kernel.stop();
    document.body.replaceChildren();
  }
}

/** A page for each test of a file. */
export function useBrowserPage(): BrowserPage {
  const page = new BrowserPage();
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    page.close();
    vi.useRealTimers();
  });
  return page;
}
