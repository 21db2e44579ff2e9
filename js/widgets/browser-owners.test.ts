import { beforeEach, describe, expect, it } from "vitest";
import type { Owner, OwningMethods } from "../protocol/owning.ts";
import { answerWith, useBrowserPage } from "../testing/browser-page.ts";
import { find, findAll, pass, press } from "../testing/page.ts";

const ABOUT = { kind: "store", title: "main", columns: [], folder: "/home/me", database: "PostgreSQL at db" };
const NOBODY: Owner = {
  kind: "object",
  standing: "orphan",
  reason: "",
  table: "",
  field: "",
  key: [],
  rows: 0,
  restriction: "",
  line: "",
};
const ROW: Owner = {
  ...NOBODY,
  standing: "row",
  table: "lab.<b>scan</b>",
  field: "files",
  key: [["subject", "<i>M1</i>"]],
  rows: 1,
  restriction: "{'subject': '<i>M1</i>'}",
  line: "dj.FreeTable(dj.conn(), 'lab.scan') & {'subject': '<i>M1</i>'}",
};

const page = useBrowserPage();
let root: HTMLElement;
let owner: Owner;

const answers = () => ({
  about: () => ABOUT,
  owners: ({ nodes }: OwningMethods["owners"]["params"]) => ({ owners: nodes.map(() => owner) }),
  owner_row: () => ({ table: "lab.scan", cells: [["subject", "<i>M1</i>"]] }),
  compare: () => ({
    parts: [
      { standing: "orphan", objects: 2, files: 5, size: 4000 },
      { standing: "row", objects: 12_000, files: 48_000, size: 9_000_000 },
    ],
    notes: ["there is no schema '<i>x</i>'"],
    whole: true,
  }),
});

beforeEach(async () => {
  owner = NOBODY;
  root = await page.open(answers());
  await pass(50);
});

const marks = () => findAll(root, "mark").map((mark) => mark.textContent);

describe("a store that is joined to a database", () => {
  it("asks about what is in sight, once, and marks it", async () => {
    const [{ nodes } = { nodes: [] }] = page.asked("owners");
    expect(nodes.length).toBe(findAll(root, "row").length);
    expect(new Set(marks())).toEqual(new Set(["no row"]));
    expect(find(root, "row").title).toContain("No row of its schema names it");
    root.querySelector<HTMLElement>('[data-name="notes.md"]')?.click();
    await pass(50);
    expect(page.asked("owners").flatMap((asked) => asked.nodes)).toHaveLength(new Set(nodes).size);
  });

  it("asks about more as it comes into sight", async () => {
    const before = page.asked("owners").length;
    const trials = root.querySelector<HTMLElement>('[data-name="trials"] .djo-twisty');
    trials?.click();
    await pass(200);
    const later = page.asked("owners").slice(before);
    expect(later.length).toBeGreaterThan(0);
    expect(later.flatMap(({ nodes }) => nodes).length).toBeLessThan(100);
  });

  it("asks nothing of the database before the tree is there", async () => {
    page.close();
    root = await page.open({ ...answers(), about: () => ABOUT });
    const order = (page.model.sent as { method?: string }[]).map(({ method }) => method);
    expect(order.indexOf("list")).toBeLessThan(order.indexOf("owners"));
  });

  it("shows the row of what is chosen as text, with its restriction to copy", async () => {
    owner = ROW;
    find(root, "read-again").click();
    await pass(50);
    find(root, "row").click();
    await pass(100);
    const note = find(root, "owner");
    expect(note.textContent).toContain("A row names it: lab.<b>scan</b>, subject = <i>M1</i>, in files.");
    expect(find(note, "copy-restriction").dataset.text).toBe(ROW.restriction);
    expect(find(note, "copy-row-line").dataset.text).toBe(ROW.line);
    find(note, "show-row").click();
    await pass(50);
    expect(find(note, "owner-row").querySelector("td")?.textContent).toBe("<i>M1</i>");
    expect(root.querySelector("i, b")).toBeNull();
  });

  it("reads the database again when told, and only then", async () => {
    owner = { ...NOBODY, standing: "recent" };
    const before = page.asked("owners").length;
    press(find(root, "tree"), "ArrowDown");
    await pass(50);
    expect(page.asked("owners")).toHaveLength(before);
    find(root, "read-again").click();
    await pass(50);
    expect(page.asked("owners")[before]).toMatchObject({ anew: true });
    expect(page.asked("owners").filter(({ anew }) => anew)).toHaveLength(1);
    expect(new Set(marks())).toEqual(new Set(["recent"]));
  });

  it("tells what the kernel refuses, keeps the tree, and asks no further until told", async () => {
    page.kernel.failures.set("owners", { code: "x", message: "the database is away", hint: "" });
    find(root, "read-again").click();
    await pass(50);
    expect(find(root, "error").textContent).toContain("The database is away.");
    expect(findAll(root, "row").length).toBeGreaterThan(3);
    const before = page.asked("owners").length;
    press(find(root, "tree"), "ArrowDown");
    await pass(50);
    expect(page.asked("owners")).toHaveLength(before);
    page.kernel.failures.clear();
    find(root, "read-again").click();
    await pass(50);
    expect(marks().length).toBeGreaterThan(3);
    expect(findAll(root, "error")).toHaveLength(0);
  });

  it("is compared as a whole when asked, in words and numbers", async () => {
    expect(page.asked("compare")).toHaveLength(0);
    find(root, "compare").click();
    await pass(50);
    const lines = findAll(root, "standing");
    expect(lines.map(({ dataset }) => dataset.standing)).toEqual(["row", "orphan"]);
    expect([...(lines[0]?.querySelectorAll("td") ?? [])].map((cell) => cell.textContent)).toEqual([
      "9 MB",
      "12,000",
      "48,000",
    ]);
    expect(find(root, "notes").textContent).toContain("there is no schema '<i>x</i>'");
    expect(root.querySelector("i")).toBeNull();
  });

  it("says what a stopped comparison is", async () => {
    page.kernel.answers = answerWith({ compare: () => ({ parts: [], notes: [], whole: false }) });
    find(root, "compare").click();
    await pass(50);
    expect(find(root, "partial").textContent).toContain("what was counted so far");
  });
});

describe("a store without a database", () => {
  it("says so, and asks about no owner", async () => {
    page.close();
    root = await page.open({ about: () => ({ ...ABOUT, database: "" }) });
    await pass(100);
    expect(find(root, "unjoined").textContent).toContain("No database is configured");
    expect(page.asked("owners")).toHaveLength(0);
    expect(findAll(root, "compare")).toHaveLength(0);
    expect(marks()).toEqual([]);
  });
});
