import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ToKernel } from "../protocol/messages.ts";
import { buildFakeFolder } from "../testing/fake-folder.ts";
import { FakeKernel } from "../testing/fake-kernel.ts";
import { FakeModel } from "../testing/fake-model.ts";
import { find, findAll, pass } from "../testing/page.ts";
import browser from "./browser.ts";

const ABOUT = { kind: "store", title: "main", columns: [], folder: "/home/me/downloads" };
const share = (section: string, schema_name: string, table: string, size: number) => ({
  section,
  schema_name,
  table,
  objects: 3,
  files: 40,
  size,
});
const SHARES = [
  share("schema", "lab", "<i>Scan</i>", 6_000_000),
  share("foreign", "", "", 3_000_000),
  share("schema", "lab", "Recording", 1_000_000),
];

let model: FakeModel;
let kernel: FakeKernel;
let root: HTMLElement;
let shares: readonly object[];
let end: () => void;

beforeEach(async () => {
  vi.useFakeTimers();
  shares = SHARES;
  model = new FakeModel({ selected: "", expanded: [] });
  kernel = new FakeKernel(model, { root: buildFakeFolder({ many: 3 }), delay: 1 });
  kernel.answers = (method) => {
    if (method === "about") return { result: ABOUT, buffers: [] };
    return method === "usage" ? { result: { shares }, buffers: [] } : undefined;
  };
  const el = document.createElement("div");
  document.body.append(el);
  end = browser.render({ model: model.proxy(), el });
  root = el.querySelector(".djo-browser") as HTMLElement;
  await pass(20);
});

afterEach(() => {
  end();
  kernel.stop();
  document.body.replaceChildren();
  vi.useRealTimers();
});

const asked = () => (model.sent as ToKernel[]).filter((m) => m.kind === "request" && m.method === "usage");

async function count(): Promise<void> {
  find(root, "count-bytes").click();
  await pass(20);
}

describe("a store", () => {
  it("is a tree, and is counted only when asked", () => {
    expect(findAll(root, "row").length).toBeGreaterThan(3);
    expect(asked()).toEqual([]);
  });

  it("shows where its bytes are, in words and as bars", async () => {
    await count();
    const rows = findAll(root, "bar");
    expect(rows.map(({ dataset }) => dataset.name)).toEqual([
      "lab",
      "<i>Scan</i>",
      "Recording",
      "Other files",
    ]);
    expect([...(rows[0]?.querySelectorAll("td") ?? [])].map((cell) => cell.textContent)).toEqual([
      "7 MB",
      "70.0 %",
      "6",
      "80",
    ]);
    expect(root.querySelector<HTMLElement>('[data-name="Recording"] .djo-bar')?.style.width).toMatch(
      /^14\.28/,
    );
    expect(find(root, "total").textContent).toBe("10 MB in 120 files");
    expect(root.querySelector("i")).toBeNull();
  });

  it("says so when it is empty", async () => {
    shares = [];
    await count();
    expect(find(root, "usage").textContent).toContain("Nothing is stored here yet.");
  });

  it("tells how far counting is, and stops", async () => {
    kernel.delay = 10_000;
    await count();
    const { view, id } = asked()[0] as Extract<ToKernel, { kind: "request" }>;
    model.receive({ kind: "progress", view, id, done: 12_000, total: 0, note: "files counted" });
    expect(find(root, "usage").textContent).toContain("12,000 files counted");
    find(root, "stop").click();
    await pass(1);
    expect(find(root, "usage").textContent).toContain("Stopped.");
    expect(find<HTMLButtonElement>(root, "count-bytes").disabled).toBe(false);
  });

  it("tells what the kernel refuses, and can be counted again", async () => {
    kernel.failures.set("usage", {
      code: "store-unavailable",
      message: "the store is out of reach",
      hint: "",
    });
    await count();
    expect(find(root, "error").textContent).toContain("The store is out of reach.");
    kernel.failures.clear();
    await count();
    expect(findAll(root, "bar")).toHaveLength(4);
  });
});
