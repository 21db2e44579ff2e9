/** The fixture that the Python tests read too: both sides speak of the same messages. */

import { describe, expect, it } from "vitest";
import fixture from "../../tests/fixtures/messages.json";
import { buildCancel, buildCredit, buildPlay, buildRequest, buildStop } from "./build.ts";
import type { Encoding, Method, Methods, PlayOptions, ToKernel } from "./messages.ts";
import { PROTOCOL } from "./messages.ts";
import { parseMessage } from "./parse.ts";
import { parseResult } from "./results.ts";

type Loose = Record<string, unknown> & { kind: string; view: string; id: number; stream: number; n: number };

function rebuild(message: Loose): ToKernel {
  const { kind, view, id, stream, n, ...rest } = message;
  if (kind === "request")
    return buildRequest(view, id, rest.method as Method, rest.params as Methods[Method]["params"]);
  if (kind === "cancel") return buildCancel(view, id);
  if (kind === "play") return buildPlay(view, id, { stream, ...rest } as unknown as PlayOptions);
  if (kind === "credit") return buildCredit(view, stream, n, rest.encoding as Encoding | undefined);
  return buildStop(view, stream);
}

describe("messages to the kernel", () => {
  it.each(fixture.to_kernel.map((message) => [JSON.stringify(message), message] as const))(
    "builds %s",
    (_, message) => {
      expect(rebuild(message as unknown as Loose)).toEqual(message);
    },
  );

  it("shares the version of the protocol", () => {
    expect(PROTOCOL).toBe(fixture.protocol);
  });
});

describe("messages to the browser", () => {
  it.each(fixture.to_browser.map((message) => [JSON.stringify(message).slice(0, 80), message] as const))(
    "reads %s",
    (_, message) => {
      expect(parseMessage(message)).toMatchObject(message);
    },
  );

  it("reads the description of a movie", () => {
    const answer = fixture.to_browser.find((message) => "protocol" in message);
    expect(parseResult("describe", answer?.result)).toMatchObject(answer?.result ?? {});
  });

  it.each([
    ["null", null],
    ["a list", []],
    ["an unknown kind", { kind: "evaluate", view: "a" }],
    ["a response without id", { kind: "response", view: "a", ok: true }],
    ["a negative index", { kind: "frame", view: "a", stream: 1, index: -1, dtype: "|u1", shape: [1, 1] }],
    ["an unknown dtype", { kind: "frame", view: "a", stream: 1, index: 1, dtype: ">u2", shape: [1, 1] }],
    [
      "an unknown encoding",
      { kind: "frame", view: "a", stream: 1, index: 1, dtype: "|u1", shape: [1, 1], encoding: "br" },
    ],
    ["a shape of three", { kind: "frame", view: "a", stream: 1, index: 1, dtype: "|u1", shape: [1, 1, 1] }],
    ["an error without message", { kind: "response", view: "a", id: 1, ok: false, error: { code: "x" } }],
  ])("refuses %s", (_, message) => {
    expect(() => parseMessage(message)).toThrow(expect.objectContaining({ name: "ProtocolError" }));
  });

  it("names the field that is wrong", () => {
    const broken = { kind: "frame", view: "a", stream: 1, index: "17", dtype: "|u1", shape: [1, 1] };
    expect(() => parseMessage(broken)).toThrow('index must be a whole number of 0 or more, got "17"');
  });
});
