/** What JupyterLab loads: puts the container where it looks for it. */

import { Container, NAME } from "./container.ts";

declare global {
  interface Window {
    _JUPYTERLAB?: Record<string, Container>;
  }
}

window._JUPYTERLAB ??= {};
window._JUPYTERLAB[NAME] = new Container();
