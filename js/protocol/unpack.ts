/** Unpacks frames that travelled packed, with the browser's own decoder. */

import { BYTES, readBytes } from "./buffers.ts";
import { ProtocolError } from "./check.ts";
import type { FrameResult } from "./messages.ts";

/** Deflate makes bytes at most so many times fewer; whoever claims more is refused before memory is spent. */
const MOST = 1032;

/** Whether this browser can unpack. */
export function canUnpack(): boolean {
  return typeof DecompressionStream === "function";
}

function sizeOf({ dtype, shape }: FrameResult, packed: DataView | undefined): number {
  const bytes = shape[0] * shape[1] * BYTES[dtype];
  const room = MOST * (packed?.byteLength ?? 0);
  if (bytes <= room) return bytes;
  throw new ProtocolError(
    `a packed frame of ${bytes} bytes must come in more than ${packed?.byteLength ?? 0}`,
  );
}

async function inflate(packed: DataView, size: number): Promise<Uint8Array<ArrayBuffer>> {
  const decoder = new DecompressionStream("deflate-raw");
  const writer = decoder.writable.getWriter();
  // what is wrong with the bytes is told where they are read
  for (const written of [writer.write(readBytes(packed)), writer.close()]) written.catch(() => undefined);
  const reader: ReadableStreamDefaultReader<Uint8Array> = decoder.readable.getReader();
  const bytes = new Uint8Array(size);
  let filled = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (filled + part.value.length > size) {
      void reader.cancel();
      throw new ProtocolError(`a packed frame must have ${size} bytes, got more`);
    }
    bytes.set(part.value, filled);
    filled += part.value.length;
  }
  if (filled < size) throw new ProtocolError(`a packed frame must have ${size} bytes, got ${filled}`);
  return bytes;
}

/** Puts the bytes of each code together, which come plane by plane, the lowest byte first. */
function weave(planes: Uint8Array<ArrayBuffer>, width: number): Uint8Array<ArrayBuffer> {
  if (width === 1) return planes;
  const count = planes.length / width;
  const bytes = new Uint8Array(planes.length);
  for (let byte = 0; byte < width; byte++)
    for (let i = 0; i < count; i++) bytes[i * width + byte] = planes[byte * count + i] as number;
  return bytes;
}

/** The codes of a packed frame as they would have come raw; a `ProtocolError` where it holds something else. */
export async function unpackFrame(frame: FrameResult, packed: DataView | undefined): Promise<DataView> {
  const size = sizeOf(frame, packed);
  let planes: Uint8Array<ArrayBuffer>;
  try {
    planes = await inflate(packed as DataView, size);
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    throw new ProtocolError(`a packed frame could not be unpacked: ${(error as Error).message}`);
  }
  return new DataView(weave(planes, BYTES[frame.dtype]).buffer);
}
