import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Method, ToKernel } from "../protocol/messages.ts";
import { buildFakeFolder } from "../testing/fake-folder.ts";
import { FakeKernel } from "../testing/fake-kernel.ts";
import { FakeModel } from "../testing/fake-model.ts";
import { enter, find, pass, press } from "../testing/page.ts";
import browser from "./browser.ts";

const ABOUT = {
  kind: "rows",
  title: "demo.recording",
  columns: [
    { name: "recording_id", kind: "key", codec: "" },
    { name: "files", kind: "object", codec: "object" },
    { name: "rate", kind: "value", codec: "" },
  ],
  folder: "/home/me/downloads",
};
const ROWS = Array.from({ length: 150 }, (_, i) => ({
  cells: [`<b>${i}</b>`, `${i / 2}`],
  objects: [
    i === 1
      ? { node: "", kind: "file", size: null, problem: "store 'gone' is not configured" }
      : { node: "", kind: "folder", size: 3_000_000, problem: "" },
  ],
}));

let model: FakeModel;
let kernel: FakeKernel;
let root: HTMLElement;
let end: () => void;

function rowsOf(params: unknown): object {
  const { cursor = "0", condition = "" } = params as { cursor?: string; condition?: string };
  const found = condition ? ROWS.slice(5, 6) : ROWS;
  const [from, to] = [Number(cursor), Number(cursor) + 100];
  return { rows: found.slice(from, to), next: to < found.length ? String(to) : null };
}

beforeEach(async () => {
  vi.useFakeTimers();
  model = new FakeModel({ selected: "", expanded: [] });
  kernel = new FakeKernel(model, { root: buildFakeFolder({ many: 3 }), delay: 1 });
  const results: Partial<Record<Method, (params: unknown) => object>> = {
    about: () => ABOUT,
    rows: rowsOf,
  };
  kernel.answers = (method, params) => {
    const result = results[method]?.(params);
    return result ? { result, buffers: [] } : undefined;
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

const cells = () => [...root.querySelectorAll("tbody tr")].map((row) => row.firstElementChild?.textContent);
const asked = (method: Method) =>
  (model.sent as ToKernel[]).flatMap((message) =>
    message.kind === "request" && message.method === method ? [message.params] : [],
  );

describe("rows of a query", () => {
  it("show texts as text, objects after them, and what is wrong with one", () => {
    expect(root.querySelectorAll("th")[2]?.textContent).toBe("files <object>");
    expect(cells()[0]).toBe("<b>0</b>");
    expect(root.querySelector("b")).toBeNull();
    expect(root.querySelector(".djo-cell-problem")?.textContent).toContain("not configured");
  });

  it("end numbers at the right, with the heads of their columns", () => {
    const classes = (cells: string) =>
      [...root.querySelectorAll(cells)].map((cell) => cell.className.split(" ").at(-1));
    expect(classes("th")).toEqual(["djo-column-key", "djo-numeric", "djo-column-object"]);
    expect(classes("tbody tr:first-child td")).toEqual(["", "djo-numeric", ""]);
  });

  it("come page by page, and those that are there stay", async () => {
    const first = root.querySelector("tbody tr");
    expect(find(root, "count").textContent).toBe("100+ rows");
    find(root, "more-rows").click();
    await pass(20);
    expect(cells()).toHaveLength(150);
    expect(root.querySelector("tbody tr")).toBe(first);
    expect(find(root, "more-rows").hidden).toBe(true);
  });

  it("are restricted as typed, after a rest or with Enter", async () => {
    enter(find(root, "condition"), "rate > 2", "input");
    press(find(root, "condition"), "Enter");
    await pass(20);
    expect(cells()).toEqual(["<b>5</b>"]);
    await pass(500);
    expect(asked("rows")).toEqual([{ limit: 100 }, { limit: 100, condition: "rate > 2" }]);
  });

  it("keep what they show when a condition makes no sense", async () => {
    kernel.failures.set("rows", { code: "x", message: "there is no column 'speed'", hint: "" });
    enter(find(root, "condition"), "speed > 2", "input");
    await pass(500);
    expect(find(root, "error").textContent).toContain("There is no column 'speed'.");
    expect(cells()).toHaveLength(100);
  });
});
