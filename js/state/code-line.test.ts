import { expect, it } from "vitest";
import { modelChannel } from "../protocol/channel.ts";
import { Client } from "../protocol/client.ts";
import { FakeModel } from "../testing/fake-model.ts";
import { buildMovie } from "../testing/movie-facts.ts";
import { buildCodeLine } from "./code-line.ts";
import { ScrubberSession } from "./session.ts";
import { freeSettings, SCRUBBER_DEFAULTS, type ScrubberTraits } from "./settings.ts";

function lineOf(changes: Partial<ScrubberTraits>, title = "movie"): string {
  const settings = freeSettings({ ...SCRUBBER_DEFAULTS, ...changes }).values;
  const session = new ScrubberSession({
    client: new Client(modelChannel(new FakeModel().proxy())),
    settings,
  });
  const movie = buildMovie({ title, frames: 100 });
  session.movie.value = movie;
  const shown = session.shown.value;
  return shown ? buildCodeLine(settings, shown, movie) : "";
}

it("the line of Python names what differs from a new scrubber", () => {
  expect(lineOf({})).toBe("djo.scrub(movie)");
  expect(lineOf({ position: 17, contrast: [100, 1200.5], colormap: "magma", overlay: true }, "raw")).toBe(
    'djo.scrub(raw, position=17, contrast=[100, 1200.5], colormap="magma", overlay=True)',
  );
});

it("a title that is no name of Python stands for a movie", () => {
  expect(lineOf({ viewport: [0, 1.5, 2, 2] }, "run 3.zarr")).toBe(
    "djo.scrub(movie, viewport=[0, 1.5, 2, 2])",
  );
});
