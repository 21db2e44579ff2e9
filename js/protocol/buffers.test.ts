import { describe, expect, it } from "vitest";
import { readCodes, readFloat32, readFloat64 } from "./buffers.ts";

/** `bytes` placed `offset` bytes into a larger buffer. */
function windowOf(bytes: ArrayBuffer, offset: number): DataView {
  const whole = new Uint8Array(bytes.byteLength + offset + 5).fill(0xee);
  whole.set(new Uint8Array(bytes), offset);
  return new DataView(whole.buffer, offset, bytes.byteLength);
}

describe.each([0, 1, 2, 4, 7])("a buffer that begins at byte %i", (offset) => {
  it("gives back bytes", () => {
    const codes = Uint8Array.of(0, 1, 254, 255);
    expect(readCodes(windowOf(codes.buffer, offset), "|u1", 4)).toEqual(codes);
  });

  it("gives back 16-bit codes", () => {
    const codes = Uint16Array.of(0, 1, 65534, 65535);
    expect(readCodes(windowOf(codes.buffer, offset), "<u2", 4)).toEqual(codes);
  });

  it("gives back floats of both widths", () => {
    const single = Float32Array.of(-1.5, 0, Number.POSITIVE_INFINITY);
    const double = Float64Array.of(-1.1, 0, 1e300);
    expect(readCodes(windowOf(single.buffer, offset), "<f4", 3)).toEqual(single);
    expect(readFloat32(windowOf(single.buffer, offset), 3, "table")).toEqual(single);
    expect(readFloat64(windowOf(double.buffer, offset), 3, "times")).toEqual(double);
  });
});

describe("a buffer of the wrong length", () => {
  it("is refused, with both lengths", () => {
    const view = new DataView(new ArrayBuffer(7));
    expect(() => readCodes(view, "|u1", 8)).toThrow("frame must have 8 bytes, got 7");
  });

  it("is refused when it is absent", () => {
    expect(() => readFloat32(undefined, 2, "value table")).toThrow("value table must have 8 bytes, got none");
  });
});
