/** A folder with one of everything that can be previewed. */

import type { Entry, EntryKind, PreviewBody, PreviewResult } from "../protocol/messages.ts";
import type { FakeNode } from "./fake-kernel.ts";

const TEXT = `# Recording 12

Mouse 7, left V1, 30 Hz.
Laser 920 nm, 28 mW under the objective. <b>Not bold</b> <script>no()</script>
`;

const JSON_TEXT = JSON.stringify({
  subject: "mouse 7",
  rate: 30.02,
  planes: [0, 40, 80],
  laser: { wavelength_nm: 920, power_mw: 28 },
  awake: true,
  notes: null,
});

interface NodeOptions {
  readonly size?: number | null;
  readonly scrubbable?: boolean;
  readonly children?: readonly FakeNode[];
  readonly buffer?: DataView;
}

let nodes = 0;

export function buildNode(
  name: string,
  kind: EntryKind,
  body: PreviewBody,
  { size = null, scrubbable = false, children, buffer }: NodeOptions = {},
): FakeNode {
  const items = children ? children.length : null;
  const entry: Entry = { id: `n${++nodes}`, name, kind, size, modified: "2026-03-02 14:07", items };
  const path = `demo/Recording/recording_id=12/${name}`;
  const preview: PreviewResult = {
    name,
    size,
    path,
    url: `file:///store/${path}`,
    line: `ref.open("${name}")`,
    scrubbable,
    whole: false,
    ...body,
  };
  return { entry, preview, ...(children ? { children } : {}), ...(buffer ? { buffer } : {}) };
}

function table(): PreviewBody {
  const rows = Array.from({ length: 60 }, (_, i) => [
    String(i),
    (i / 30).toFixed(3),
    ["left", "right"][i % 2] ?? "",
    String(i * 17),
  ]);
  return { type: "table", columns: ["trial", "onset_s", "side", "licks"], rows, truncated: true };
}

function arrayBody(shape: readonly number[], stored: number | null): PreviewBody {
  return {
    type: "array",
    shape,
    dtype: "uint8",
    chunks: shape.map((n, i) => (i === 0 ? Math.min(n, 10) : n)),
    codecs: "zstd(level=1)",
    stored,
    raw: shape.reduce((a, b) => a * b, 2),
    attrs_text: JSON.stringify({ frame_rate: 30, _ARRAY_DIMENSIONS: ["time", "y", "x"] }),
    thumbnail: null,
  };
}

/** A tree of some depth, with `many` entries in one folder. */
export function buildFakeFolder({ many = 3000 }: { many?: number } = {}): FakeNode {
  const hex = "00000000  93 4e 55 4d 50 59 01 00  76 00 7b 27 64 65 73 63  |.NUMPY..v.{'desc|";
  const none: PreviewBody = { type: "none", message: "A folder. Choose something in it." };
  const trials = Array.from({ length: many }, (_, i) =>
    buildNode(
      `trial_${String(i).padStart(5, "0")}.bin`,
      "file",
      { type: "hex", text: hex, truncated: true },
      { size: 4096 + i },
    ),
  );
  const group = buildNode(
    "analysis.zarr",
    "group",
    { type: "json", text: '{"pipeline": "v3"}', truncated: false },
    {
      children: [
        buildNode("dff", "array", arrayBody([240, 1800], 812_441), { size: 812_441 }),
        buildNode("mean_image", "array", arrayBody([200, 200], 61_200), { size: 61_200, scrubbable: true }),
      ],
    },
  );
  return buildNode("files_k3Jd82Ls", "folder", none, {
    children: [
      group,
      buildNode("trials", "folder", none, { children: trials }),
      buildNode("empty", "folder", none, { children: [] }),
      buildNode("events.csv", "file", table(), { size: 12_840 }),
      buildNode("metadata.json", "file", { type: "json", text: JSON_TEXT, truncated: false }, { size: 171 }),
      buildNode("movie.zarr", "movie", arrayBody([300, 200, 200], 4_600_000), {
        size: 4_600_000,
        scrubbable: true,
      }),
      buildNode(
        "notes.md",
        "file",
        { type: "text", text: TEXT, truncated: false, language: "markdown" },
        { size: 96 },
      ),
      buildNode("raw.bin", "file", { type: "hex", text: hex, truncated: true }, { size: 9_200_000_000 }),
    ],
  });
}
