/** Takes out what is seen: the frame as a PNG, a span as a clip, the line of Python. */

import { type Signal, untracked } from "@preact/signals-core";
import type { ClipFormat } from "../protocol/messages.ts";
import { ClipMaker, type ClipState, type ClipWish } from "../state/clip.ts";
import { findCodeLine } from "../state/code-line.ts";
import { formatSize } from "../state/format.ts";
import { clamp } from "../state/resolve.ts";
import type { ScrubberSession } from "../state/session.ts";
import { copyText } from "./clipboard.ts";
import { numberField, selectField, textButton } from "./controls.ts";
import { el, setText } from "./dom.ts";
import type { Scope } from "./scope.ts";
import type { Stage } from "./stage.ts";

const FORMATS: readonly { value: ClipFormat; label: string }[] = [
  { value: "mp4", label: "MP4" },
  { value: "gif", label: "GIF" },
];
/** A clip is this long at first, in frames. */
const USUAL_SPAN = 300;

export function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  el("a", { href: url, download: name }).click();
  // the browser takes the data over after this turn
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function savePicture(session: ScrubberSession, stage: Stage, tell: (text: string) => void): void {
  const [shown, movie] = [session.shown.peek(), session.movie.peek()];
  stage.snapshot().toBlob((blob) => {
    if (!blob) return tell("This browser could not make the picture.");
    const name = `${movie?.title || "movie"}_${shown?.index ?? 0}.png`;
    download(blob, name);
    tell(`Saved ${name}.`);
  });
}

async function copyCode(
  session: ScrubberSession,
  near: HTMLElement,
  tell: (text: string) => void,
): Promise<void> {
  const line = await findCodeLine(session);
  tell((await copyText(line, near)) ? `Copied ${line}` : line);
}

function labelled(label: string, field: HTMLElement): HTMLElement {
  return el("label", { class: "djo-inline" }, label, field);
}

class ClipForm {
  readonly node: HTMLElement;
  readonly #maker: ClipMaker;
  readonly #wish: { -readonly [K in keyof ClipWish]: ClipWish[K] };
  readonly #fields = new Map<string, HTMLInputElement>();
  readonly #progress = el("progress", { max: 1, value: 0, "aria-label": "Making the clip" });
  readonly #last: number;
  readonly #make: HTMLButtonElement;
  readonly #cancel: HTMLButtonElement;

  constructor(session: ScrubberSession, scope: Scope, tell: (text: string) => void) {
    this.#maker = new ClipMaker(session);
    this.#last = (session.movie.peek()?.frames ?? 1) - 1;
    this.#wish = { from: 0, to: 0, fps: 30, format: "mp4", scale: 1 };
    this.#make = textButton("Make clip", () => void this.#maker.make(this.#wish), { djo: "clip-make" });
    this.#cancel = textButton("Cancel", () => this.#maker.cancel(), { djo: "clip-cancel" });
    this.node = el(
      "div",
      { class: "djo-export-row", role: "group", "aria-label": "Clip" },
      ...this.#buildFields(this.#last),
      this.#make,
      this.#progress,
      this.#cancel,
    );
    scope.effect(() => this.#show(this.#maker.state.value, tell));
    scope.add(() => this.#maker.cancel());
  }

  /** Proposes a clip that begins at a frame. */
  propose(from: number, fps: number): void {
    Object.assign(this.#wish, { from, to: Math.min(this.#last, from + USUAL_SPAN), fps });
    for (const [name, field] of this.#fields) field.value = String(this.#wish[name as keyof ClipWish]);
  }

  #buildFields(last: number): HTMLElement[] {
    const wish = this.#wish;
    const number = (name: "from" | "to" | "fps" | "scale", label: string, low: number, high: number) => {
      const field = numberField(`Clip: ${label}`, (value) => {
        wish[name] = clamp(name === "fps" ? value : Math.round(value), low, high);
        field.value = String(wish[name]);
      });
      this.#fields.set(name, field);
      field.dataset.djo = `clip-${name}`;
      return labelled(label, field);
    };
    const format = selectField("Clip: format", FORMATS, (value) => (wish.format = value as ClipFormat), {
      djo: "clip-format",
    });
    return [
      number("from", "from", 0, last),
      number("to", "to", 0, last),
      number("fps", "fps", 1, 240),
      number("scale", "scale", 1, 8),
      format,
    ];
  }

  #show(state: ClipState, tell: (text: string) => void): void {
    const isMaking = state.step === "making";
    this.#make.hidden = isMaking;
    this.#cancel.hidden = !isMaking;
    this.#progress.hidden = !isMaking;
    if (state.step === "making") {
      this.#progress.value = state.total > 0 ? state.done / state.total : 0;
      tell(`Making the clip: ${state.done} of ${state.total} frames`);
    } else if (state.step === "failed") {
      tell(`${state.failure.message} ${state.failure.hint}`.trim());
    } else if (state.step === "ready") {
      download(state.blob, state.name);
      tell(`Saved ${state.name}, ${formatSize(state.size)}.`);
    }
  }
}

export function buildExportMenu(
  session: ScrubberSession,
  scope: Scope,
  { stage, open }: { readonly stage: Stage; readonly open: Signal<boolean> },
): HTMLElement {
  const said = el("p", { class: "djo-export-said", djo: "export-said", role: "status" });
  const tell = (text: string) => setText(said, text);
  const picture = textButton("Save frame as PNG", () => savePicture(session, stage, tell), {
    djo: "save-png",
  });
  const code = textButton("Copy as Python", () => void copyCode(session, said, tell), { djo: "copy-code" });
  const hasClips = !session.isSaved && (session.movie.peek()?.frames ?? 1) > 1;
  const clip = hasClips ? new ClipForm(session, scope, tell) : null;
  const node = el(
    "div",
    {
      class: "djo-export",
      role: "group",
      "aria-label": "Save and copy",
      on: {
        keydown: (event) => {
          if (event.key === "Escape") open.value = false;
        },
      },
    },
    el("div", { class: "djo-export-row" }, picture, code),
    ...(clip ? [clip.node] : []),
    said,
  );
  scope.effect(() => {
    node.hidden = !open.value;
    if (!open.value) return tell("");
    untracked(() => {
      const shown = session.shown.peek();
      if (shown) clip?.propose(shown.index, shown.fps);
    });
  });
  return node;
}
