/**
 * A wizard without its looks: the store that is being set up, what the kernel says of it, and the way through
 * the steps.
 *
 *     const wizard = new WizardSession(client);
 *     await wizard.start();
 *     wizard.choose("folder");
 *     wizard.fill("location", "/data/lab");
 */

import { batch, computed, type ReadonlySignal, signal } from "@preact/signals-core";
import { type Client, isAborted } from "../protocol/client.ts";
import type { Failure } from "../protocol/messages.ts";
import { learnResults } from "../protocol/results.ts";
import {
  type Checked,
  type DraftParams,
  type FieldInfo,
  type FieldProblem,
  type FieldValue,
  type KindInfo,
  parseStep,
  type Review,
  SETUP_RESULTS,
  type SetupFacts,
  type StepInfo,
  type Written,
} from "../protocol/setup.ts";
import { describeFailure } from "./failure.ts";

learnResults(SETUP_RESULTS);

/** Typing rests for this many ms before it is checked. */
const CHECK_AFTER = 250;
const NOTHING: Checked = { problems: [], example: "", place: "" };

export type StepName = "store" | "place" | "layout" | "secrets" | "test" | "review" | "use";
export const STEPS: readonly { readonly name: StepName; readonly label: string }[] = [
  { name: "store", label: "Store" },
  { name: "place", label: "Place" },
  { name: "secrets", label: "Secrets" },
  { name: "layout", label: "Layout" },
  { name: "test", label: "Test" },
  { name: "review", label: "Review" },
  { name: "use", label: "Use" },
];

export type Testing = "no" | "running" | "done" | "stopped";

