/**
 * The closed list of messages between a view and the kernel, as types.
 *
 * `tests/fixtures/messages.json` holds one example of each; the Python and the TypeScript tests read it.
 */

import type { BrowsingMethods } from "./browsing.ts";
import type { SetupMethods } from "./setup.ts";

export const PROTOCOL = 1;

export type CodeDtype = "|u1" | "<u2" | "<f4";
export type Unit = "counts" | "photons" | "stabilized";
export type Keep = "time" | "frames";
export type Projection = "mean" | "max" | "std";
/** How a frame travels: its codes, or their bytes plane by plane as a raw deflate stream. */
export type Encoding = "raw" | "deflate";
export type ClipFormat = "mp4" | "gif" | "png";
/** Rows and columns, or a point: y before x. */
export type Pair = readonly [number, number];

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** How a code becomes a value: `table[code]`, or `offset + scale * code`. */
export interface CodeInfo {
  readonly dtype: CodeDtype;
  readonly kind: "lookup" | "linear";
  readonly levels: number;
  readonly scale: number;
  readonly offset: number;
}

export interface Photons {
  readonly gain: number;
  readonly offset: number;
}

export interface Stabilized extends Photons {
  readonly variance: number;
}

/** An axis that is neither time, channel, y nor x. */
export interface Axis {
  readonly name: string;
  readonly length: number;
}

/** One of several movies that are seen together. */
export interface LinkedView {
  /** Null for the movie that is described. */
  readonly target: string | null;
  readonly title: string;
  readonly role: "movie" | "difference";
}

export interface DescribeResult {
  readonly title: string;
  readonly frames: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly code: CodeInfo;
  readonly dtype: string;
  readonly unit: string;
  /** Frames per second. */
  readonly frame_rate: number | null;
  /** Frames per second at which it plays at first. */
  readonly fps: number;
  readonly has_times: boolean;
  readonly pixel_size: readonly [number, number] | null;
  readonly photons: Photons | null;
  readonly stabilized: Stabilized | null;
  /** Robust range of the movie, in value units. */
  readonly contrast: readonly [number, number];
  readonly mode: string;
  readonly facts: readonly (readonly [string, string])[];
  readonly axes: readonly Axis[];
  /** Empty where the channels have only numbers. */
  readonly channel_names: readonly string[];
  /** The coarser versions of a frame, such as 2, 4, 8. */
  readonly steps: readonly number[];
  /** Whether `project` works. */
  readonly projections: boolean;
  /** How many masks were given. */
  readonly masks: number;
  /** Whether there are events or traces. */
  readonly series: boolean;
  /** Fewer than two: a movie alone. */
  readonly views: readonly LinkedView[];
  /** Sentences said once. */
  readonly hints: readonly string[];
}

export interface FrameResult {
  readonly index: number;
  readonly dtype: CodeDtype;
  /** Rows, columns. */
  readonly shape: Pair;
  /** How many pixels of the movie, each way, one of these stands for. */
  readonly step: number;
  readonly encoding: Encoding;
}

/** Where the kernel takes requests for frames over HTTP, on its own machine alone. */
export interface DoorResult {
  readonly port: number;
  readonly token: string;
}

export interface ProjectResult {
  readonly kind: Projection;
  /** How many frames it is made of. */
  readonly frames: number;
  readonly dtype: CodeDtype;
  readonly shape: Pair;
}

export interface MasksResult {
  readonly names: readonly string[];
  /** Mask, first point and number of points of each closed ring. */
  readonly rings: readonly (readonly [mask: number, start: number, count: number])[];
}

/** A region in pixel-edge coordinates: (0, 0) is the outer corner of the first pixel. */
export interface RegionShape {
  readonly kind: "rectangle" | "ellipse" | "polygon";
  /** (y, x): two opposite corners, or the corners of a polygon. */
  readonly points: readonly Pair[];
}

export interface GivenMask {
  readonly kind: "mask";
  readonly mask: number;
}

export type Quantity = "mean" | "dff";

export interface TraceResult {
  readonly unit: string;
  readonly pixels: number;
  readonly frames: number;
  readonly has_band: boolean;
}

export interface SeriesResult {
  readonly traces: readonly { readonly name: string; readonly unit: string }[];
  readonly events: readonly { readonly name: string }[];
}

export interface ClipResult {
  readonly name: string;
  readonly mime: string;
  readonly size: number;
}

/** What is seen, by the names of the scrubber's traits. */
export interface CodeParams {
  readonly look: object;
}

export interface CodeResult {
  readonly line: string;
}

export interface ProfileResult {
  readonly indices: readonly number[];
  readonly values: readonly number[];
}

export type EntryKind = "folder" | "file" | "array" | "group" | "movie";

export interface Entry {
  readonly id: string;
  readonly name: string;
  readonly kind: EntryKind;
  readonly size: number | null;
  readonly modified: string | null;
  readonly items: number | null;
}

export type SortKey = "name" | "size" | "modified";

