/**
 * The space bar: held while the picture is dragged it moves what is seen; pressed alone it plays and pauses.
 * `data-space` on the view's element tells the pictures in it that the bar is down.
 */

const SPACE = " ";

export class SpaceKey {
  readonly #view: HTMLElement;
  readonly #toggle: () => void;
  /** Whether to play or pause once it is let go. */
  #isOurs = false;

  constructor(view: HTMLElement, toggle: () => void) {
    this.#view = view;
    this.#toggle = toggle;
    view.addEventListener("keyup", (event) => this.#release(event));
    view.addEventListener("focusout", ({ relatedTarget }) => {
      // what has no focus hears of no key that is let go
      if (!view.contains(relatedTarget as Node | null)) this.#end();
    });
  }

  /** Takes the press of a key; true if it is the space bar, and what has the focus does not need it. */
  press({ key, repeat }: KeyboardEvent, isNeeded: boolean): boolean {
    if (key !== SPACE) return false;
    if (!repeat) {
      this.#isOurs = !isNeeded;
      this.#view.dataset.space = "";
    }
    return !isNeeded;
  }

  #release({ key }: KeyboardEvent): void {
    if (key !== SPACE) return;
    const isAlone = this.#isOurs && this.#view.dataset.space === "";
    this.#end();
    if (isAlone) this.#toggle();
  }

  #end(): void {
    this.#isOurs = false;
    delete this.#view.dataset.space;
  }
}

/** Whether the space bar is down while a picture is pressed; it then no longer means play. */
export function usesSpace(node: Element): boolean {
  const view = node.closest<HTMLElement>("[data-space]");
  if (!view) return false;
  view.dataset.space = "used";
  return true;
}
