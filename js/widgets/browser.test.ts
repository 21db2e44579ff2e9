import { describe, expect, it, vi } from "vitest";
import { useBrowserPage } from "../testing/browser-page.ts";
import { find, findAll, pass, press } from "../testing/page.ts";

const page = useBrowserPage();
const open = () => page.open();

const names = (root: HTMLElement) => findAll(root, "row").map((row) => row.dataset.name);
const row = (root: HTMLElement, name: string) =>
  root.querySelector<HTMLElement>(`[data-name="${name}"]`) as HTMLElement;

async function click(root: HTMLElement, name: string): Promise<void> {
  row(root, name).click();
  await pass(50);
}

describe("the tree", () => {
  it("lists the top, with sizes", async () => {
    const root = await open();
    expect(names(root)).toEqual([
      "analysis.zarr",
      "trials",
      "empty",
      "events.csv",
      "metadata.json",
      "movie.zarr",
      "notes.md",
      "raw.bin",
    ]);
    expect(row(root, "events.csv").textContent).toContain("12.8 kB");
    expect(row(root, "analysis.zarr").textContent).toContain("2 items");
  });

  it("asks for a folder's contents when it is first opened", async () => {
    const root = await open();
    expect(page.asked("list")).toHaveLength(1);
    await click(root, "analysis.zarr");
    expect(names(root).slice(0, 3)).toEqual(["analysis.zarr", "dff", "mean_image"]);
    expect(row(root, "dff").getAttribute("aria-level")).toBe("2");
    await click(root, "analysis.zarr");
    await click(root, "analysis.zarr");
    expect(page.asked("list")).toHaveLength(2);
  });

  it("says that a folder is empty", async () => {
    const root = await open();
    await click(root, "empty");
    expect(find(root, "note").textContent).toBe("Nothing is here.");
  });

  it("says that a folder can't be listed, and tries again at a click", async () => {
    const root = await open();
    page.kernel.failures.set("list", { code: "store", message: "store 'main' can't be reached", hint: "" });
    await click(root, "trials");
    expect(find(root, "note").textContent).toContain("Store 'main' can't be reached.");
    page.kernel.failures.clear();
    find(root, "note").click();
    await pass(50);
    expect(names(root)).toContain("trial_00000.bin");
  });

  it("says so when the top can't be listed, and tries again", async () => {
    page.build();
    page.kernel.failures.set("list", {
      code: "store",
      message: "store 'main' can't be reached",
      hint: "Check the network.",
    });
    const root = page.show();
    await pass(50);
    expect(find(root, "error").textContent).toContain("Check the network.");
    page.kernel.failures.clear();
    find(root, "retry").click();
    await pass(50);
    expect(names(root)).toContain("notes.md");
  });

  it("holds many entries in few elements, and pages through them", async () => {
    const root = await open();
    await click(root, "trials");
    expect(findAll(root, "row").length).toBeLessThan(60);
    const tree = find(root, "tree");
    for (let step = 0; step < 10; step++) {
      tree.scrollTop = 1e6;
      tree.dispatchEvent(new Event("scroll"));
      tree.scrollTop = (500 + 500 * (step % 2)) * 24;
      tree.dispatchEvent(new Event("scroll"));
      await pass(50);
    }
    expect(page.asked("list").map(({ cursor }) => cursor)).toEqual([undefined, undefined, "500", "1000"]);
  });
});

describe("keys in the tree", () => {
  it("move, open and close", async () => {
    const root = await open();
    const tree = find(root, "tree");
    const selectedAfter = async (...keys: string[]) => {
      for (const key of keys) press(tree, key);
      await pass(50);
      return root.querySelector<HTMLElement>('[aria-selected="true"]')?.dataset.name;
    };
    expect(await selectedAfter("ArrowDown")).toBe("analysis.zarr");
    expect(await selectedAfter("ArrowRight")).toBe("analysis.zarr");
    expect(await selectedAfter("ArrowRight")).toBe("dff");
    expect(await selectedAfter("ArrowLeft")).toBe("analysis.zarr");
    expect(await selectedAfter("ArrowLeft", "ArrowDown")).toBe("trials");
    expect(await selectedAfter("End")).toBe("raw.bin");
    expect(await selectedAfter("Home")).toBe("analysis.zarr");
    expect(await selectedAfter("n", "o")).toBe("notes.md");
    expect(tree.getAttribute("aria-activedescendant")).toBe(row(root, "notes.md").id);
  });
});

