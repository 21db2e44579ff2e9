/**
 * The container of this extension, as module federation has it: JupyterLab hands over the modules that it
 * shares, then asks for the extension's own.
 */

import { buildPlugin } from "./plugin.ts";
import { SharedModules, type ShareScope } from "./shared.ts";

export const NAME = "dj-objectstore";

type Factory = () => unknown;

export class Container {
  #scope: ShareScope | undefined;

  readonly init = (scope: ShareScope): void => {
    if (this.#scope && this.#scope !== scope)
      throw new Error(`${NAME} was given the shared modules of another page before`);
    this.#scope = scope;
  };

  readonly get = async (module: string): Promise<Factory> => {
    if (module !== "./extension" && module !== "./index") throw new Error(`${NAME} has no module ${module}`);
    if (!this.#scope) throw new Error(`${NAME} was not given the shared modules`);
    const plugin = await buildPlugin(new SharedModules(this.#scope));
    const exports = { __esModule: true, default: plugin };
    return () => exports;
  };
}
