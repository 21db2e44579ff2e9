/** An anywidget model without a host: traits with change events, and messages to a kernel of your choice. */

import type { AnyModel } from "@anywidget/types";

type Handler = (...args: never[]) => void;

export class FakeModel {
  readonly sent: unknown[] = [];
  /** Each call of `save_changes`, with the traits as they were. */
  readonly saved: Record<string, unknown>[] = [];
  onSend: (message: unknown) => void = () => undefined;
  readonly #traits: Record<string, unknown>;
  readonly #handlers = new Map<string, Set<Handler>>();

  constructor(traits: Record<string, unknown> = {}) {
    this.#traits = { layout: {}, ...traits };
  }

  get(name: string): unknown {
    return this.#traits[name];
  }

  set(name: string, value: unknown): void {
    if (this.#traits[name] === value) return;
    this.#traits[name] = value;
    this.#fire(`change:${name}`);
  }

  save_changes(): void {
    this.saved.push({ ...this.#traits });
  }

  send(message: unknown): void {
    this.sent.push(message);
    this.onSend(message);
  }

  on(event: string, handler: Handler): void {
    this.#handlers.set(event, (this.#handlers.get(event) ?? new Set()).add(handler));
  }

  off(event: string, handler: Handler): void {
    this.#handlers.get(event)?.delete(handler);
  }

  /** A message from the kernel. */
  receive(message: unknown, buffers: readonly DataView[] = []): void {
    this.#fire("msg:custom", message, buffers);
  }

  /** An event of the host. */
  tell(event: string): void {
    this.#fire(event);
  }

  get listeners(): number {
    return [...this.#handlers.values()].reduce((sum, handlers) => sum + handlers.size, 0);
  }

  /** The model as a widget sees it: each view gets an object of its own. */
  proxy(): AnyModel {
    const bound = {
      get: this.get,
      set: this.set,
      save_changes: this.save_changes,
      send: this.send,
      on: this.on,
      off: this.off,
    };
    return Object.fromEntries(
      Object.entries(bound).map(([name, method]) => [name, method.bind(this as never)]),
    ) as unknown as AnyModel;
  }

  #fire(event: string, ...args: unknown[]): void {
    for (const handler of [...(this.#handlers.get(event) ?? [])]) handler(...(args as never[]));
  }
}
