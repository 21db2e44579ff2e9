import { describe, expect, test } from "vitest";
import { FakeLab } from "../testing/fake-lab.ts";
import { Container } from "./container.ts";
import type { Plugin } from "./host.ts";
import { MissingModule, SharedModules, type ShareScope } from "./shared.ts";

function entry(name: string, loaded?: unknown) {
  return { get: async () => () => ({ name }), loaded };
}

const LUMINO = "@lumino/widgets";

async function chosen(versions: Record<string, ReturnType<typeof entry>>): Promise<unknown> {
  const scope: ShareScope = { [LUMINO]: versions };
  return ((await new SharedModules(scope).load(LUMINO)) as unknown as { name: string }).name;
}

describe("a shared module", () => {
  test("is the newest one, by number", async () => {
    expect(await chosen({ "2.9.1": entry("old"), "2.10.0": entry("new"), "2.10.0-rc.1": entry("rc") })).toBe(
      "new",
    );
  });

  test("is the one in use where there is one", async () => {
    expect(await chosen({ "2.3.0": entry("in use", 1), "2.4.0": entry("new") })).toBe("in use");
  });

  test("is in use from then on", async () => {
    const used = entry("one");
    await chosen({ "1.0.0": used });
    expect(used.loaded).toBeTruthy();
  });

  test.each([{}, { [LUMINO]: {} }])("that is not there is missed by name: %j", async (scope) => {
    await expect(new SharedModules(scope).load(LUMINO)).rejects.toThrow(MissingModule);
  });
});

describe("the container", () => {
  test("gives the plugin as JupyterLab takes it", async () => {
    const container = new Container();
    container.init(new FakeLab().scope);
    const exports = (await container.get("./extension"))() as { __esModule: true; default: Plugin };
    expect(Object.hasOwn(exports, "__esModule")).toBe(true);
    expect(exports.default.id).toBe("dj-objectstore:plugin");
    expect(exports.default.requires).toEqual(["rendermime"]);
    Object.assign(exports, { __scope__: "dj-objectstore" }); // JupyterLab notes where it came from
  });

  test("has no other module", async () => {
    const container = new Container();
    container.init(new FakeLab().scope);
    await expect(container.get("./style")).rejects.toThrow("no module ./style");
  });

  test("wants the shared modules first, and those of one page", async () => {
    const container = new Container();
    await expect(container.get("./extension")).rejects.toThrow("was not given");
    const { scope } = new FakeLab();
    container.init(scope);
    container.init(scope);
    expect(() => container.init({})).toThrow("another page");
  });
});
