import { describe, expect, it } from "vitest";
import samples from "../../tests/fixtures/packed.json";
import { deflate, packCodes } from "../testing/pack.ts";
import { randomFrom } from "../testing/random.ts";
import { BYTES, readCodes } from "./buffers.ts";
import type { CodeDtype, FrameResult } from "./messages.ts";
import { canUnpack, unpackFrame } from "./unpack.ts";

const frameOf = (dtype: string, shape: readonly number[]): FrameResult => ({
  index: 0,
  dtype: dtype as CodeDtype,
  shape: shape as unknown as readonly [number, number],
  step: 1,
  encoding: "deflate",
});

const viewOf = (bytes: Uint8Array) =>
  new DataView(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length);

describe("a packed frame", () => {
  it("can be unpacked here", () => {
    expect(canUnpack()).toBe(true);
  });

  it.each(samples.map((sample) => [sample.dtype, sample] as const))(
    "of the kernel's %s codes comes out as it went in",
    async (dtype, { shape, lift, packed }) => {
      const frame = frameOf(dtype, shape);
      const bytes = viewOf(Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0)));
      const count = frame.shape[0] * frame.shape[1];
      const codes = readCodes(await unpackFrame(frame, bytes), frame.dtype, count);
      expect([...codes]).toEqual(Array.from({ length: count }, (_, i) => ((i * 37) % 11) + (i % 3) * lift));
    },
  );

  it.each(Array.from({ length: 30 }, (_, seed) => seed))(
    "of any codes comes out as it went in (%i)",
    async (seed) => {
      const random = randomFrom(seed);
      const [height, width] = [1 + Math.floor(200 * random()), 1 + Math.floor(200 * random())];
      const top = 1 + 65_535 * random() ** 4;
      const [dtype, Kind] = (
        [
          ["|u1", Uint8Array],
          ["<u2", Uint16Array],
          ["<f4", Float32Array],
        ] as const
      )[seed % 3] as readonly [CodeDtype, typeof Uint8Array];
      const codes = Kind.from({ length: height * width }, () => random() * top);
      const packed = await packCodes(codes);
      const whole = new Uint8Array(packed.byteLength + 3);
      whole.set(new Uint8Array(packed.buffer as ArrayBuffer, packed.byteOffset, packed.byteLength), 3);
      const out = await unpackFrame(frameOf(dtype, [height, width]), new DataView(whole.buffer, 3));
      expect(out.byteLength).toBe(height * width * BYTES[dtype]);
      expect(readCodes(out, dtype, height * width)).toEqual(codes);
    },
  );

  it("that holds more than it says is refused", async () => {
    const bomb = await deflate(new Uint8Array(50_000_000));
    await expect(unpackFrame(frameOf("|u1", [200, 300]), bomb)).rejects.toMatchObject({
      name: "ProtocolError",
      message: "a packed frame must have 60000 bytes, got more",
    });
  });

  it("that holds less than it says is refused", async () => {
    const packed = await packCodes(new Uint8Array(5000));
    await expect(unpackFrame(frameOf("|u1", [100, 51]), packed)).rejects.toThrow("5100 bytes, got 5000");
  });

  it("that says it is larger than it can be is refused before memory is spent", async () => {
    const packed = await packCodes(new Uint8Array(5000));
    await expect(unpackFrame(frameOf("<f4", [1e9, 1e9]), packed)).rejects.toMatchObject({
      name: "ProtocolError",
    });
  });

  it.each([
    ["cut short", (bytes: Uint8Array) => bytes.slice(0, bytes.length / 2)],
    ["no deflate", (bytes: Uint8Array) => bytes.map(() => 0xff)],
  ])("that is %s is refused", async (_, spoil) => {
    const packed = await packCodes(Uint8Array.from({ length: 5000 }, (_, i) => (i * i) % 13));
    const bytes = new Uint8Array(packed.buffer as ArrayBuffer, packed.byteOffset, packed.byteLength);
    await expect(unpackFrame(frameOf("|u1", [50, 100]), viewOf(spoil(bytes)))).rejects.toMatchObject({
      name: "ProtocolError",
    });
  });

  it("without bytes is refused", async () => {
    await expect(unpackFrame(frameOf("|u1", [5, 5]), undefined)).rejects.toMatchObject({
      name: "ProtocolError",
    });
  });
});
