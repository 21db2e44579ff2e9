/** The extension in a page: panel, tabs, commands, as a user meets them. */

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { errorOf, FakeLab, LISTING, resultOf, settle, usual } from "../testing/fake-lab.ts";
import { find, findAll, press } from "../testing/page.ts";
import { Container } from "./container.ts";
import type { Plugin } from "./host.ts";

let lab: FakeLab;
const launched: unknown[] = [];
const listed: unknown[] = [];

async function start(without: string[] = []): Promise<void> {
  const container = new Container();
  const scope = Object.fromEntries(Object.entries(lab.scope).filter(([name]) => !without.includes(name)));
  container.init(scope);
  const exports = (await container.get("./extension"))() as { default: Plugin };
  const palette = { addItem: (item: unknown) => listed.push(item) };
  const launcher = { add: (item: unknown) => launched.push(item) };
  const services: Record<string, unknown> = {
    shell: lab.app.shell,
    rendermime: lab.rendermime,
    palette,
    launcher,
    notebooks: lab.notebooks,
    files: lab.fileBrowser,
    restorer: { add: () => undefined },
  };
  const { requires, optional, activate } = exports.default;
  const asked = [...requires, ...optional].map((token) => services[String(token)] ?? null);
  activate(lab.app, ...(asked as never[]));
  await settle();
}

function panel(): HTMLElement {
  return lab.areas.left?.[0]?.node as HTMLElement;
}

async function show(): Promise<HTMLElement> {
  lab.areas.left?.[0]?.onAfterShow(null);
  await settle();
  return panel();
}

function tabs(): HTMLElement[] {
  return (lab.areas.main ?? []).filter((tab) => !tab.isDisposed).map((tab) => tab.node);
}

async function run(command: string, args: Record<string, unknown> = {}): Promise<void> {
  lab.commands.get(command)?.execute(args);
  await settle();
}

async function click(target: HTMLElement): Promise<void> {
  target.click();
  await settle();
}

async function pick(select: HTMLElement, label: string): Promise<void> {
  const field = select as HTMLSelectElement;
  const option = [...field.options].find(({ textContent }) => textContent === label);
  if (!option) throw new Error(`no choice ${label} in ${field.textContent}`);
  field.value = option.value;
  field.dispatchEvent(new Event("change"));
  await settle();
}

function rendered(root: ParentNode): HTMLElement | null {
  return root.querySelector<HTMLElement>("[data-model]");
}

beforeEach(() => {
  vi.stubGlobal("DJO_STYLE", "");
  lab = new FakeLab();
  launched.length = listed.length = 0;
});

afterEach(() => {
  document.body.replaceChildren();
  document.head.replaceChildren();
  vi.unstubAllGlobals();
});