describe("several selected", () => {
  const selected = (root: HTMLElement) =>
    [...root.querySelectorAll<HTMLElement>('[aria-selected="true"]')].map(({ dataset }) => dataset.name);
  const clickWith = async (root: HTMLElement, name: string, keys: MouseEventInit) => {
    row(root, name).dispatchEvent(new MouseEvent("click", { bubbles: true, ...keys }));
    await pass(50);
  };

  it("are marked one by one, and taken out again, without opening folders", async () => {
    const root = await open();
    await click(root, "notes.md");
    await clickWith(root, "trials", { ctrlKey: true });
    await clickWith(root, "events.csv", { metaKey: true });
    expect(selected(root)).toEqual(["trials", "events.csv", "notes.md"]);
    expect(row(root, "trials").getAttribute("aria-expanded")).toBe("false");
    await clickWith(root, "notes.md", { ctrlKey: true });
    expect(selected(root)).toEqual(["trials", "events.csv"]);
    await click(root, "raw.bin");
    expect(selected(root)).toEqual(["raw.bin"]);
  });

  it("are a range with shift, by mouse and by keys", async () => {
    const root = await open();
    await click(root, "events.csv");
    await clickWith(root, "movie.zarr", { shiftKey: true });
    expect(selected(root)).toEqual(["events.csv", "metadata.json", "movie.zarr"]);
    press(find(root, "tree"), "ArrowDown", { shiftKey: true });
    await pass(50);
    expect(selected(root)).toHaveLength(4);
    press(find(root, "tree"), "Home", { shiftKey: true });
    await pass(50);
    expect(selected(root)).toEqual(["analysis.zarr", "trials", "empty", "events.csv"]);
    press(find(root, "tree"), "ArrowDown");
    await pass(50);
    expect(selected(root)).toEqual(["trials"]);
  });

  it("are taken home together", async () => {
    const root = await open();
    await click(root, "events.csv");
    await clickWith(root, "metadata.json", { shiftKey: true });
    expect(find(root, "marked").textContent).toBe("2 selected");
    find(root, "save").click();
    await pass(50);
    const ids = ["events.csv", "metadata.json"].map((name) => row(root, name).dataset.node);
    expect(page.model.sent.at(-1)).toMatchObject({ method: "save", params: { nodes: ids, into: "folder" } });
  });

  it("are forgotten when the tree is filtered", async () => {
    const root = await open();
    await click(root, "events.csv");
    await clickWith(root, "metadata.json", { shiftKey: true });
    find<HTMLButtonElement>(root, "descending").click();
    await pass(50);
    expect(findAll(root, "marked")).toEqual([]);
  });
});

