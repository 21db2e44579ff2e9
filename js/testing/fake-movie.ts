/** A movie of photons: blinking cells on a dim ground, as quantised codes with a value table. */

import type { DescribeResult, Pair } from "../protocol/messages.ts";
import { randomFrom } from "./random.ts";

export interface FakeMovie {
  readonly facts: DescribeResult;
  readonly buffers: readonly DataView[];
  readonly table: Float32Array;
  readonly gain: number;
  /** Frames after which the scene begins anew. */
  readonly repeat: number;
  /** One ring of (y, x) for each given mask. */
  readonly masks: readonly (readonly Pair[])[];
  frame(index: number, channel: number, at?: readonly number[]): DataView;
}

const GAIN = 85;
const OFFSET = 10;
const LEVELS = 160;
const REPEAT = 60;
/** Half a standard deviation of noise. */
const STEP = 0.5;

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

interface Cell {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly phase: number;
  readonly rate: number;
}

function buildCells(count: number, width: number, height: number): Cell[] {
  const random = randomFrom(7);
  return Array.from({ length: count }, () => ({
    x: random() * width,
    y: random() * height,
    radius: (0.02 + 0.02 * random()) * width,
    phase: random() * 6.28,
    rate: 0.02 + 0.08 * random(),
  }));
}

/** Photons expected at each pixel of a frame. */
function buildScene(cells: readonly Cell[], width: number, height: number, index: number): Float32Array {
  const scene = new Float32Array(width * height).fill(1.2);
  for (const { x, y, radius, phase, rate } of cells) {
    const glow = 3 + 14 * Math.max(0, Math.sin(phase + rate * index)) ** 6;
    const reach = Math.ceil(2 * radius);
    for (let row = Math.max(0, Math.floor(y - reach)); row < Math.min(height, y + reach); row++)
      for (let column = Math.max(0, Math.floor(x - reach)); column < Math.min(width, x + reach); column++) {
        const far = Math.hypot(column - x, row - y) / radius;
        const at = row * width + column;
        scene[at] = (scene[at] ?? 0) + glow * Math.exp(-((far - 0.6) ** 2) * 4);
      }
  }
  return scene;
}

function outline({ x, y, radius }: Cell): Pair[] {
  return Array.from({ length: 24 }, (_, i) => {
    const angle = (2 * Math.PI * i) / 24;
    return [y + 1.2 * radius * Math.sin(angle), x + 1.2 * radius * Math.cos(angle)] as const;
  });
}

function buildTable(): Float32Array {
  return Float32Array.from(
    { length: LEVELS },
    (_, code) => ((code * STEP * 0.5) ** 2 - 0.375) * GAIN + OFFSET,
  );
}

export function buildFakeMovie({
  frames = 300,
  height = 200,
  width = 200,
  channels = 1,
  noise = true,
  masks = 0,
  more = {},
}: {
  frames?: number;
  height?: number;
  width?: number;
  channels?: number;
  noise?: boolean;
  /** How many of its cells are given as masks. */
  masks?: number;
  /** Facts that differ. */
  more?: Partial<DescribeResult>;
} = {}): FakeMovie {
  const cells = buildCells(40, width, height);
  const table = buildTable();
  const facts: DescribeResult = {
    title: "movie",
    frames,
    height,
    width,
    channels,
    code: { dtype: "|u1", kind: "lookup", levels: LEVELS, scale: 1, offset: 0 },
    dtype: "int16",
    unit: "counts",
    frame_rate: 30,
    fps: 30,
    has_times: false,
    pixel_size: null,
    photons: { gain: GAIN, offset: OFFSET },
    stabilized: { gain: GAIN, offset: OFFSET, variance: 0 },
    contrast: [20, 1100],
    mode: "compact",
    facts: [
      ["Shape", `${frames} × ${height} × ${width}`],
      ["Type", "int16"],
      ["Stored", "4.6 MB of 24 MB"],
      ["Mode", "compact"],
      ["Gain", "85 counts per photon"],
    ],
    axes: [],
    channel_names: [],
    steps: [],
    projections: false,
    masks,
    series: false,
    views: [],
    hints: [],
    ...more,
  };
  // scenes repeat, so that a page that plays is not busy making them
  const made = new Map<string, DataView>();
  return {
    facts,
    buffers: [new DataView(table.buffer)],
    table,
    gain: GAIN,
    repeat: REPEAT,
    masks: cells.slice(0, masks).map(outline),
    frame(index, channel, at = []) {
      const key = `${channel}/${at.join()}/${index % REPEAT}`;
      const known = made.get(key);
      if (known) return known;
      const other = channel + 3 * at.reduce((sum, one) => sum + one, 0);
      const random = randomFrom(index * 31 + other);
      const scene = buildScene(cells, width, height, (index % REPEAT) + 40 * other);
      const codes = Uint8Array.from(scene, (photons) => {
        const drawn = noise ? Math.max(0, photons + Math.sqrt(photons) * normal(random)) : photons;
        return Math.min(LEVELS - 1, Math.round((2 * Math.sqrt(drawn + 0.375)) / STEP));
      });
      const view = new DataView(codes.buffer);
      made.set(key, view);
      return view;
    },
  };
}
