/**
 * Builds one ES module and one style sheet for each widget.
 *
 *     node js/build.mjs [--watch] [--out FOLDER]
 */
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const WIDGETS = ["scrubber", "browser", "wizard"];
/** Of a bundle as it travels, gzipped. */
const MAX_BYTES = 60_000;

const { values } = parseArgs({
  options: { watch: { type: "boolean", default: false }, out: { type: "string" } },
});
const outdir = path.resolve(values.out ?? path.join(here, "..", "dj_objectstore", "widgets", "static"));

/** @type {esbuild.BuildOptions} */
const options = {
  entryPoints: WIDGETS.flatMap((name) => [
    { in: path.join(here, "widgets", `${name}.ts`), out: name },
    { in: path.join(here, "styles", `${name}.css`), out: name },
  ]),
  outdir,
  bundle: true,
  format: "esm",
  platform: "browser",
  target: ["es2022"],
  minify: true,
  legalComments: "none",
  banner: { js: "/* dj-objectstore, MIT. Holds lucide icons (ISC) and @preact/signals-core (MIT). */" },
  logLevel: "warning",
};

async function report() {
  for (const name of WIDGETS) {
    for (const ext of ["js", "css"]) {
      const text = await readFile(path.join(outdir, `${name}.${ext}`));
      const size = gzipSync(text).length;
      const told = [text.length, size].map((bytes) => `${(bytes / 1000).toFixed(1)} kB`);
      console.log(`${name}.${ext}`.padEnd(14), told[0]?.padStart(9), `gzipped ${told[1]}`);
      if (size > MAX_BYTES)
        throw new Error(`${name}.${ext} must stay below ${MAX_BYTES} bytes gzipped, it has ${size}`);
    }
  }
}

await mkdir(outdir, { recursive: true });
if (values.watch) {
  const context = await esbuild.context({ ...options, logLevel: "info" });
  await context.watch();
} else {
  await esbuild.build(options);
  await report();
}
