import { describe, expect, test } from "vitest";
import { KernelError } from "../protocol/client.ts";
import { errorOf, LISTING, resultOf } from "../testing/fake-lab.ts";
import { listStores, newTicket, parseAnswer, parseListing, showObject, showStore } from "./questions.ts";

function failureOf(act: () => unknown) {
  try {
    act();
  } catch (error) {
    if (error instanceof KernelError) return error.failure;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("what is asked", () => {
  test("is one expression that leaves no name behind", () => {
    expect(listStores(true)).toBe(
      '__import__("dj_objectstore.widgets.panel", fromlist=["panel"]).list_stores(reread=True)',
    );
  });

  test("a name that looks like code stays a text", () => {
    const question = showStore('main"); import os #\n', "t1");
    expect(question.endsWith('.show_store("main\\"); import os #\\n", "t1")')).toBe(true);
  });

  test.each(["", "g1", "0".repeat(33), 'a"', "a\n", 7, null, undefined, ["ab"]])(
    "a link with the handle %j is refused",
    (handle) => {
      expect(() => showObject(handle, "t1")).toThrow(TypeError);
    },
  );

  test("a link with a handle is asked for", () => {
    expect(showObject("0f".repeat(16), "t1")).toContain(`show_object("${"0f".repeat(16)}", "t1")`);
  });

  test("no two tickets are alike, and each is safe in an expression", () => {
    const tickets = new Set(Array.from({ length: 100 }, newTicket));
    expect(tickets.size).toBe(100);
    for (const ticket of tickets) expect(ticket).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe("what is answered", () => {
  test("a list of stores", () => {
    const listing = parseListing(parseAnswer(resultOf(LISTING), "a.ipynb"));
    expect(listing.folder).toBe("/home/lab");
    expect(listing.stores.map(({ name, isDefault }) => [name, isDefault])).toEqual([
      ["main", true],
      ["cloud", false],
    ]);
  });

  test("an error in words, with what to do", () => {
    const failure = failureOf(() => parseAnswer(errorOf("configuration", "no JSON", "Correct it."), "x"));
    expect(failure).toEqual({ code: "configuration", message: "no JSON", hint: "Correct it." });
  });

  test.each([
    ["ModuleNotFoundError", "No module named 'dj_objectstore'", "no-package", "pip install dj-objectstore"],
    ["ModuleNotFoundError", "No module named 'dj_objectstore.widgets.panel'", "older-package", "--upgrade"],
    ["AttributeError", "module has no attribute 'show_object'", "older-package", "--upgrade"],
    ["ImportError", "secret-in-an-error", "broken-package", "import dj_objectstore"],
  ])("%s (%s) means %s", (ename, evalue, code, remedy) => {
    const failure = failureOf(() =>
      parseAnswer({ status: "error", ename, evalue, traceback: [] }, "a.ipynb"),
    );
    expect(failure.code).toBe(code);
    expect(failure.hint).toContain(remedy);
    expect(failure.message).toContain("a.ipynb");
    expect(JSON.stringify(failure)).not.toContain("secret-in-an-error");
  });

  test.each([null, {}, { status: "ok" }, { status: "ok", data: {} }])("%j is no answer", (answer) => {
    expect(() => parseAnswer(answer, "x")).toThrow();
  });
});
