/**
 * The widgets against a kernel in the page, to look at while working on them.
 *
 *     npm run dev
 *     http://127.0.0.1:8723/?widget=browser&theme=dark&width=360
 *
 * Further: `delay=` ms, `fail=describe` or `fail=frame/17`, `size=512`, `frames=1000`, `views=2`, `silent=1`,
 * `series=1`, `linked=1`, `masks=5`, `hint=1`, `channels=2`, `planes=3`, `pixel=0.8`, `traits={"gamma":0.5}`.
 */

import { buildFakeFolder } from "../testing/fake-folder.ts";
import { FakeKernel } from "../testing/fake-kernel.ts";
import { FakeModel } from "../testing/fake-model.ts";
import { buildFakeMovie } from "../testing/fake-movie.ts";
import browser from "../widgets/browser.ts";
import scrubber from "../widgets/scrubber.ts";

const query = new URLSearchParams(location.search);
const number = (name: string, fallback: number) => Number(query.get(name) ?? fallback);

const theme = query.get("theme");
if (theme) {
  document.body.setAttribute("theme", theme);
  document.body.classList.toggle("dark", theme === "dark");
}

const linked = [
  { target: null, title: "raw", role: "movie" },
  { target: "t1", title: "corrected", role: "movie" },
  { target: "t2", title: "corrected - raw", role: "difference" },
] as const;
const movie = buildFakeMovie({
  frames: number("frames", 300),
  height: number("size", 200),
  width: number("size", 200),
  channels: number("channels", 1),
  masks: number("masks", 0),
  more: {
    series: query.has("series"),
    views: query.has("linked") ? linked : [],
    projections: true,
    pixel_size: query.has("pixel") ? [number("pixel", 1), number("pixel", 1)] : null,
    axes: query.has("planes") ? [{ name: "z", length: number("planes", 3) }] : [],
    steps: number("size", 200) > 1024 ? [2, 4, 8] : [],
    hints: query.has("hint")
      ? ["Each frame needs a chunk of 100 frames: reading is slow. Store it anew with frames_per_chunk=10."]
      : [],
  },
});
const model = new FakeModel({
  position: 17,
  colormap: query.get("colormap") ?? "gray",
  ...JSON.parse(query.get("traits") ?? "{}"),
});
const kernel = new FakeKernel(model, {
  movie,
  root: buildFakeFolder({ many: number("many", 3000) }),
  delay: number("delay", 15),
});
kernel.silent = query.has("silent");
const fail = query.get("fail");
if (fail)
  kernel.failures.set(fail, {
    code: "chunk",
    message: "chunk 1.0.0 (frames 10-19) of demo/Recording/movie_k3Jd82Ls.zarr is damaged",
    hint: "Restore the object from a copy, then try again.",
  });

const app = document.getElementById("app") as HTMLElement;
if (query.has("width")) app.style.width = `${query.get("width")}px`;
const widget = query.get("widget") === "browser" ? browser : scrubber;
for (let view = 0; view < number("views", 1); view++) {
  const el = document.createElement("div");
  app.append(el);
  widget.render({ model: model.proxy(), el });
}
Object.assign(window, { model, kernel });
