import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { modelChannel } from "../protocol/channel.ts";
import { Client } from "../protocol/client.ts";
import { FakeKernel } from "../testing/fake-kernel.ts";
import { FakeModel } from "../testing/fake-model.ts";
import { find, findAll, pass } from "../testing/page.ts";
import { buildActions } from "./object-actions.ts";
import { Scope } from "./scope.ts";

let model: FakeModel;
let kernel: FakeKernel;
let scope: Scope;

function build(isWhole = true): HTMLElement {
  const client = new Client(modelChannel(model.proxy()));
  const node = buildActions(client, { nodes: ["n1"], isWhole, folder: "/home/me/downloads" }, scope);
  document.body.append(node);
  return node;
}

async function press(root: HTMLElement, name: string): Promise<string> {
  find(root, name).click();
  await pass(10);
  return find(root, "outcome").textContent ?? "";
}

beforeEach(() => {
  vi.useFakeTimers();
  model = new FakeModel();
  kernel = new FakeKernel(model, { delay: 1 });
  scope = new Scope();
});

afterEach(() => {
  scope.dispose();
  kernel.stop();
  document.body.replaceChildren();
  vi.useRealTimers();
});

it("names each file that is not as it was written", async () => {
  const findings = [{ file: "<i>a</i>", message: "missing" }];
  kernel.answers = () => ({ result: { ok: false, files: 2, findings, note: "" }, buffers: [] });
  const root = build();
  expect(await press(root, "verify")).toContain("1 files are not as they were written.<i>a</i> missing");
  expect(root.querySelector("i")).toBeNull();
});

it("reads contents only when asked to", async () => {
  kernel.answers = () => ({ result: { ok: true, files: 2, findings: [], note: "" }, buffers: [] });
  const root = build();
  await press(root, "verify");
  await press(root, "verify-data");
  expect(model.sent).toMatchObject([{ params: { read_data: false } }, { params: { read_data: true } }]);
});

it("says where a file was saved", async () => {
  kernel.answers = () => ({ result: { name: "a", mime: "", size: 0, path: "/home/me/a" }, buffers: [] });
  expect(await press(build(), "save")).toContain("/home/me/a");
});

it("shows the progress of long work, and stops it", async () => {
  kernel.delay = 10_000;
  const root = build();
  await press(root, "save");
  model.receive({ kind: "progress", view: "*", id: 1, done: 5, total: 10, note: "downloading" });
  expect(root.querySelector("progress")?.value).toBe(5);
  expect(await press(root, "stop")).toContain("Stopped.");
  expect(model.sent.at(-1)).toMatchObject({ kind: "cancel" });
});

it("tells what the kernel refuses", async () => {
  kernel.failures.set("save", { code: "x", message: "a page takes at most 20 MB", hint: "save it" });
  expect(await press(build(), "download")).toContain("A page takes at most 20 MB.Save it.");
});

it("offers no record where there is none", () => {
  expect(findAll(build(false), "verify")).toEqual([]);
});
