/** Packs frames as the kernel does. */

import type { Codes } from "../protocol/buffers.ts";

function viewOf(bytes: Uint8Array<ArrayBuffer>): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Bytes as a raw deflate stream. */
export async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<DataView> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return viewOf(new Uint8Array(await new Response(packed).arrayBuffer()));
}

/** Codes as a packed frame: their bytes plane by plane, the lowest first. */
export async function packCodes(codes: Codes): Promise<DataView> {
  const width = codes.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(codes.buffer as ArrayBuffer, codes.byteOffset, codes.byteLength);
  const planes = bytes.map(
    (_, i) => bytes[(i % codes.length) * width + Math.floor(i / codes.length)] as number,
  );
  return deflate(planes);
}
