/** A list of rows of one height of which only those in sight exist. */

import { el } from "./dom.ts";

export const ROW_HEIGHT = 24;
const MARGIN = 8;

export interface VirtualListOptions {
  /** The element of row `index`; called again whenever the row may have changed. */
  readonly render: (index: number) => HTMLElement;
  /** The rows that are in sight now: first and one past the last. */
  readonly onRange?: (first: number, end: number) => void;
}

export class VirtualList {
  readonly node: HTMLElement;
  readonly #options: VirtualListOptions;
  readonly #spacer = el("div", { class: "djo-rows", role: "presentation" });
  readonly #observer: ResizeObserver;
  #count = 0;

  constructor(node: HTMLElement, options: VirtualListOptions) {
    this.node = node;
    this.#options = options;
    node.append(this.#spacer);
    node.addEventListener("scroll", () => this.#draw());
    this.#observer = new ResizeObserver(() => this.#draw());
    this.#observer.observe(node);
  }

  update(count: number): void {
    this.#count = count;
    this.#spacer.style.height = `${count * ROW_HEIGHT}px`;
    this.#draw();
  }

  scrollTo(index: number): void {
    const top = index * ROW_HEIGHT;
    const { scrollTop, clientHeight } = this.node;
    if (top < scrollTop) this.node.scrollTop = top;
    else if (top + ROW_HEIGHT > scrollTop + clientHeight)
      this.node.scrollTop = top + ROW_HEIGHT - clientHeight;
  }

  /** Whole rows that fit in sight. */
  get page(): number {
    return Math.max(1, Math.floor(this.node.clientHeight / ROW_HEIGHT) - 1);
  }

  dispose(): void {
    this.#observer.disconnect();
  }

  #draw(): void {
    const { scrollTop } = this.node;
    // before the first layout there is no height: draw a screenful
    const height = this.node.clientHeight || 20 * ROW_HEIGHT;
    const first = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT) - MARGIN);
    const end = Math.min(this.#count, Math.ceil((scrollTop + height) / ROW_HEIGHT) + MARGIN);
    const rows: HTMLElement[] = [];
    for (let index = first; index < end; index++) {
      const row = this.#options.render(index);
      row.style.top = `${index * ROW_HEIGHT}px`;
      rows.push(row);
    }
    this.#spacer.replaceChildren(...rows);
    this.#options.onRange?.(first, end);
  }
}
