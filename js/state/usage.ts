/** The bytes of a store, summed by schema and table: what the picture of them is drawn from. */

import type { Section, Share } from "../protocol/owning.ts";

/** One bar: a schema, a section that has none, or a table below its schema. */
export interface Bar {
  readonly name: string;
  readonly size: number;
  readonly objects: number;
  readonly files: number;
  /** 1 for what lies in the bar above. */
  readonly depth: 0 | 1;
}

const SECTIONS: Record<Section, string> = {
  schema: "Objects of tables",
  hash: "Blobs and attachments",
  filepath: "Files by path",
  reserved: "Kept by this package",
  foreign: "Other files",
};

function sum(name: string, shares: readonly Share[], depth: 0 | 1): Bar {
  const add = (of: (share: Share) => number) => shares.reduce((total, share) => total + of(share), 0);
  return {
    name,
    size: add(({ size }) => size),
    objects: add(({ objects }) => objects),
    files: add(({ files }) => files),
    depth,
  };
}

const largestFirst = (a: Bar, b: Bar) => b.size - a.size || b.files - a.files;

/** The bars from the top down, the largest first, tables below their schema. */
export function groupShares(shares: readonly Share[]): readonly Bar[] {
  const groups = new Map<string, Share[]>();
  for (const share of shares) {
    const name = share.schema_name || SECTIONS[share.section];
    groups.set(name, [...(groups.get(name) ?? []), share]);
  }
  const tops = [...groups].map(([name, inside]) => ({ top: sum(name, inside, 0), inside }));
  tops.sort((a, b) => largestFirst(a.top, b.top));
  return tops.flatMap(({ top, inside }) => {
    const hasTables = inside.some(({ schema_name: schema }) => schema !== "");
    const tables = inside.map((share) => sum(share.table || SECTIONS[share.section], [share], 1));
    return hasTables ? [top, ...tables.sort(largestFirst)] : [top];
  });
}
