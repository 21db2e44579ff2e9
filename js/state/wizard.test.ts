import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { modelChannel } from "../protocol/channel.ts";
import { Client } from "../protocol/client.ts";
import type { DraftParams, FieldInfo, SetupFacts, StepInfo } from "../protocol/setup.ts";
import { FakeKernel } from "../testing/fake-kernel.ts";
import { FakeModel } from "../testing/fake-model.ts";
import { enter, find, pass, press } from "../testing/page.ts";
import { WizardView } from "../ui/wizard-view.ts";
import { WizardSession } from "./wizard.ts";

const SECRET = "canary-0f9e8d";

function field(name: string, section: FieldInfo["section"], more: Partial<FieldInfo> = {}): FieldInfo {
  const words = { label: name, help: `What ${name} is.`, example: "" };
  return { name, section, type: "text", required: false, default: null, choices: [], ...words, ...more };
}

const KEYS = [
  field("access_key", "secrets", { type: "secret" }),
  field("secret_key", "secrets", { type: "secret" }),
];
const FACTS: SetupFacts = {
  kinds: [
    {
      name: "folder",
      label: "Folder",
      help: "On a disk.",
      fields: [field("location", "place", { required: true })],
    },
    { name: "aws", label: "Amazon S3", help: "A bucket.", fields: [field("bucket", "place"), ...KEYS] },
  ],
  stores: [],
  targets: [{ path: "/lab/datajoint.json", exists: false, is_elsewhere: false }],
  older: false,
  problem: "",
};
const REVIEW = {
  review: "r1",
  diff: '--- /dev/null\n+++ /lab/datajoint.json\n+{"<b>": 1}\n',
  file: "/lab/datajoint.json",
  is_elsewhere: false,
  backup: "",
  files: [{ path: "/lab/.secrets/stores.main.secret_key", mode: "0600", action: "write" }],
  notes: [],
  environment: "export DJ_STORES='{}'",
  python: "djo.enable()",
};
const STEP = { step: "resolve", status: "ok", message: "", hint: "", seconds: 0.001 };

function answer(method: string, params: unknown): object {
  const draft = params as DraftParams;
  const missing = draft.values?.location === undefined && draft.kind === "folder";
  const given = Object.keys((params as { secrets?: object }).secrets ?? {});
  const results: Record<string, object> = {
    setup_start: FACTS,
    setup_check: {
      problems: missing ? [{ field: "location", message: "location is required", hint: "" }] : [],
      example: "/data/_schema/x",
      place: "/data",
    },
    setup_secret: { given },
    setup_test: { steps: [STEP], note: "" },
    setup_review: REVIEW,
    setup_write: { files: [REVIEW.file], python: REVIEW.python },
  };
  return results[method] ?? {};
}

let model: FakeModel;
let kernel: FakeKernel;
let session: WizardSession;
let view: WizardView;

beforeEach(async () => {
  vi.useFakeTimers();
  model = new FakeModel();
  kernel = new FakeKernel(model, {});
  kernel.answers = (method, params) => ({ result: answer(method, params), buffers: [] });
  session = new WizardSession(new Client(modelChannel(model.proxy())));
  view = new WizardView(session);
  document.body.append(view.node);
  await pass(10);
});

afterEach(() => {
  view.dispose();
  vi.useRealTimers();
});

function sentWith(text: string): unknown[] {
  return model.sent.filter((message) => JSON.stringify(message).includes(text));
}

/** A folder that is filled in, and a number of steps gone on. */
async function fillInFolder(steps: number): Promise<void> {
  await Promise.all([session.choose("folder"), pass(10)]);
  session.fill("location", "/data");
  for (let i = 0; i < steps; i++) await Promise.all([session.next(), pass(10)]);
}