export class WizardSession {
  readonly facts = signal<SetupFacts | null>(null);
  readonly step = signal<StepName>("store");
  readonly kind = signal<KindInfo | null>(null);
  readonly name = signal("main");
  readonly values = signal<Readonly<Record<string, FieldValue>>>({});
  readonly isDefault = signal(true);
  readonly isFilepathDefault = signal(false);
  /** The store that is edited; "" for a new one. */
  readonly edits = signal("");
  /** Fields whose secret the kernel, or the store that is edited, has. */
  readonly given = signal<ReadonlySet<string>>(new Set());
  readonly checked = signal<Checked>(NOTHING);
  /** Fields whose problems are shown: those that were filled in, and all of a step that was to be left. */
  readonly touched = signal<ReadonlySet<string>>(new Set());
  readonly testing = signal<Testing>("no");
  readonly tested = signal<readonly StepInfo[]>([]);
  readonly note = signal("");
  readonly target = signal<number | null>(0);
  readonly review = signal<Review | null>(null);
  readonly written = signal<Written | null>(null);
  readonly failure = signal<Failure | null>(null);
  readonly busy = signal(false);
  readonly steps: ReadonlySignal<readonly StepName[]> = computed(() => this.#steps());

  /** Whether it was tested as it is filled in now, and every step went well. */
  readonly works: ReadonlySignal<boolean> = computed(
    () => this.testing.value === "done" && !this.tested.value.some(({ status }) => status === "failed"),
  );

  readonly #client: Client;
  readonly #stopListening: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #checking = new AbortController();
  #test = new AbortController();
  /** Secrets that are on their way to the kernel. */
  #sending: Promise<void> = Promise.resolve();

  constructor(client: Client) {
    this.#client = client;
    this.#stopListening = client.onEvent((name, data) => {
      if (name === "setup_step" && this.testing.peek() === "running")
        this.tested.value = [...this.tested.peek(), parseStep(data)];
    });
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#checking.abort();
    this.#test.abort();
    this.#stopListening();
  }

  /** Asks what there is to set up; also the way back to the first step. */
  async start(): Promise<void> {
    await this.#try(async () => {
      const { result } = await this.#client.request("setup_start", {});
      batch(() => {
        this.facts.value = result;
        this.isDefault.value = !result.stores.some((store) => store.is_default);
        this.target.value = 0;
        this.#forget();
        this.step.value = "store";
      });
    });
  }

  /** Begins a store of a kind; one that was begun goes on if it is of that kind. */
  async choose(kind: string): Promise<void> {
    const isSame = this.kind.peek()?.name === kind && this.edits.peek() === "";
    if (!isSame) await this.start(); // the kernel forgets the secrets of the other one
    const found = this.facts.peek()?.kinds.find((one) => one.name === kind);
    if (!found || this.failure.peek()) return;
    batch(() => {
      if (!isSame) this.name.value = this.#freeName();
      this.kind.value = found;
      this.step.value = "place";
    });
  }

  async edit(name: string): Promise<void> {
    await this.#try(async () => {
      const { result } = await this.#client.request("setup_open", { name });
      const kind = this.facts.peek()?.kinds.find((one) => one.name === result.kind) ?? null;
      batch(() => {
        this.#forget();
        this.kind.value = kind;
        this.name.value = result.name;
        this.values.value = result.values;
        this.edits.value = result.name;
        this.given.value = new Set(result.secrets);
        this.isDefault.value = result.is_default;
        this.isFilepathDefault.value = result.is_filepath_default;
        this.step.value = "place";
      });
    });
  }

  /** Shows what removing a store would write. */
  remove(name: string): Promise<void> {
    return this.#show(() => this.#client.request("setup_remove", { name, target: 0 }));
  }

  chooseDefaults(names: { default: string; filepath_default: string }): Promise<void> {
    return this.#show(() => this.#client.request("setup_defaults", { ...names, target: 0 }));
  }

  importOlder(): Promise<void> {
    return this.#show(() => this.#client.request("setup_import", {}));
  }

  rename(name: string): void {
    this.name.value = name;
    this.#touch("name");
  }

  fill(field: string, value: FieldValue): void {
    this.values.value = { ...this.values.peek(), [field]: value };
    this.#touch(field);
  }

  /** Hands a secret to the kernel; it is kept nowhere in the page. */
  giveSecret(field: string, secret: string): Promise<void> {
    const sent = this.#try(async () => {
      const { result } = await this.#client.request("setup_secret", { secrets: { [field]: secret } });
      const kept = [...this.given.peek()].filter((name) => name !== field || secret !== "");
      this.given.value = new Set([...kept, ...result.given]);
      this.#touch(field);
      // not busy: leaving the field by a press on Next must not take that press's button away
    }, false);
    this.#sending = Promise.all([this.#sending, sent]).then(() => undefined);
    return sent;
  }

  /** Leaves a step when nothing in it is wrong. */
  async next(): Promise<void> {
    await this.#sending;
    const step = this.step.peek();
    if (step === "place" || step === "layout" || step === "secrets") {
      await this.check();
      this.touched.value = new Set([...this.touched.peek(), ...this.#fieldsOf(step)]);
      if (this.problemsOf(step).length > 0) return;
    }
    this.#go(1);
  }

  back(): void {
    this.#go(-1);
  }

  /** Goes to a step that was passed already. */
  goTo(step: StepName): void {
    const steps = this.steps.peek();
    if (steps.indexOf(step) < steps.indexOf(this.step.peek())) this.#enter(step);
  }

  /** The problems of the fields of a step, and those of no field, which are told where one leaves the form. */
  problemsOf(step: StepName): readonly FieldProblem[] {
    const fields = this.#fieldsOf(step);
    const isLast = step === "layout";
    return this.checked.peek().problems.filter(({ field }) => fields.has(field) || (isLast && field === ""));
  }

  async check(): Promise<void> {
    clearTimeout(this.#timer);
    this.#checking.abort();
    this.#checking = new AbortController();
    const { signal } = this.#checking;
    await this.#try(async () => {
      const { result } = await this.#client.request("setup_check", this.#draft(), { signal });
      this.checked.value = result;
    }, false);
  }

  async runTest(): Promise<void> {
    this.#test.abort();
    this.#test = new AbortController();
    const { signal } = this.#test;
    batch(() => {
      this.testing.value = "running";
      this.tested.value = [];
      this.note.value = "";
      this.failure.value = null;
    });
    try {
      const { result } = await this.#client.request("setup_test", this.#draft(), { signal });
      batch(() => {
        this.tested.value = result.steps;
        this.note.value = result.note;
        this.testing.value = "done";
      });
    } catch (error) {
      this.testing.value = "stopped";
      if (!isAborted(error)) this.failure.value = describeFailure(error);
    }
  }

  stopTest(): void {
    this.#test.abort();
  }

  /** Chooses the file to write; null for the environment. */
  chooseTarget(target: number | null): void {
    this.target.value = target;
    void this.#loadReview();
  }

  async write(): Promise<void> {
    const review = this.review.peek();
    if (!review?.review) return;
    await this.#try(async () => {
      const { result } = await this.#client.request("setup_write", { review: review.review });
      batch(() => {
        this.written.value = result;
        this.given.value = new Set();
        this.step.value = "use";
      });
    });
  }

  #draft(): DraftParams {
    const edits = this.edits.peek();
    return {
      kind: this.kind.peek()?.name ?? "",
      name: this.name.peek(),
      values: this.values.peek(),
      is_default: this.isDefault.peek(),
      is_filepath_default: this.isFilepathDefault.peek(),
      ...(edits ? { edits } : {}),
    };
  }

  #touch(field: string): void {
    this.touched.value = new Set([...this.touched.peek(), field]);
    this.testing.value = "no";
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.check(), CHECK_AFTER);
  }

  #steps(): readonly StepName[] {
    const kind = this.kind.value;
    if (!kind) return ["store", "review", "use"];
    const hasSecrets = kind.fields.some((field) => field.section === "secrets");
    return STEPS.map(({ name }) => name).filter((name) => name !== "secrets" || hasSecrets);
  }

  #fieldsOf(step: StepName): ReadonlySet<string> {
    const sections = step === "layout" ? ["layout", "more"] : [step];
    const fields: readonly FieldInfo[] = this.kind.peek()?.fields ?? [];
    const names = fields.filter(({ section }) => sections.includes(section)).map(({ name }) => name);
    return new Set(step === "place" ? ["name", ...names] : names);
  }

  #go(by: number): void {
    const steps = this.steps.peek();
    const next = steps[steps.indexOf(this.step.peek()) + by];
    if (next) this.#enter(next);
  }

  #enter(step: StepName): void {
    this.failure.value = null;
    this.step.value = step;
    if (step === "layout") void this.check();
    if (step === "review" && this.kind.peek()) void this.#loadReview();
  }

  #loadReview(): Promise<void> {
    const target = this.target.peek();
    const where = target === null ? {} : { target };
    return this.#show(() => this.#client.request("setup_review", { ...this.#draft(), ...where }), true);
  }

  async #show(ask: () => Promise<{ result: Review }>, hasForm = false): Promise<void> {
    this.review.value = null;
    await this.#try(async () => {
      const { result } = await ask();
      batch(() => {
        if (!hasForm) this.kind.value = null;
        this.review.value = result;
        this.step.value = "review";
      });
    });
  }

  #forget(): void {
    batch(() => {
      this.kind.value = null;
      this.values.value = {};
      this.edits.value = "";
      this.given.value = new Set();
      this.checked.value = NOTHING;
      this.touched.value = new Set();
      this.testing.value = "no";
      this.tested.value = [];
      this.review.value = null;
      this.written.value = null;
      this.failure.value = null;
    });
  }

  #freeName(): string {
    const taken = new Set(this.facts.peek()?.stores.map((store) => store.name));
    for (let number = 1; ; number++) {
      const name = number === 1 ? "main" : `store${number}`;
      if (!taken.has(name)) return name;
    }
  }

  async #try(act: () => Promise<void>, isSlow = true): Promise<void> {
    this.busy.value = isSlow;
    try {
      await act();
      this.failure.value = null;
    } catch (error) {
      if (!isAborted(error)) this.failure.value = describeFailure(error);
    } finally {
      this.busy.value = false;
    }
  }
}
