import { describe, expect, it } from "vitest";
import { randomFrom } from "../testing/random.ts";
import { Link } from "./link.ts";

const FRAME = 262_144;
const MB = 1e6;

interface Line {
  /** Bytes a second. */
  rate: number;
  /** Milliseconds of the empty line. */
  way: number;
  /** Most milliseconds that the page is busy when a message comes. */
  busy?: number;
  /** What the kernel's clock says when the page's says 0. */
  epoch?: number;
}

/** A line that passes one message after the other, and the page's opinion of it. */
function open({ rate, way, busy = 0, epoch = -123_456 }: Line) {
  const link = new Link();
  const random = randomFrom(7);
  const line = { rate, free: 0, heard: 0 };
  const send = (at: number, bytes: number) => {
    line.free = Math.max(line.free, at + way) + (1000 * bytes) / line.rate;
    line.heard = Math.max(line.heard, line.free + busy * random());
    link.note({ sent: at + epoch, bytes }, line.heard);
    return line.heard;
  };
  send(0, 800); // a movie is described before its frames come
  return { link, line, send };
}

/** Frames one after the other, each asked for when the last has come. */
function ask({ line, send }: ReturnType<typeof open>, frames: number, bytes = FRAME): void {
  for (let i = 0; i < frames; i++) send(line.heard + 40, bytes);
}

/** Frames at a rate, with no more than eight on their way. */
function play({ line, send }: ReturnType<typeof open>, fps: number, frames: number, bytes = FRAME): void {
  const heard = Array.from({ length: 8 }, () => line.heard);
  let at = line.heard;
  for (let i = 0; i < frames; i++) {
    at = Math.max(at + 1000 / fps, heard[i] as number);
    heard.push(send(at, bytes));
  }
}

describe("a line", () => {
  it("is fast until something else is known", () => {
    expect(new Link().isSlow).toBe(false);
  });

  it.each([
    ["narrow and far", { rate: 5 * MB, way: 20 }, FRAME],
    ["narrow and near", { rate: 5 * MB, way: 0.2 }, FRAME],
    ["very narrow", { rate: 0.3 * MB, way: 50 }, FRAME],
    ["very narrow, with small frames", { rate: 0.3 * MB, way: 50 }, 16_384],
    ["narrow, with a busy page", { rate: 5 * MB, way: 20, busy: 15 }, FRAME],
  ])("that is %s is found slow by single frames and by playing", (_, line, bytes) => {
    for (const use of [ask, (one: ReturnType<typeof open>) => play(one, 60, 20, bytes)]) {
      const one = open(line);
      use(one, 20, bytes);
      expect(one.link.isSlow).toBe(true);
    }
  });

  it.each([
    ["near", { rate: 300 * MB, way: 1 }, FRAME],
    ["far and wide", { rate: 100 * MB, way: 80 }, FRAME],
    ["near, with a busy page", { rate: 300 * MB, way: 1, busy: 30 }, FRAME],
    ["near, with small frames and a busy page", { rate: 300 * MB, way: 1, busy: 5 }, 16_384],
    ["near, with a page that is very busy", { rate: 300 * MB, way: 1, busy: 60 }, FRAME],
    ["near, with large frames and a busy page", { rate: 300 * MB, way: 1, busy: 200 }, 4_194_304],
  ])("that is %s is never found slow", (_, line, bytes) => {
    const one = open(line);
    for (let round = 0; round < 200; round++) {
      ask(one, 5, bytes);
      expect(one.link.isSlow).toBe(false);
      play(one, 60, 5, bytes);
      expect(one.link.isSlow).toBe(false);
    }
  });

  it("that gets wider counts as fast again, and one that gets narrow as slow", () => {
    const one = open({ rate: 300 * MB, way: 5 });
    ask(one, 20);
    one.line.rate = 3 * MB;
    ask(one, 20);
    expect(one.link.isSlow).toBe(true);
    one.line.rate = 300 * MB;
    ask(one, 20);
    expect(one.link.isSlow).toBe(false);
  });

  it("stays slow while what comes is packed", () => {
    const one = open({ rate: 5 * MB, way: 20 });
    play(one, 60, 20);
    play(one, 60, 300, FRAME * 0.42);
    expect(one.link.isSlow).toBe(true);
  });

  it("that is slow counts as fast while unpacking takes longer than the line, and slow again after that", () => {
    const one = open({ rate: 5 * MB, way: 20 });
    ask(one, 20);
    for (let i = 0; i < 20; i++) {
      one.link.noteUnpacked(FRAME, 3);
      ask(one, 1, FRAME / 2);
    }
    expect(one.link.isSlow).toBe(true);
    for (let i = 0; i < 20; i++) {
      one.link.noteUnpacked(FRAME, 60);
      ask(one, 1, FRAME / 2);
    }
    expect(one.link.isSlow).toBe(false);
    ask(one, 100);
    expect(one.link.isSlow).toBe(true);
  });

  it("is judged anew when the kernel's clock has jumped", () => {
    const one = open({ rate: 300 * MB, way: 1 });
    ask(one, 20);
    let at = one.line.heard;
    for (let i = 0; i < 2000; i++) {
      at += 50;
      one.link.note({ sent: at - 3_600_000, bytes: i % 2 ? FRAME : 500 }, at + 1);
    }
    expect(one.link.isSlow).toBe(false);
  });

  it("is not judged by messages without frames", () => {
    const one = open({ rate: 0.01 * MB, way: 500 });
    for (let i = 0; i < 50; i++) one.send(one.line.heard + 10, 2000);
    expect(one.link.isSlow).toBe(false);
  });
});