describe("the preview", () => {
  it("tells what is selected, and how to open it in Python", async () => {
    const root = await open();
    await click(root, "notes.md");
    const preview = find(root, "preview");
    expect(preview.textContent).toContain("Mouse 7, left V1");
    expect(preview.textContent).toContain('ref.open("notes.md")');
    expect(preview.dataset.type).toBe("text");
    expect(find(root, "path").textContent).toBe("files_k3Jd82Lsnotes.md");
  });

  it("folds JSON", async () => {
    const root = await open();
    await click(root, "metadata.json");
    expect(find(root, "json").textContent).toContain('"subject": "mouse 7"');
    expect(find(root, "json").querySelectorAll("summary")).toHaveLength(3);
  });

  it("shows a table, with numbers to the right, and says that it is cut", async () => {
    const root = await open();
    await click(root, "events.csv");
    const preview = find(root, "preview");
    expect([...preview.querySelectorAll("th")].map((cell) => cell.textContent)).toEqual([
      "trial",
      "onset_s",
      "side",
      "licks",
    ]);
    expect(preview.querySelectorAll("tbody tr")).toHaveLength(60);
    expect(preview.querySelector("td")?.className).toBe("djo-numeric");
    expect(preview.textContent).toContain("Only the beginning of this table is shown.");
  });

  it("tells the facts of an array", async () => {
    const root = await open();
    await click(root, "movie.zarr");
    const preview = find(root, "preview");
    expect(preview.textContent).toContain("300 × 200 × 200");
    expect(preview.textContent).toContain("5.2× smaller than raw");
  });

  it("copies the path, and the URL", async () => {
    const writeText = vi.fn().mockResolvedValue(undefined);
    vi.stubGlobal("navigator", { clipboard: { writeText } });
    const root = await open();
    await click(root, "notes.md");
    find(root, "copy-path").click();
    await pass(1);
    expect(writeText).toHaveBeenCalledWith("demo/Recording/recording_id=12/notes.md");
    expect(find(root, "copy-path").title).toBe("Copied");
    find(root, "copy-url").click();
    await pass(1);
    expect(writeText).toHaveBeenLastCalledWith("file:///store/demo/Recording/recording_id=12/notes.md");
    vi.unstubAllGlobals();
  });

  it("says what went wrong while the tree stays usable", async () => {
    const root = await open();
    page.kernel.failures.set("preview", { code: "missing", message: "notes.md is gone", hint: "" });
    await click(root, "notes.md");
    expect(find(root, "error").textContent).toContain("Notes.md is gone.");
    page.kernel.failures.clear();
    await click(root, "metadata.json");
    expect(findAll(root, "error")).toEqual([]);
    expect(find(root, "preview").textContent).toContain("mouse 7");
  });

  it("of a quick walk through the tree is that of the last entry", async () => {
    const root = await open();
    page.kernel.delay = 300;
    row(root, "notes.md").click();
    page.kernel.delay = 5;
    row(root, "metadata.json").click();
    await pass(500);
    expect(find(root, "preview").dataset.type).toBe("json");
  });

  it("shows content that looks like markup as text", async () => {
    const root = await open();
    await click(root, "notes.md");
    expect(find(root, "preview").querySelectorAll("script, b, h1")).toHaveLength(0);
    expect(find(root, "preview").textContent).toContain("<b>Not bold</b>");
  });
});

describe("a movie in the browser", () => {
  it("opens in a scrubber and closes again", async () => {
    const root = await open();
    await click(root, "movie.zarr");
    find(root, "open-movie").click();
    await pass(100);
    const scrubber = root.querySelector<HTMLElement>(".djo-scrubber");
    expect(scrubber?.dataset.frame).toBe("0");
    press(scrubber as HTMLElement, "ArrowRight");
    await pass(50);
    expect(scrubber?.dataset.frame).toBe("1");
    expect(page.asked("frame")[0]).toMatchObject({ target: "t1", index: 0 });
    find(root, "back").click();
    await pass(50);
    expect(root.querySelector(".djo-scrubber")).toBeNull();
    expect(find(root, "open-movie").textContent).toBe("Open in scrubber");
  });

  it("that can't be opened says why, and can be tried again", async () => {
    const root = await open();
    await click(root, "movie.zarr");
    page.kernel.failures.set("open", { code: "format", message: "codec_version 2.0 is not known", hint: "" });
    find(root, "open-movie").click();
    await pass(50);
    expect(find(root, "error").textContent).toContain("Codec_version 2.0 is not known.");
    expect(find<HTMLButtonElement>(root, "open-movie").disabled).toBe(false);
  });
});

describe("a view that is drawn again", () => {
  it("resumes what was expanded and selected", async () => {
    const first = await open();
    await click(first, "analysis.zarr");
    await click(first, "dff");
    page.endings.shift()?.();
    expect(page.model.listeners).toBe(0);
    const second = page.show();
    await pass(100);
    expect(names(second)).toContain("dff");
    expect(row(second, "dff").getAttribute("aria-selected")).toBe("true");
    expect(find(second, "preview").textContent).toContain("240 × 1,800");
    expect(find(second, "path").textContent).toBe("files_k3Jd82Lsanalysis.zarrdff");
  });
});
