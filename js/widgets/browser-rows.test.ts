import { beforeEach, describe, expect, it } from "vitest";
import { useBrowserPage } from "../testing/browser-page.ts";
import { enter, find, findAll, pass, press } from "../testing/page.ts";

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
const rowOf = (i: number) => ({
  id: `r${i}`,
  cells: [`<b>${i}</b>`, `${i / 2}`],
  objects: [
    i === 1
      ? { node: "", kind: "file", size: null, problem: "store 'gone' is not configured" }
      : { node: i === 0 ? "" : `r${i}f0`, kind: "folder", size: 3_000_000, problem: "" },
  ],
});

const page = useBrowserPage();
let root: HTMLElement;
let length: number;

function rows({ cursor = "0", condition = "" }: { cursor?: string; condition?: string }): object {
  const first = condition ? 5 : Number(cursor);
  const end = condition ? 6 : Math.min(length, first + 100);
  const found = Array.from({ length: Math.max(0, end - first) }, (_, i) => rowOf(first + i));
  return { rows: found, next: !condition && end < length ? String(end) : null };
}

const SAVED = { path: "/home/me/downloads/demo.recording", objects: 2, skipped: 1, size: 6_000_000 };
let findings: readonly { file: string; message: string }[];

beforeEach(async () => {
  length = 150;
  findings = [];
  root = await page.open({ about: () => ABOUT, rows, save_rows: () => ({ ...SAVED, findings }) });
});

const rowNodes = () => findAll(root, "grid-row");
const cells = () => rowNodes().map((row) => row.firstElementChild?.textContent);
const row = (index: number) => root.querySelector(`[data-index="${index}"]`) as HTMLElement;
const selected = () =>
  rowNodes().flatMap((node) =>
    node.getAttribute("aria-selected") === "true" ? [Number(node.dataset.index)] : [],
  );
const grid = () => find(root, "grid");
const click = (index: number, how: MouseEventInit = {}) =>
  row(index).firstElementChild?.dispatchEvent(new MouseEvent("click", { bubbles: true, ...how }));

/** As if the rows from `index` on were in sight; a page without a layout has rows of 24 px. */
async function scrollTo(index: number): Promise<void> {
  const frame = find(root, "rows");
  frame.scrollTop = index * 24;
  frame.dispatchEvent(new Event("scroll"));
  await pass(50);
}

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

  it("come as they are scrolled to, and only those in sight are on the page", async () => {
    expect(find(root, "count").textContent).toBe("100+ rows");
    expect(rowNodes().length).toBeLessThan(50);
    await scrollTo(90);
    expect(find(root, "count").textContent).toBe("150 rows");
    await scrollTo(140);
    expect(cells().at(-1)).toBe("<b>149</b>");
    expect(rowNodes().length).toBeLessThan(50);
    expect(grid().getAttribute("aria-rowcount")).toBe("151");
  });

  it("are dropped far from what is in sight, and asked for again", async () => {
    length = 1_000_000;
    for (let index = 0; index < 3_000; index += 100) await scrollTo(index + 60);
    const asked = page.requests("rows").length;
    expect(asked).toBe(31);
    await scrollTo(2_960);
    await scrollTo(2_200);
    expect(page.requests("rows")).toHaveLength(asked);
    await scrollTo(0);
    expect(cells()[0]).toBe("<b>0</b>");
    expect(page.requests("rows")).toHaveLength(asked + 1);
    expect(document.querySelectorAll("tr").length).toBeLessThan(60);
  });

  it("are restricted as typed, after a rest or with Enter", async () => {
    enter(find(root, "condition"), "rate > 2", "input");
    press(find(root, "condition"), "Enter");
    await pass(20);
    expect(cells()).toEqual(["<b>5</b>"]);
    await pass(500);
    expect(page.asked("rows")).toEqual([{ limit: 100 }, { limit: 100, condition: "rate > 2" }]);
  });

  it("keep what they show when a condition makes no sense, and are asked for again", async () => {
    page.kernel.failures.set("rows", { code: "x", message: "there is no column 'speed'", hint: "" });
    enter(find(root, "condition"), "speed > 2", "input");
    await pass(500);
    expect(find(root, "error").textContent).toContain("There is no column 'speed'.");
    expect(cells()[0]).toBe("<b>0</b>");
    page.kernel.failures.clear();
    find(root, "retry").click();
    await pass(50);
    expect(root.querySelector('[data-djo="error"]')).toBeNull();
  });

  it("open the object of a row at a click or by key", async () => {
    (row(3).querySelector('[data-djo="object"]') as HTMLElement).click();
    await pass(50);
    expect(page.asked("list").at(-1)).toMatchObject({ node: "r3f0" });
    expect(find(row(3), "object").getAttribute("aria-pressed")).toBe("true");
    press(grid(), "ArrowDown");
    press(grid(), "Enter");
    await pass(50);
    expect(page.asked("list").at(-1)).toMatchObject({ node: "r4f0" });
  });
});

