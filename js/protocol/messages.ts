/**
 * The closed list of messages between a view and the kernel, as types.
 *
 * `tests/fixtures/messages.json` holds one example of each; the Python and the TypeScript tests read it.
 */

export const PROTOCOL = 1;

export type CodeDtype = "|u1" | "<u2" | "<f4";
export type Unit = "counts" | "photons" | "stabilized";
export type Keep = "time" | "frames";

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
  readonly has_times: boolean;
  readonly pixel_size: readonly [number, number] | null;
  readonly photons: Photons | null;
  readonly stabilized: Stabilized | null;
  /** Robust range of the movie, in value units. */
  readonly contrast: readonly [number, number];
  readonly mode: string;
  readonly facts: readonly (readonly [string, string])[];
}

export interface FrameResult {
  readonly index: number;
  readonly dtype: CodeDtype;
  /** Rows, columns. */
  readonly shape: readonly [number, number];
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

export interface ListResult {
  readonly entries: readonly Entry[];
  readonly next: string | null;
  readonly total: number;
}

export interface PreviewFacts {
  readonly name: string;
  readonly size: number | null;
  readonly path: string;
  /** The line of Python that opens it. */
  readonly line: string;
  readonly scrubbable: boolean;
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

/** Parameters and result of each method. */
export interface Methods {
  describe: { params: { target?: string }; result: DescribeResult };
  frame: { params: { target?: string; index: number; channel?: number }; result: FrameResult };
  profile: { params: { target?: string }; result: ProfileResult };
  list: { params: { node: string; cursor?: string; limit?: number }; result: ListResult };
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
  | { kind: "credit"; view: string; stream: number; n: number }
  | { kind: "stop"; view: string; stream: number };

export interface PlayOptions {
  readonly stream: number;
  readonly target?: string;
  /** Left out for the first. */
  readonly channel?: number;
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
  | {
      kind: "frame";
      view: string;
      stream: number;
      index: number;
      dtype: CodeDtype;
      shape: readonly [number, number];
    }
  | { kind: "end"; view: string; stream: number; reason: "end" | "stopped" | "error"; error?: Failure }
  | { kind: "event"; view: string; name: string; data: Record<string, unknown> };

export type StreamFrame = Extract<ToBrowser, { kind: "frame" }>;
export type StreamEnd = Extract<ToBrowser, { kind: "end" }>;
