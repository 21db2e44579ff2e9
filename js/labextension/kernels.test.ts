import { afterEach, describe, expect, test, vi } from "vitest";
import { KernelError } from "../protocol/client.ts";
import { FakeLab, resultOf } from "../testing/fake-lab.ts";
import { pass } from "../testing/page.ts";
import { type Choice, Kernels, keyOf } from "./kernels.ts";
import { listStores } from "./questions.ts";

function build(lab = new FakeLab()) {
  const kernels = new Kernels({
    services: lab.app.serviceManager,
    rendermime: lab.rendermime,
    notebooks: lab.notebooks,
    fileBrowser: lab.fileBrowser,
    loadManager: async () => lab.manager,
  });
  return { lab, kernels };
}

const HERE: Choice = { kind: "own", folder: "lab/project" };

async function failureOf(promise: Promise<unknown>) {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  if (error instanceof KernelError) return error.failure;
  throw new Error(`not refused in words: ${error}`);
}

afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

describe("the panel's own kernel", () => {
  test("is a Python kernel that starts in the folder, once", async () => {
    const { lab, kernels } = build();
    const [one, other] = await Promise.all([kernels.connect(HERE), kernels.connect(HERE)]);
    expect(one).toBe(other);
    expect(lab.sessions.started).toEqual(["lab/project/Object stores"]);
    expect(lab.sessions.kernel().name).toBe("python3");
  });

  test("is found again after the page was loaded anew", async () => {
    const { lab, kernels } = build();
    lab.sessions.add("lab/project/Object stores", { type: "console" });
    await kernels.connect(HERE);
    expect(lab.sessions.started).toEqual([]);
  });

  test("draws its widgets by the widget manager, which then is in place", async () => {
    const { lab, kernels } = build();
    const connection = await kernels.connect(HERE);
    const renderer = await connection.render("m7");
    expect(renderer.node.dataset.owner).toBe("the widget manager");
    expect(renderer.node.dataset.model).toContain("m7");
    expect(lab.managed).toHaveLength(1);
  });

  test("is started anew after it ended, and not after it restarted", async () => {
    const { lab, kernels } = build();
    const connection = await kernels.connect(HERE);
    lab.sessions.kernel().turn("restarting");
    expect(await kernels.connect(HERE)).toBe(connection);
    lab.sessions.kernel().turn("dead");
    lab.sessions.models.length = 0;
    expect(await kernels.connect(HERE)).not.toBe(connection);
    expect(lab.sessions.started).toHaveLength(2);
    expect(lab.sessions.opened[0]?.wasShutDown).toBe(true);
  });

  test("without a Python kernel there is a remedy", async () => {
    const { lab, kernels } = build();
    lab.specs = { default: "ir", kernelspecs: { ir: { language: "R", display_name: "R" } } };
    const failure = await failureOf(kernels.connect(HERE));
    expect([failure.code, failure.hint]).toEqual(["no-python", expect.stringContaining("pip install")]);
  });

  test("one that does not start may be tried again", async () => {
    const { lab, kernels } = build();
    lab.sessions.refusal = new Error("no space left");
    expect((await failureOf(kernels.connect(HERE))).message).toContain("no space left");
    lab.sessions.refusal = undefined;
    await kernels.connect(HERE);
    expect(lab.sessions.started).toHaveLength(2);
  });
});

