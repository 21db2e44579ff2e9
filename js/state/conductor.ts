/**
 * One model may be shown several times; only one view, the conductor, runs the movie. The others follow the
 * position it sets.
 */

import { type Signal, signal } from "@preact/signals-core";

export class Conductor {
  /** Who runs the movie; null when nobody does. */
  readonly owner: Signal<object | null> = signal(null);

  /** True if `who` may run the movie. */
  claim(who: object): boolean {
    this.owner.value ??= who;
    return this.owner.peek() === who;
  }

  release(who: object): void {
    if (this.owner.peek() === who) this.owner.value = null;
  }
}

const conductors = new WeakMap<object, Conductor>();

/** The conductor shared by everything that has the same `key`. */
export function conductorOf(key: object): Conductor {
  const known = conductors.get(key);
  if (known) return known;
  const conductor = new Conductor();
  conductors.set(key, conductor);
  return conductor;
}