/** Which entries of a folder, and in which order. */
export interface Arrangement {
  readonly filter: string;
  readonly sort: SortKey;
  readonly descending: boolean;
}

export interface ListResult {
  readonly entries: readonly Entry[];
  readonly next: string | null;
  /** Null while that is not known: the store tells it with the last page. */
  readonly total: number | null;
}

export interface PreviewFacts {
  readonly name: string;
  readonly size: number | null;
  readonly path: string;
  /** Where it lies, as fsspec names it; "" where its name allows none. */
  readonly url: string;
  /** The line of Python that opens it. */
  readonly line: string;
  readonly scrubbable: boolean;
  /** A whole object, of which it is recorded what was written. */
  readonly whole: boolean;
}

export type PreviewBody =
  | { readonly type: "text"; readonly text: string; readonly truncated: boolean; readonly language: string }
  | { readonly type: "json"; readonly text: string; readonly truncated: boolean }
  | { readonly type: "image"; readonly mime: string; readonly width: number; readonly height: number }
  | {
      readonly type: "array";
      readonly shape: readonly number[];
      readonly dtype: string;
      readonly chunks: readonly number[];
      readonly codecs: string;
      readonly stored: number | null;
      readonly raw: number;
      readonly attrs_text: string;
      readonly thumbnail: { readonly width: number; readonly height: number } | null;
    }
  | {
      readonly type: "table";
      readonly columns: readonly string[];
      readonly rows: readonly (readonly string[])[];
      readonly truncated: boolean;
    }
  | { readonly type: "hex"; readonly text: string; readonly truncated: boolean }
  | { readonly type: "none"; readonly message: string };

export type PreviewResult = PreviewFacts & PreviewBody;

export interface OpenResult {
  readonly target: string;
}

/** Which picture of a movie, its time apart. Left out: the first of each. */
export interface Plane {
  readonly target?: string;
  readonly channel?: number;
  /** Positions on the movie's further axes. */
  readonly at?: readonly number[];
}

/** How a frame is made on the way: `step` pixels each way binned, the mean of the `mean` frames that end at it. */
export interface Making {
  readonly step?: number;
  readonly mean?: number;
  readonly encoding?: Encoding;
}

export interface ClipParams extends Plane {
  readonly from: number;
  readonly to: number;
  readonly fps: number;
  readonly format: ClipFormat;
  /** In `unit`. */
  readonly limits: Pair;
  readonly gamma: number;
  readonly colormap: string;
  readonly unit: string;
  readonly scale: number;
}

export interface TraceParams extends Plane {
  readonly roi: RegionShape | GivenMask;
  readonly quantity: Quantity;
  /** Percentile of the trace that counts as rest. */
  readonly baseline: number | null;
}

/** Parameters and result of each method. */
export interface Methods extends SetupMethods, BrowsingMethods {
  describe: { params: { target?: string }; result: DescribeResult };
  frame: { params: Plane & Making & { readonly index: number }; result: FrameResult };
  door: { params: Record<string, never>; result: DoorResult };
  profile: { params: { target?: string }; result: ProfileResult };
  project: { params: Plane & { readonly kind: Projection }; result: ProjectResult };
  masks: { params: { target?: string }; result: MasksResult };
  trace: { params: TraceParams; result: TraceResult };
  series: { params: Record<string, never>; result: SeriesResult };
  clip: { params: ClipParams; result: ClipResult };
  code: { params: CodeParams; result: CodeResult };
  list: {
    params: { node: string; cursor?: string; limit?: number } & Partial<Arrangement>;
    result: ListResult;
  };
  preview: { params: { node: string }; result: PreviewResult };
  open: { params: { node: string }; result: OpenResult };
}

export type Method = keyof Methods;

export type ToKernel =
  | {
      [M in Method]: { kind: "request"; view: string; id: number; method: M; params: Methods[M]["params"] };
    }[Method]
  | { kind: "cancel"; view: string; id: number }
  | ({ kind: "play"; view: string; id: number } & PlayOptions)
  | { kind: "credit"; view: string; stream: number; n: number; encoding?: Encoding }
  | { kind: "stop"; view: string; stream: number };

export interface PlayOptions extends Plane, Making {
  readonly stream: number;
  readonly from: number;
  /** Frames per second. */
  readonly fps: number;
  readonly loop: boolean;
  readonly credit: number;
  readonly keep: Keep;
}

export type ToBrowser =
  | { kind: "response"; view: string; id: number; ok: true; protocol?: number; result: unknown }
  | { kind: "response"; view: string; id: number; ok: false; protocol?: number; error: Failure }
  | { kind: "progress"; view: string; id: number; done: number; total: number; note: string }
  | ({ kind: "frame"; view: string; stream: number } & FrameResult)
  | { kind: "end"; view: string; stream: number; reason: "end" | "stopped" | "error"; error?: Failure }
  | { kind: "event"; view: string; name: string; data: Record<string, unknown> };

export type StreamFrame = Extract<ToBrowser, { kind: "frame" }>;
export type StreamEnd = Extract<ToBrowser, { kind: "end" }>;