describe("a wizard", () => {
  it("does not leave a step while a field of it is wrong, and says so beside the field", async () => {
    find(view.node, "kind-folder").click();
    await pass(10);
    find(view.node, "next").click();
    await pass(10);
    expect(session.step.value).toBe("place");
    expect(find(view.node, "problem-location").textContent).toBe("Location is required.");
    expect(find(view.node, "location").getAttribute("aria-invalid")).toBe("true");
    enter(find(view.node, "location"), "/data", "input");
    find(view.node, "next").click();
    await pass(10);
    expect(session.step.value).toBe("layout");
  });

  it("asks for no secrets where a kind has none", async () => {
    find(view.node, "kind-folder").click();
    await pass(10);
    expect(session.steps.value).not.toContain("secrets");
  });

  it("goes on with the press on Next that leaves the field of a secret", async () => {
    find(view.node, "kind-aws").click();
    await pass(10);
    press(find(view.node, "bucket"), "Enter");
    await pass(10);
    const input = find<HTMLInputElement>(view.node, "secret_key");
    input.value = SECRET;
    input.dispatchEvent(new Event("blur"));
    expect(find<HTMLButtonElement>(view.node, "next").disabled).toBe(false);
    find(view.node, "next").click();
    await pass(300);
    expect(session.given.value.has("secret_key")).toBe(true);
    expect(session.step.value).toBe("layout");
  });

  it("sends a secret once, by itself, and keeps it nowhere", async () => {
    find(view.node, "kind-aws").click();
    await pass(10);
    press(find(view.node, "bucket"), "Enter");
    await pass(10);
    const input = find<HTMLInputElement>(view.node, "secret_key");
    enter(input, SECRET);
    expect(input.value).toBe("");
    await pass(10);
    for (const step of ["next", "next"]) {
      find(view.node, step).click();
      await pass(300);
    }
    expect(sentWith(SECRET)).toEqual([
      expect.objectContaining({ method: "setup_secret", params: { secrets: { secret_key: SECRET } } }),
    ]);
    expect(view.node.outerHTML).not.toContain(SECRET);
    expect(JSON.stringify(model.saved)).not.toContain(SECRET);
  });

  it("waits for a secret on its way before it goes on", async () => {
    find(view.node, "kind-aws").click();
    await pass(10);
    find(view.node, "next").click();
    await pass(10);
    const input = find<HTMLInputElement>(view.node, "secret_key");
    input.value = SECRET;
    press(input, "Enter");
    await pass(300);
    const methods = model.sent.map((message) => (message as { method?: string }).method);
    expect(methods.lastIndexOf("setup_check")).toBeGreaterThan(methods.indexOf("setup_secret"));
    expect(session.step.value).toBe("layout");
  });

  it("tests only when asked, ticks the steps off, and can be stopped", async () => {
    await fillInFolder(2);
    expect(session.step.value).toBe("test");
    expect(sentWith("setup_test")).toEqual([]);
    kernel.delay = 1000;
    find(view.node, "test").click();
    model.receive({ kind: "event", view: "*", name: "setup_step", data: { id: 1, ...STEP } });
    expect(find(view.node, "step-resolve").textContent).toContain("ok");
    find(view.node, "stop").click();
    await pass(10);
    expect(session.testing.value).toBe("stopped");
    expect(sentWith('"cancel"')).toHaveLength(1);
  });

  it("asks to be tested until the store works, and then to go on", async () => {
    const pressed = () =>
      [...view.node.querySelectorAll<HTMLElement>(".djo-primary")].map(({ dataset }) => dataset.djo);
    await fillInFolder(2);
    expect(pressed()).toEqual(["test"]);
    find(view.node, "test").click();
    await pass(10);
    expect(pressed()).toEqual(["next"]);
    session.tested.value = [{ ...session.tested.value[0], status: "failed" } as StepInfo];
    expect(pressed()).toEqual(["test"]);
  });

  it("writes only what was reviewed, and shows it as text", async () => {
    await fillInFolder(3);
    expect(find(view.node, "diff").textContent).toBe(`${REVIEW.diff}\n`);
    expect(view.node.querySelector("b")).toBeNull();
    expect(find(view.node, "files").textContent).toContain("0600");
    find(view.node, "write").click();
    await pass(10);
    expect(sentWith("setup_write")).toEqual([expect.objectContaining({ params: { review: "r1" } })]);
    expect(find(view.node, "code").textContent).toBe("djo.enable()");
  });

  it("shows what the kernel refuses, and stays usable", async () => {
    kernel.failures.set("setup_review", { code: "x", message: "the file is no JSON", hint: "correct it" });
    await fillInFolder(3);
    expect(find(view.node, "error").textContent).toContain("The file is no JSON.");
    kernel.failures.clear();
    session.chooseTarget(0);
    await pass(10);
    expect(find(view.node, "diff").textContent).toContain("datajoint.json");
  });

  it("leaves nothing behind", () => {
    view.dispose();
    expect(document.querySelector(".djo-wizard")).toBeNull();
  });
});
