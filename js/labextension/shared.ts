/** The modules that JupyterLab and its extensions share with each other, by module federation. */

import type { Modules } from "./host.ts";

interface Entry {
  readonly get: () => unknown;
  loaded?: unknown;
}

/** By name, then by version. */
export type ShareScope = Readonly<Record<string, Readonly<Record<string, Entry>> | undefined>>;

/** JupyterLab lacks a module; an extension may be switched off, or this JupyterLab too old. */
export class MissingModule extends Error {
  override readonly name = "MissingModule";
}

function parts(version: string): readonly number[] {
  return (version.split(/[-+]/)[0] ?? "").split(".").map((part) => Number.parseInt(part, 10) || 0);
}

function isNewer(a: string, b: string): boolean {
  const [left, right] = [parts(a), parts(b)];
  const at = [0, 1, 2].find((place) => (left[place] ?? 0) !== (right[place] ?? 0)) ?? 0;
  return (left[at] ?? 0) > (right[at] ?? 0);
}

/** The version in use already, else the newest: two of one module would not know each other's objects. */
function choose(versions: Readonly<Record<string, Entry>>): Entry | undefined {
  const entries = Object.entries(versions);
  const used = entries.filter(([, entry]) => entry.loaded);
  return (used.length > 0 ? used : entries).reduce((best, one) => (isNewer(one[0], best[0]) ? one : best))[1];
}

export class SharedModules {
  readonly #scope: ShareScope;

  constructor(scope: ShareScope) {
    this.#scope = scope;
  }

  /** A module that may be lacking: JupyterLab's kin share less. */
  async find<Name extends keyof Modules>(name: Name): Promise<Partial<Modules[Name]>> {
    return Object.keys(this.#scope[name] ?? {}).length > 0 ? this.load(name) : {};
  }

  async load<Name extends keyof Modules>(name: Name): Promise<Modules[Name]> {
    const versions = this.#scope[name];
    const entry = versions && Object.keys(versions).length > 0 ? choose(versions) : undefined;
    if (!entry) throw new MissingModule(`this JupyterLab has no ${name}`);
    entry.loaded = 1;
    const factory = (await entry.get()) as () => Modules[Name];
    return factory();
  }
}