describe("a kernel that runs", () => {
  test("is offered when it is a Python kernel, and not one of the panel's own", async () => {
    const { lab, kernels } = build();
    lab.sessions.add("a.ipynb");
    lab.sessions.add("r.ipynb", { kernel: "ir" });
    lab.sessions.add("Object stores", { type: "console" });
    expect(kernels.running.value.map((choice) => choice.kind === "shared" && choice.name)).toEqual([
      "a.ipynb",
    ]);
  });

  test("of an open notebook is asked over the notebook's line and drawn by its manager", async () => {
    const { lab, kernels } = build();
    const panel = lab.openNotebook("a.ipynb");
    const connection = await kernels.connectNotebook(panel);
    expect(lab.sessions.opened).toHaveLength(1);
    expect((await connection.render("m1")).node.dataset.owner).toBe("a.ipynb");
    expect(lab.managed).toEqual([]);
  });

  test("of a notebook that is not open here gets a line of its own", async () => {
    const { lab, kernels } = build();
    const model = lab.sessions.add("a.ipynb");
    const connection = await kernels.connect({ kind: "shared", id: model.id, name: "a.ipynb" });
    expect((await connection.render("m1")).node.dataset.owner).toBe("the widget manager");
  });

  test("ends for the panel when the notebook is closed or takes another kernel", async () => {
    const { lab, kernels } = build();
    const panel = lab.openNotebook("a.ipynb");
    const endings: string[] = [];
    const connection = await kernels.connectNotebook(panel);
    connection.watch(({ failure, isFinal }) => endings.push(`${failure.message} ${isFinal}`));
    panel.dispose();
    panel.dispose();
    expect(endings).toEqual(["The notebook a.ipynb was closed. true"]);
    const other = lab.openNotebook("b.ipynb");
    const second = await kernels.connectNotebook(other);
    Object.assign(other.sessionContext, { session: null });
    (other.sessionContext.kernelChanged as unknown as { emit: (a: unknown, b: unknown) => void }).emit(0, 0);
    expect(second.isOver).toBe(true);
  });

  test("that is gone is told so", async () => {
    const { kernels } = build();
    const failure = await failureOf(kernels.connect({ kind: "shared", id: "gone", name: "a" }));
    expect(failure.code).toBe("gone");
  });
});

describe("a question", () => {
  test("leaves no trace in the kernel's history, and may ask for nothing", async () => {
    const { lab, kernels } = build();
    const connection = await kernels.connect(HERE);
    const contents: unknown[] = [];
    const kernel = lab.sessions.kernel();
    const ask = kernel.requestExecute;
    Object.assign(kernel, {
      requestExecute: (...args: Parameters<typeof ask>) => {
        contents.push(args[0]);
        return ask(...args);
      },
    });
    await connection.ask(listStores(true));
    expect(contents).toEqual([
      expect.objectContaining({ code: "", silent: true, store_history: false, allow_stdin: false }),
    ]);
  });

  test("that a failing cell took out of the queue is asked again", async () => {
    const { lab, kernels } = build();
    const connection = await kernels.connect(HERE);
    const kernel = lab.sessions.kernel();
    kernel.replies.push({ status: "aborted" }, { status: "aborted" });
    kernel.answer = () => resultOf({ fine: true });
    expect(await connection.ask("x")).toEqual({ fine: true });
    expect(kernel.asked).toHaveLength(3);
  });

  test("to a kernel that restarts waits until it is up again", async () => {
    const { lab, kernels } = build();
    const connection = await kernels.connect(HERE);
    const kernel = lab.sessions.kernel();
    vi.useFakeTimers();
    kernel.isUp = false;
    kernel.turn("restarting");
    const answer = connection.ask("x");
    kernel.turn("autorestarting");
    await pass(5000);
    expect(kernel.asked).toEqual([]);
    expect(kernel.reconnections).toBeGreaterThan(0);
    kernel.isUp = true;
    await pass(4000);
    await answer;
    expect(kernel.asked).toEqual(["x"]);
  });

  test("that the kernel's restart cut off is told so", async () => {
    const { lab, kernels } = build();
    const connection = await kernels.connect(HERE);
    lab.sessions.kernel().replies.push(new Error("Canceled future"));
    expect((await failureOf(connection.ask("x"))).message).toContain("went away");
  });
});

test("the folder is the file browser's, without the name of its drive", () => {
  const { lab, kernels } = build();
  lab.browseTo("RTC:lab/project");
  expect(keyOf({ kind: "own", folder: kernels.folder.value })).toBe("own:lab/project");
});
