import { expect, it } from "vitest";
import { Conductor, conductorOf } from "./conductor.ts";

it("the first who claims conducts until it lets go", () => {
  const conductor = new Conductor();
  const [one, two] = [{}, {}];
  expect([conductor.claim(one), conductor.claim(two), conductor.claim(one)]).toEqual([true, false, true]);
  conductor.release(two);
  expect(conductor.claim(two)).toBe(false);
  conductor.release(one);
  expect(conductor.claim(two)).toBe(true);
});

it("views that share a model share a conductor, others do not", () => {
  const [model, other] = [{}, {}];
  expect(conductorOf(model)).toBe(conductorOf(model));
  expect(conductorOf(model)).not.toBe(conductorOf(other));
});
