/**
 * Builds one ES module and one style sheet for each widget, and JupyterLab's extension.
 *
 *     node js/build.mjs [--watch] [--out FOLDER]
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const WIDGETS = ["scrubber", "browser", "wizard"];
/** Of a bundle as it travels, gzipped. */
const MAX_BYTES = 60_000;
/** The browser's holds a whole scrubber too. */
const MAX_BROWSER_BYTES = 61_000;

const { values } = parseArgs({
  options: { watch: { type: "boolean", default: false }, out: { type: "string" } },
});
const PACKAGE = path.join(here, "..", "dj_objectstore");
const outdir = path.resolve(values.out ?? path.join(PACKAGE, "widgets", "static"));
const extension = path.resolve(values.out ?? PACKAGE, "labextension");

const BANNER = "/* dj-objectstore, MIT. Holds lucide icons (ISC) and @preact/signals-core (MIT). */";

/** @type {esbuild.BuildOptions} */
const common = {
  bundle: true,
  platform: "browser",
  target: ["es2022"],
  minify: true,
  legalComments: "none",
  logLevel: "warning",
};

/** @type {esbuild.BuildOptions} */
const options = {
  ...common,
  entryPoints: WIDGETS.flatMap((name) => [
    { in: path.join(here, "widgets", `${name}.ts`), out: name },
    { in: path.join(here, "styles", `${name}.css`), out: name },
  ]),
  outdir,
  format: "esm",
  banner: { js: BANNER },
};

/** @param {string} name @param {Uint8Array} content */
function report(name, content) {
  const size = gzipSync(content).length;
  const told = [content.length, size].map((bytes) => `${(bytes / 1000).toFixed(1)} kB`);
  console.log(name.padEnd(20), told[0]?.padStart(9), `gzipped ${told[1]}`);
  const most = name === "browser.js" ? MAX_BROWSER_BYTES : MAX_BYTES;
  if (size > most) throw new Error(`${name} must stay below ${most} bytes gzipped, it has ${size}`);
}

async function reportWidgets() {
  for (const name of WIDGETS)
    for (const ext of ["js", "css"])
      report(`${name}.${ext}`, await readFile(path.join(outdir, `${name}.${ext}`)));
}

async function readVersion() {
  const text = await readFile(path.join(PACKAGE, "__init__.py"), "utf-8");
  const version = /^__version__ = "([^"]+)"$/m.exec(text)?.[1];
  if (!version) throw new Error("dj_objectstore/__init__.py has no __version__");
  return version;
}

/**
 * The extension as JupyterLab finds it: what it is, who installed it, and one script. Its style sheet is in
 * the script, whose name changes with what it holds, so that no browser keeps an old one.
 */
async function buildExtension() {
  const styles = await esbuild.build({
    ...common,
    entryPoints: [path.join(here, "styles", "labextension.css")],
    write: false,
  });
  const scripts = await esbuild.build({
    ...common,
    entryPoints: [path.join(here, "labextension", "entry.ts")],
    format: "iife",
    banner: { js: BANNER },
    define: { DJO_STYLE: JSON.stringify(styles.outputFiles[0].text.trim()) },
    write: false,
  });
  const script = scripts.outputFiles[0].contents;
  const hash = createHash("sha256").update(script).digest("hex").slice(0, 20);
  const load = `static/remoteEntry.${hash}.js`;
  const files = {
    "package.json": {
      name: "dj-objectstore",
      version: await readVersion(),
      description: "Lists and browses the object stores of DataJoint pipelines, and sets them up",
      license: "MIT",
      jupyterlab: { extension: true, _build: { load, extension: "./extension" } },
    },
    "install.json": {
      packageManager: "python",
      packageName: "dj-objectstore",
      uninstallInstructions: "pip uninstall dj-objectstore",
    },
  };
  await rm(extension, { recursive: true, force: true });
  await mkdir(path.join(extension, "static"), { recursive: true });
  await writeFile(path.join(extension, load), script);
  for (const [name, content] of Object.entries(files))
    await writeFile(path.join(extension, name), `${JSON.stringify(content, null, 2)}\n`);
  report("labextension", script);
}

await mkdir(outdir, { recursive: true });
await buildExtension();
if (values.watch) {
  const context = await esbuild.context({ ...options, logLevel: "info" });
  await context.watch();
} else {
  await esbuild.build(options);
  await reportWidgets();
}
