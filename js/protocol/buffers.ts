/**
 * Reads binary parts of messages: little-endian, C order.
 *
 * A buffer may be a window into a larger one, at any offset; it is copied only when its offset does not
 * suit the element size.
 */

import { ProtocolError } from "./check.ts";
import type { CodeDtype } from "./messages.ts";

export type Codes = Uint8Array | Uint16Array | Float32Array;

export const BYTES: Record<CodeDtype, number> = { "|u1": 1, "<u2": 2, "<f4": 4 };

function takeBytes(
  buffer: DataView | undefined,
  bytes: number,
  align: number,
  what: string,
): { buffer: ArrayBuffer; byteOffset: number } {
  if (buffer === undefined || buffer.byteLength !== bytes)
    throw new ProtocolError(`${what} must have ${bytes} bytes, got ${buffer?.byteLength ?? "none"}`);
  const { byteOffset } = buffer;
  const whole = buffer.buffer as ArrayBuffer;
  if (byteOffset % align === 0) return { buffer: whole, byteOffset };
  return { buffer: whole.slice(byteOffset, byteOffset + bytes), byteOffset: 0 };
}

/** The codes of one frame, `count` pixels. */
export function readCodes(buffer: DataView | undefined, dtype: CodeDtype, count: number): Codes {
  const size = BYTES[dtype];
  const from = takeBytes(buffer, count * size, size, "frame");
  if (dtype === "|u1") return new Uint8Array(from.buffer, from.byteOffset, count);
  if (dtype === "<u2") return new Uint16Array(from.buffer, from.byteOffset, count);
  return new Float32Array(from.buffer, from.byteOffset, count);
}

export function readFloat32(buffer: DataView | undefined, count: number, what: string): Float32Array {
  const from = takeBytes(buffer, count * 4, 4, what);
  return new Float32Array(from.buffer, from.byteOffset, count);
}

export function readFloat64(buffer: DataView | undefined, count: number, what: string): Float64Array {
  const from = takeBytes(buffer, count * 8, 8, what);
  return new Float64Array(from.buffer, from.byteOffset, count);
}

export function readBytes(buffer: DataView): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.byteLength);
}