describe("the selection of rows", () => {
  it("is one row at a click, several with Ctrl and Shift", async () => {
    click(4);
    expect(selected()).toEqual([4]);
    click(6, { ctrlKey: true });
    click(2, { ctrlKey: true });
    click(6, { ctrlKey: true });
    expect(selected()).toEqual([2, 4]);
    click(5, { shiftKey: true });
    await pass(1);
    expect(selected()).toEqual([5, 6]);
    expect(find(root, "count").textContent).toBe("2 of 100+ rows selected");
    click(9);
    expect(selected()).toEqual([9]);
  });

  it("follows the keys, is extended with Shift, and given up with Escape", async () => {
    press(grid(), "ArrowDown");
    press(grid(), "ArrowDown");
    expect(selected()).toEqual([1]);
    expect(grid().getAttribute("aria-activedescendant")).toBe(row(1).id);
    press(grid(), "ArrowDown", { shiftKey: true });
    press(grid(), "ArrowDown", { shiftKey: true });
    await pass(1);
    expect(selected()).toEqual([1, 2, 3]);
    press(grid(), "ArrowDown", { ctrlKey: true });
    press(grid(), "ArrowDown", { ctrlKey: true });
    press(grid(), " ");
    expect(selected()).toEqual([1, 2, 3, 5]);
    press(grid(), "Escape");
    expect(selected()).toEqual([]);
  });

  it("takes rows that are not on the page, and tells how many go at once", async () => {
    length = 5_000;
    for (let index = 60; index < 2_500; index += 100) await scrollTo(index);
    click(2_455);
    press(grid(), "Home", { shiftKey: true });
    await pass(500);
    expect(find(root, "count").textContent).toMatch(
      /^1,000, as many as go at once, of 2,[56]00\+ rows selected$/,
    );
    find(root, "save-rows").click();
    await pass(20);
    const [{ rows } = { rows: [] }] = page.asked("save_rows");
    expect(new Set(rows)).toEqual(new Set(Array.from({ length: 1000 }, (_, i) => `r${1456 + i}`)));
  });

  it("ends with a restriction", async () => {
    click(4);
    enter(find(root, "condition"), "rate > 2", "input");
    press(find(root, "condition"), "Enter");
    await pass(20);
    expect(selected()).toEqual([]);
    expect(find<HTMLButtonElement>(root, "save-rows").disabled).toBe(true);
  });
});

describe("taking rows home", () => {
  async function save(): Promise<string> {
    click(2);
    click(4, { shiftKey: true });
    await pass(1);
    find(root, "save-rows").click();
    await pass(20);
    return find(root, "rows-outcome").textContent ?? "";
  }

  it("asks for the selected rows, and names the folder", async () => {
    expect(await save()).toContain(
      "Saved in /home/me/downloads/demo.recording: 2 objects, 6 MB, 1 of them before.",
    );
    expect(page.asked("save_rows")).toEqual([{ rows: ["r2", "r3", "r4"] }]);
  });

  it("names every row that failed", async () => {
    findings = [
      { file: "demo.recording (recording_id=<i>3</i>) files", message: "nothing lies there" },
      { file: "demo.recording (recording_id=4) files", message: "a.txt is not as written" },
    ];
    const told = await save();
    expect(told).toContain("2 could not be downloaded:");
    expect(find(root, "findings").querySelectorAll("li")).toHaveLength(2);
    expect(find(root, "findings").textContent).toContain("(recording_id=<i>3</i>) files nothing lies there");
    expect(root.querySelector("i")).toBeNull();
  });

  it("tells how far it is, and stops", async () => {
    page.kernel.delay = 10_000;
    await save();
    const [{ view, id } = { view: "", id: 0 }] = page.requests("save_rows");
    page.model.receive({ kind: "progress", view, id, done: 3, total: 6, note: "Adding up sizes" });
    const outcome = find(root, "rows-outcome");
    expect(outcome.querySelector("progress")?.value).toBe(3);
    expect(outcome.textContent).toContain("Adding up sizes");
    find(outcome, "stop").click();
    await pass(1);
    expect(outcome.textContent).toContain("Stopped.");
  });
});