describe("the side panel", () => {
  test("starts no kernel until it is seen", async () => {
    await start();
    expect(lab.sessions.started).toEqual([]);
    await show();
    expect(lab.sessions.started).toEqual(["Object stores"]);
  });

  test("waits for the file browser to be where it was, and starts its kernel there", async () => {
    lab.fileBrowserNode.className = "jp-FileBrowser jp-mod-restoring";
    await start();
    await show();
    expect(lab.sessions.started).toEqual([]);
    lab.path = "project";
    lab.fileBrowserNode.className = "jp-FileBrowser";
    await settle();
    expect(lab.sessions.started).toEqual(["project/Object stores"]);
  });

  test("lists the stores, where they are and what they are used for", async () => {
    await start();
    const rows = findAll(await show(), "store").map(({ textContent }) => textContent);
    expect(rows).toEqual(["mainfiledefault/data/main", "clouds3default for filess3://lab at minio.lab.org"]);
  });

  test("browses the store that is pressed, and stops when it is pressed again", async () => {
    await start();
    const root = await show();
    await click(find(root, "browse"));
    expect(rendered(root)?.dataset.model).toContain("m1");
    expect(find(root, "browse").getAttribute("aria-pressed")).toBe("true");
    await click(find(root, "browse"));
    expect(rendered(root)).toBeNull();
    expect(lab.sessions.kernel().asked.at(-1)).toContain(".close(");
  });

  test("of two stores pressed in haste shows the last, and closes the other", async () => {
    await start();
    const root = await show();
    const kernel = lab.sessions.kernel();
    kernel.answer = (question) => (question.includes('"cloud"') ? resultOf({ model: "c" }) : usual(question));
    find(root, "browse").click();
    findAll(root, "browse")[1]?.click();
    await settle();
    expect(root.querySelectorAll("[data-model]")).toHaveLength(1);
    expect(rendered(root)?.dataset.model).toContain('"c"');
    expect(kernel.asked.filter((question) => question.includes(".show_store(")).length).toBeLessThanOrEqual(
      2,
    );
    expect(kernel.asked.filter((question) => question.includes(".close(")).length).toBe(
      kernel.asked.filter((question) => question.includes(".show_store(")).length - 1,
    );
  });

  test("opens a store in a tab of its own", async () => {
    await start();
    await click(find(await show(), "open-tab"));
    expect(tabs()).toHaveLength(1);
    expect(rendered(tabs()[0] as HTMLElement)).not.toBeNull();
    expect(lab.areas.main?.[0]?.title).toMatchObject({ label: "main", closable: true });
    lab.areas.main?.[0]?.onCloseRequest(null);
    await settle();
    expect(lab.sessions.kernel().asked.at(-1)).toContain(".close(");
  });

  test("shows what is wrong with a store and how to mend it, as text", async () => {
    await start();
    lab.sessions.startNew = async (options) => {
      const session = lab.sessions.connectTo({ model: lab.sessions.add(options.path, options as never) });
      lab.sessions.kernel().answer = () =>
        resultOf({
          ...LISTING,
          stores: [
            {
              ...LISTING.stores[0],
              name: "<b>odd</b>",
              place: "",
              problems: [{ message: "bucket is required", hint: "add bucket" }],
            },
          ],
        });
      return session;
    };
    const root = await show();
    expect(find(root, "problem").textContent).toBe("Bucket is required. Add bucket.");
    expect(find(root, "store").textContent).toContain("<b>odd</b>");
    expect(root.querySelector("b")).toBeNull();
    expect(findAll(root, "browse")).toEqual([]);
  });

  test("without a store leads to the wizard", async () => {
    lab.sessions.add("Object stores", { type: "console" });
    lab.sessions.kernel().answer = (question) =>
      question.includes("list_stores") ? resultOf({ ...LISTING, stores: [] }) : resultOf({ model: "w" });
    await start();
    const root = await show();
    expect(root.textContent).toContain("No store is configured in /home/lab.");
    await click(find(root, "retry"));
    expect(lab.sessions.kernel().asked.at(-1)).toContain(".show_wizard(");
    expect(rendered(tabs()[0] as HTMLElement)?.dataset.model).toContain('"w"');
  });

  test("says what a configuration's error is, and tries again when asked", async () => {
    lab.sessions.add("Object stores", { type: "console" });
    const kernel = lab.sessions.kernel();
    kernel.answer = () => errorOf("configuration", "datajoint.json is no JSON", "Correct it");
    await start();
    const root = await show();
    expect(find(root, "error").textContent).toContain("Datajoint.json is no JSON.Correct it.");
    kernel.answer = usual;
    await click(find(root, "retry"));
    expect(findAll(root, "store")).toHaveLength(2);
  });

  test("says that its kernel restarted, and lists again when asked", async () => {
    await start();
    const root = await show();
    await click(find(root, "browse"));
    lab.sessions.kernel().turn("restarting");
    lab.sessions.kernel().turn("autorestarting");
    expect(rendered(root)).toBeNull();
    expect(findAll(root, "error").map(({ textContent }) => textContent)).toEqual([
      expect.stringContaining("was restarted"),
    ]);
    await click(find(root, "retry"));
    expect(findAll(root, "store")).toHaveLength(2);
  });

  test("asks another kernel when that is chosen, and the own one again when its notebook closes", async () => {
    const notebook = lab.openNotebook("a.ipynb");
    await start();
    const root = await show();
    await pick(find(root, "kernel"), "a.ipynb");
    expect(lab.sessions.kernel("s0").asked.at(-1)).toContain("list_stores(reread=False)");
    await click(find(root, "browse"));
    expect(rendered(root)?.dataset.owner).toBe("a.ipynb");
    lab.sessions.kernel("s0").turn("restarting");
    await click(find(root, "retry"));
    expect(lab.sessions.kernel("s0").asked.at(-1)).toContain("list_stores(reread=False)");
    notebook.dispose();
    await settle();
    expect(root.textContent).toContain("The notebook a.ipynb was closed.");
    await click(find(root, "retry"));
    expect(lab.sessions.kernel("s1").asked.at(-1)).toContain("list_stores(reread=True)");
  });

  test("offers its own kernel where the file browser is now", async () => {
    await start();
    const root = await show();
    lab.browseTo("project");
    const labels = [...(find(root, "kernel") as HTMLSelectElement).options].map((one) => one.textContent);
    expect(labels).toEqual(["Own, in the top folder", "Own, in project"]);
    await pick(find(root, "kernel"), "Own, in project");
    expect(lab.sessions.started).toEqual(["Object stores", "project/Object stores"]);
  });

  test("says why a busy kernel does not answer yet", async () => {
    lab.openNotebook("a.ipynb");
    await start();
    const root = await show();
    const kernel = lab.sessions.kernel("s0");
    kernel.status = "busy";
    Object.assign(kernel, { requestExecute: () => ({ done: new Promise(() => undefined) }) });
    await pick(find(root, "kernel"), "a.ipynb");
    expect(root.textContent).toContain("a.ipynb is busy");
    expect(find(root, "refresh").getAttribute("aria-busy")).toBe("true");
  });

  test("keeps its list while a kernel that is busy is asked again, and says so", async () => {
    await start();
    const root = await show();
    const kernel = lab.sessions.kernel();
    kernel.status = "busy";
    let reply: (value: unknown) => void = () => undefined;
    const done = new Promise((resolve) => {
      reply = resolve;
    });
    Object.assign(kernel, { requestExecute: () => ({ done }) });
    await click(find(root, "refresh"));
    expect(findAll(root, "store")).toHaveLength(2);
    expect(find(root, "list-note").textContent).toContain("is busy");
    reply({ content: { status: "ok", user_expressions: { answer: resultOf({ ...LISTING, stores: [] }) } } });
    await settle();
    expect(findAll(root, "store")).toEqual([]);
    expect(find(root, "list-note").textContent).toBe("");
    expect(find(root, "refresh").getAttribute("aria-busy")).toBe("false");
  });

  test("goes from store to store by arrows, and keeps the focus when it lists again", async () => {
    await start();
    const root = await show();
    const [first, second] = findAll(root, "browse");
    lab.areas.left?.[0]?.onActivateRequest(null);
    expect(document.activeElement).toBe(first);
    press(first as HTMLElement, "ArrowDown");
    expect(document.activeElement).toBe(second);
    await click(find(root, "refresh"));
    expect(document.activeElement).toBe(findAll(root, "browse")[1]);
    press(document.activeElement as HTMLElement, "ArrowUp");
    expect(document.activeElement).toBe(findAll(root, "browse")[0]);
  });

  test("without the widget manager says so", async () => {
    await start(["@jupyter-widgets/jupyterlab-manager"]);
    expect((await show()).textContent).toContain(
      "This JupyterLab has no @jupyter-widgets/jupyterlab-manager",
    );
  });
});

