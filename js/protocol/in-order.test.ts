import { describe, expect, it } from "vitest";
import { InOrder } from "./in-order.ts";

function promised<T>() {
  let settle: (value: T) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((resolve, reject) => {
    [settle, fail] = [resolve, reject];
  });
  return { promise, settle, fail };
}

const rest = () => new Promise((resolve) => setTimeout(resolve));

describe("a queue in order", () => {
  it("hands on at once what waits for nothing", () => {
    const seen: number[] = [];
    new InOrder().add(1, (value) => seen.push(value));
    expect(seen).toEqual([1]);
  });

  it("keeps the order when the first is ready last, and is at once again after that", async () => {
    const queue = new InOrder();
    const seen: number[] = [];
    const [first, second] = [promised<number>(), promised<number>()];
    queue.add(first.promise, (value) => seen.push(value));
    queue.add(second.promise, (value) => seen.push(value));
    queue.add(3, (value) => seen.push(value));
    second.settle(2);
    await rest();
    expect(seen).toEqual([]);
    first.settle(1);
    await rest();
    expect(seen).toEqual([1, 2, 3]);
    queue.add(4, (value) => seen.push(value));
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it("tells of one that fails in its turn, and goes on", async () => {
    const queue = new InOrder();
    const seen: unknown[] = [];
    const [first, second] = [promised<number>(), promised<number>()];
    queue.add(first.promise, (value) => seen.push(value));
    queue.add(
      second.promise,
      (value) => seen.push(value),
      (error) => seen.push((error as Error).message),
    );
    queue.add(3, (value) => seen.push(value));
    second.fail(new Error("broken"));
    await rest();
    expect(seen).toEqual([]);
    first.settle(1);
    await rest();
    expect(seen).toEqual([1, "broken", 3]);
  });
});
