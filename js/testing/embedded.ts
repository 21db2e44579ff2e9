/** A movie as the bytes that a saved page holds. */

import type { FakeMovie } from "./fake-movie.ts";

export function buildEmbedded(movie: FakeMovie, indices: readonly number[]): DataView {
  const { height, width } = movie.facts;
  const frames = indices.map((index) => ({ index, dtype: "|u1", shape: [height, width] }));
  const buffers = movie.buffers.map((buffer) => buffer.byteLength);
  const header = new TextEncoder().encode(JSON.stringify({ describe: movie.facts, buffers, frames }));
  const parts = [...movie.buffers, ...indices.map((index) => movie.frame(index, 0))];
  const total = parts.reduce((sum, part) => sum + part.byteLength, 4 + header.length);
  const bytes = new Uint8Array(total);
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, 4);
  let offset = 4 + header.length;
  for (const part of parts) {
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), offset);
    offset += part.byteLength;
  }
  return new DataView(bytes.buffer);
}