describe("Jupyter without all of JupyterLab", () => {
  test("without a launcher there is the rest", async () => {
    await start(["@jupyterlab/launcher", "@jupyterlab/notebook", "@jupyterlab/filebrowser"]);
    expect(findAll(await show(), "store")).toHaveLength(2);
    expect(launched).toEqual([]);
  });

  test("without the shell of JupyterLab there is nothing", async () => {
    await start(["@jupyterlab/application"]);
    expect(lab.commands.size).toBe(0);
    expect(lab.areas.left).toEqual([]);
  });
});

describe("the commands", () => {
  test("to browse and to set up are in the launcher and in the palette", async () => {
    await start();
    const commands = ["dj-objectstore:browse", "dj-objectstore:configure"];
    expect(launched.map((item) => (item as { command: string }).command)).toEqual(commands);
    expect(listed.map((item) => (item as { command: string }).command)).toEqual(commands);
    expect(commands.map((command) => lab.commands.get(command)?.label)).toEqual([
      "Browse object stores",
      "Set up an object store",
    ]);
  });

  test("browse shows the panel, or one store in a tab", async () => {
    await start();
    await run("dj-objectstore:browse");
    expect(lab.activated).toEqual(["dj-objectstore-stores"]);
    await run("dj-objectstore:browse", { store: "cloud" });
    expect(lab.sessions.kernel().asked).toEqual([expect.stringContaining('show_store("cloud", ')]);
  });

  test("the wizard works in the launcher's folder", async () => {
    await start();
    await run("dj-objectstore:configure", { cwd: "RTC:project" });
    expect(lab.sessions.started).toEqual(["project/Object stores"]);
  });

  test("a closed wizard lets the panel list again, when it is seen", async () => {
    await start();
    await show();
    await run("dj-objectstore:configure");
    const kernel = lab.sessions.kernel();
    lab.areas.main?.[0]?.dispose();
    await settle();
    expect(kernel.asked.at(-1)).toContain("list_stores(");
  });

  test("a link shows an object of the current notebook's kernel", async () => {
    lab.openNotebook("a.ipynb");
    await start();
    await run("dj-objectstore:show", { handle: "0f3a" });
    expect(lab.sessions.kernel("s0").asked).toEqual([expect.stringContaining('show_object("0f3a", ')]);
    expect(rendered(tabs()[0] as HTMLElement)?.dataset.owner).toBe("a.ipynb");
  });

  test.each([{ handle: "x" }, { handle: '0"' }, {}, { handle: 3 }])(
    "a link with %j is refused",
    async (args) => {
      lab.openNotebook("a.ipynb");
      await start();
      expect(() => lab.commands.get("dj-objectstore:show")?.execute(args)).toThrow("must hold a handle");
      expect(tabs()).toEqual([]);
    },
  );

  test("a link without a notebook, or with one without a kernel, says so", async () => {
    await start();
    expect(() => lab.commands.get("dj-objectstore:show")?.execute({ handle: "0f" })).toThrow("open notebook");
    const notebook = lab.openNotebook("a.ipynb");
    Object.assign(notebook.sessionContext, { session: null });
    await run("dj-objectstore:show", { handle: "0f" });
    expect(find(tabs()[0] as HTMLElement, "error").textContent).toContain("The notebook has no kernel.");
  });
});
