/**
 * A scrubber on a page with a kernel in it, for tests: made anew for each, time stands still but for `pass`.
 *
 *     const page = useScrubberPage();
 *     const root = await page.open({ position: 17 });
 */

import { afterEach, beforeEach, vi } from "vitest";
import type { ToKernel } from "../protocol/messages.ts";
import type { Region } from "../state/settings.ts";
import scrubber from "../widgets/scrubber.ts";
import { installFakeCanvas } from "./fake-canvas.ts";
import { FakeKernel } from "./fake-kernel.ts";
import { FakeModel } from "./fake-model.ts";
import { buildFakeMovie } from "./fake-movie.ts";
import { find, pass } from "./page.ts";

type MovieOptions = Parameters<typeof buildFakeMovie>[0];
type Traits = Record<string, unknown>;

export const DAMAGED = {
  code: "chunk",
  message: "chunk 1.0.0 (frames 10-19) is damaged",
  hint: "Restore the object.",
};

export class ScrubberPage {
  model = new FakeModel();
  kernel = new FakeKernel(this.model, {});
  pixel = installFakeCanvas();
  readonly endings: (() => void)[] = [];

  build(traits: Traits = {}, movie: MovieOptions = {}): void {
    this.model = new FakeModel(traits);
    const made = buildFakeMovie({ frames: 60, height: 8, width: 8, ...movie });
    this.kernel = new FakeKernel(this.model, { movie: made, delay: 5 });
  }

  show(): HTMLElement {
    const el = document.createElement("div");
    document.body.append(el);
    this.endings.push(scrubber.render({ model: this.model.proxy(), el }));
    return el.querySelector(".djo-scrubber") as HTMLElement;
  }

  async open(traits: Traits = {}, movie: MovieOptions = {}): Promise<HTMLElement> {
    this.build(traits, movie);
    const root = this.show();
    await pass(100);
    return root;
  }

  /** The picture of a scrubber, where pointers press. */
  picture(root: HTMLElement): HTMLElement {
    return find(root, "picture");
  }

  get viewport(): readonly number[] | null {
    return (this.model.get("viewport") as readonly number[] | undefined) ?? null;
  }

  get rois(): readonly Region[] {
    return (this.model.get("rois") as readonly Region[] | undefined) ?? [];
  }

  sent(kind: string): ToKernel[] {
    return (this.model.sent as ToKernel[]).filter((message) => message.kind === kind);
  }

  requests(method: string): ToKernel[] {
    return this.sent("request").filter((message) => message.kind === "request" && message.method === method);
  }

  close(): void {
    for (const end of this.endings.splice(0)) end();
    this.kernel.stop();
    document.body.replaceChildren();
  }
}

/**
 * A page for each test of a file. With a `width` all on it is so wide, and the picture is laid out: at 400, 8
 * pixels of the movie are 50 CSS pixels each.
 */
export function useScrubberPage({ width = 0 } = {}): ScrubberPage {
  const page = new ScrubberPage();
  beforeEach(() => {
    vi.useFakeTimers();
    if (width > 0) vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(width);
    page.pixel = installFakeCanvas();
  });
  afterEach(() => {
    page.close();
    vi.useRealTimers();
  });
  return page;
}
