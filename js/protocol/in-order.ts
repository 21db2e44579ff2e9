/**
 * Hands things on in the order in which they came, though some are ready only later.
 *
 *     const queue = new InOrder();
 *     queue.add(unpack(bytes), show);
 *     queue.add(null, end);           // after `show`
 */

export class InOrder {
  #tail: Promise<unknown> | null = null;

  /** Calls `act` with the value once it is there and its turn has come: at once, if nothing waits. */
  add<T>(
    value: T | Promise<T>,
    act: (value: T) => void,
    fail: (error: unknown) => void = () => undefined,
  ): void {
    const tail = this.#tail;
    if (!tail && !(value instanceof Promise)) return act(value);
    const mine: Promise<unknown> = Promise.allSettled([value, tail])
      .then(([one]) => (one.status === "fulfilled" ? act(one.value) : fail(one.reason)))
      .finally(() => {
        if (this.#tail === mine) this.#tail = null;
      });
    this.#tail = mine;
  }
}
