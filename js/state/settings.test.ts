import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeModel } from "../testing/fake-model.ts";
import { bindSettings, freeSettings, SCRUBBER_DEFAULTS } from "./settings.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("settings bound to a model", () => {
  it("begin as the traits are, and as the defaults where there is none", () => {
    const { values } = bindSettings(new FakeModel({ position: 17 }).proxy(), SCRUBBER_DEFAULTS);
    expect(values.position.value).toBe(17);
    expect(values.colormap.value).toBe("gray");
  });

  it("hear of changes from Python and send none back", () => {
    const model = new FakeModel({ position: 0, contrast: null });
    const { values } = bindSettings(model.proxy(), SCRUBBER_DEFAULTS);
    model.set("position", 5);
    model.set("contrast", [1, 2]);
    expect(values.position.value).toBe(5);
    expect(values.contrast.value).toEqual([1, 2]);
    expect(model.saved).toEqual([]);
  });

  it("reach the model at once and are saved now and then, the last value always", () => {
    const model = new FakeModel({ position: 0 });
    const { values } = bindSettings(model.proxy(), SCRUBBER_DEFAULTS);
    for (let position = 1; position <= 20; position++) values.position.value = position;
    expect(model.get("position")).toBe(20);
    vi.runAllTimers();
    expect(model.saved.length).toBeLessThan(5);
    expect(model.saved.at(-1)).toMatchObject({ position: 20 });
  });

  it("are shared by two views of a model", () => {
    const model = new FakeModel({ position: 0 });
    const [one, two] = [1, 2].map(() => bindSettings(model.proxy(), SCRUBBER_DEFAULTS));
    if (one) one.values.position.value = 9;
    expect(two?.values.position.value).toBe(9);
  });

  it("are saved when the view goes, and then left alone", () => {
    const model = new FakeModel({ position: 0 });
    const settings = bindSettings(model.proxy(), SCRUBBER_DEFAULTS);
    settings.values.position.value = 1;
    settings.values.position.value = 2;
    settings.dispose();
    expect(model.saved.at(-1)).toMatchObject({ position: 2 });
    expect(model.listeners).toBe(0);
  });
});

it("free settings keep what they are given", () => {
  const { values } = freeSettings(SCRUBBER_DEFAULTS);
  values.unit.value = "photons";
  expect(values.unit.value).toBe("photons");
});
