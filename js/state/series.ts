/** What is drawn against time: the movie's mean intensity, and the traces and events that were given. */

import { type Signal, signal } from "@preact/signals-core";
import { readFloat32, readFloat64 } from "../protocol/buffers.ts";
import { ProtocolError } from "../protocol/check.ts";
import type { ProfileResult, SeriesResult } from "../protocol/messages.ts";
import type { Movie } from "./movie.ts";
import type { ScrubberSession } from "./session.ts";

export interface TimedTrace {
  readonly name: string;
  readonly unit: string;
  readonly seconds: Float64Array;
  readonly values: Float32Array;
}

export interface TimedEvents {
  readonly name: string;
  readonly seconds: Float64Array;
}

export interface Series {
  readonly traces: readonly TimedTrace[];
  readonly events: readonly TimedEvents[];
}

const NOTHING: Series = { traces: [], events: [] };

function readSeconds(buffer: DataView | undefined, name: string): Float64Array {
  return readFloat64(buffer, (buffer?.byteLength ?? 0) >> 3, name);
}

/** Traces and events from an answer and its buffers: seconds and values of each trace, seconds of each event. */
export function parseSeries(result: SeriesResult, buffers: readonly DataView[]): Series {
  const rest = [...buffers];
  const traces = result.traces.map(({ name, unit }) => {
    const seconds = readSeconds(rest.shift(), name);
    return { name, unit, seconds, values: readFloat32(rest.shift(), seconds.length, name) };
  });
  const events = result.events.map(({ name }) => ({ name, seconds: readSeconds(rest.shift(), name) }));
  if (rest.length > 0) throw new ProtocolError(`series has ${rest.length} buffers too many`);
  return { traces, events };
}

export class SeriesLoader {
  readonly profile: Signal<ProfileResult | null> = signal(null);
  readonly given: Signal<Series> = signal(NOTHING);
  readonly #session: ScrubberSession;

  constructor(session: ScrubberSession) {
    this.#session = session;
  }

  /** Asks for all that the movie has; one without is whole, so nothing is said of what fails. */
  async load(movie: Movie): Promise<void> {
    const options = { signal: this.#session.aborted };
    if (movie.series) {
      await this.#session.client.request("series", {}, options).then(
        ({ result, buffers }) => {
          this.given.value = parseSeries(result, buffers);
        },
        () => undefined,
      );
    }
    if (movie.frames < 2 || options.signal.aborted) return;
    await this.#session.request("profile", {}, options).then(
      ({ result }) => {
        this.profile.value = result;
      },
      () => undefined,
    );
  }
}
