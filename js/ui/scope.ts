/** What a part of the page has to undo when it goes: effects, listeners, observers, timers. */

import { effect } from "@preact/signals-core";

export class Scope {
  readonly #endings: (() => void)[] = [];

  /** Runs `action` now and whenever a signal that it reads changes. */
  effect(action: () => void): void {
    this.#endings.push(effect(action));
  }

  add(ending: () => void): void {
    this.#endings.push(ending);
  }

  /** Calls `action` with the width of `node` when it changes, and once at the start. */
  observeWidth(node: Element, action: (width: number) => void): void {
    let last = -1;
    const observer = new ResizeObserver(() => {
      const { clientWidth } = node;
      if (clientWidth === last || clientWidth === 0) return;
      last = clientWidth;
      action(clientWidth);
    });
    observer.observe(node);
    this.add(() => observer.disconnect());
  }

  dispose(): void {
    for (const ending of this.#endings.splice(0).reverse()) ending();
  }
}
