import { beforeEach, describe, expect, it } from "vitest";
import { answerWith, useBrowserPage } from "../testing/browser-page.ts";
import { find, findAll, pass } from "../testing/page.ts";

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

const page = useBrowserPage();
let root: HTMLElement;
let shares: readonly object[];

beforeEach(async () => {
  shares = SHARES;
  root = await page.open({ about: () => ABOUT, usage: () => ({ shares }) });
});

async function count(): Promise<void> {
  find(root, "count-bytes").click();
  await pass(20);
}

describe("a store", () => {
  it("is a tree, and is counted only when asked", () => {
    expect(findAll(root, "row").length).toBeGreaterThan(3);
    expect(page.requests("usage")).toEqual([]);
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

  it("tells how far counting is, and what was counted when it is stopped", async () => {
    let isEnough = false;
    page.kernel.answers = answerWith({
      usage: () => ({ shares, whole: !isEnough }),
      enough: () => {
        isEnough = true;
        return { ended: true };
      },
    });
    page.kernel.delay = 1000;
    await count();
    const [{ view, id } = { view: "", id: 0 }] = page.requests("usage");
    page.model.receive({ kind: "progress", view, id, done: 12_000, total: 0, note: "files counted" });
    expect(find(root, "usage").textContent).toContain("12,000 files counted");
    page.kernel.delay = 1;
    find(root, "stop").click();
    await pass(2000);
    expect(page.asked("enough")).toEqual([{ of: "usage" }]);
    expect(find(root, "partial").textContent).toContain("what was counted so far");
    expect(findAll(root, "bar")).toHaveLength(4);
    expect(find<HTMLButtonElement>(root, "count-bytes").disabled).toBe(false);
  });

  it("gives a count up when it is stopped twice", async () => {
    page.kernel.silent = true;
    await count();
    find(root, "stop").click();
    find(root, "stop").click();
    await pass(1);
    expect(find(root, "usage").textContent).toContain("Stopped.");
  });

  it("tells what the kernel refuses, and can be counted again", async () => {
    page.kernel.failures.set("usage", {
      code: "store-unavailable",
      message: "the store is out of reach",
      hint: "",
    });
    await count();
    expect(find(root, "error").textContent).toContain("The store is out of reach.");
    page.kernel.failures.clear();
    await count();
    expect(findAll(root, "bar")).toHaveLength(4);
  });
});
