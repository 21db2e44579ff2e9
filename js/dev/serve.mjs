/** Serves the page of `js/dev` on loopback and rebuilds at each reload: `npm run dev`. */

import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const styles = path.join(here, "..", "styles");
const context = await esbuild.context({
  entryPoints: [
    { in: path.join(here, "dev.ts"), out: "dev" },
    { in: path.join(styles, "scrubber.css"), out: "scrubber" },
    { in: path.join(styles, "browser.css"), out: "browser" },
  ],
  outdir: here,
  write: false,
  bundle: true,
  format: "esm",
  sourcemap: "inline",
});
const { port } = await context.serve({ servedir: here, host: "127.0.0.1", port: 8723 });
console.log(`http://127.0.0.1:${port}/?widget=scrubber or ?widget=browser (see js/dev/dev.ts)`);
