import { describe, expect, it } from "vitest";
import { pass } from "../testing/page.ts";
import { DAMAGED, useScrubberPage } from "../testing/scrubber-page.ts";

const page = useScrubberPage();

describe("the first frame", () => {
  it("is asked for together with the description, once", async () => {
    page.build({ position: 17 });
    const root = page.show();
    expect(page.sent("request").map((message) => message.kind === "request" && message.method)).toEqual([
      "describe",
      "frame",
    ]);
    await pass(20);
    expect(root.dataset.frame).toBe("17");
    const asked = page.requests("frame").filter((one) => JSON.stringify(one).includes('"index":17'));
    expect(asked).toHaveLength(1);
  });

  it("may lie beyond the end of the movie", async () => {
    const root = await page.open({ position: 1000 });
    expect(root.dataset.frame).toBe("59");
  });

  it("that can't be read is told", async () => {
    page.build({ position: 50 });
    page.kernel.failures.set("frame/50", DAMAGED);
    const root = page.show();
    await pass(200);
    expect(root.textContent).toContain("is damaged");
  });
});
