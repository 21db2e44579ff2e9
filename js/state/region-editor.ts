/**
 * Drawing and changing regions: what is selected, what is under way, and the way back.
 *
 * While something is dragged it is a `draft`; only what is finished reaches `regions`, and so Python.
 */

import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import type { Pair, RegionShape } from "../protocol/messages.ts";
import {
  handlesOf,
  insertCorner,
  isUsable,
  middleOfEdge,
  moveHandle,
  nameNext,
  nearestHandle,
  removeCorner,
  resolveRegions,
} from "./regions.ts";
import type { Region, ScrubberTraits, Signals } from "./settings.ts";
import type { Size } from "./viewport.ts";

export const TOOLS = ["rectangle", "ellipse", "polygon", "freehand"] as const;
export type Tool = (typeof TOOLS)[number];

const MOST_UNDOS = 100;

function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(4)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

export class RegionEditor {
  readonly tool = signal<Tool | null>(null);
  readonly selected = signal<string | null>(null);
  /** The corner of the selected region that keys act on, as one of its handles. */
  readonly corner = signal(0);
  /** A region that is being drawn or changed; it hides the finished one with its id. */
  readonly draft = signal<Region | null>(null);
  readonly regions: ReadonlySignal<readonly Region[]>;
  /** The regions with the draft among them. */
  readonly shown: ReadonlySignal<readonly Region[]>;
  readonly canUndo: ReadonlySignal<boolean>;
  readonly #rois: Signal<readonly Region[]>;
  readonly #mask: Signal<number>;
  readonly #past = signal<readonly (readonly Region[])[]>([]);
  readonly #future: (readonly Region[])[] = [];

  constructor({ rois, mask }: Pick<Signals<ScrubberTraits>, "rois" | "mask">) {
    this.#rois = rois;
    this.#mask = mask;
    this.regions = computed(() => resolveRegions(rois.value));
    this.shown = computed(() => this.#withDraft());
    this.canUndo = computed(() => this.#past.value.length > 0);
  }

  find(id: string | null): Region | undefined {
    return this.regions.peek().find((region) => region.id === id);
  }

  /** Selects a region, or nothing; a given mask and a region are never selected together. */
  select(id: string | null): void {
    if (id !== this.selected.peek()) this.corner.value = 0;
    this.selected.value = id;
    if (id !== null) this.#mask.value = -1;
  }

  selectMask(mask: number): void {
    this.selected.value = null;
    this.#mask.value = mask;
  }

  /** Begins a region of this shape with a name and a colour of its own. */
  begin(shape: RegionShape): Region {
    const region = { id: newId(), ...nameNext(this.regions.peek()), ...shape };
    this.draft.value = region;
    return region;
  }

  /** Makes the draft a region, unless it has no extent. */
  finish(): void {
    const draft = this.draft.peek();
    this.draft.value = null;
    if (!draft || !isUsable(draft)) return;
    if (draft !== this.find(draft.id)) this.#put(draft);
    this.select(draft.id);
  }

  cancel(): void {
    this.draft.value = null;
  }

  add(shape: RegionShape): void {
    this.begin(shape);
    this.finish();
  }

  /** Changes a finished region at once. */
  change(id: string, change: (region: Region) => Region): void {
    const region = this.find(id);
    const changed = region && change(region);
    if (changed && changed !== region && isUsable(changed)) this.#put(changed);
  }

  rename(id: string, name: string): void {
    if (name.trim()) this.change(id, (region) => ({ ...region, name: name.trim() }));
  }

  recolor(id: string, color: string): void {
    this.change(id, (region) => ({ ...region, color }));
  }

  remove(id: string): void {
    const regions = this.regions.peek();
    const at = regions.findIndex((region) => region.id === id);
    if (at < 0) return;
    const rest = regions.filter((region) => region.id !== id);
    this.#save(rest);
    if (this.selected.peek() === id) this.select(rest[Math.min(at, rest.length - 1)]?.id ?? null);
  }

  /** Goes on by so many corners of the selected region, round and round. */
  stepCorner(by: number): void {
    this.#atCorner((region, corner) => {
      const corners = handlesOf(region).length;
      this.corner.value = (corner + by + corners) % corners;
    });
  }

  /** Moves the corner by rows and columns, as far as the picture goes. */
  moveCorner([dy, dx]: Pair, { height, width }: Size): void {
    this.#atCorner((region, corner) => {
      const [y, x] = handlesOf(region)[corner] as Pair;
      const to: Pair = [Math.min(height, Math.max(0, y + dy)), Math.min(width, Math.max(0, x + dx))];
      this.change(region.id, (one) => moveHandle(one, corner, to));
      // a corner of a box may have come past the opposite one
      if (region.kind !== "polygon") this.corner.value = nearestHandle(this.find(region.id) ?? region, to);
    });
  }

  /** Adds a corner to a polygon, half-way to the next one. */
  addCorner(): void {
    this.#atCorner((region, corner) => {
      if (region.kind !== "polygon") return;
      this.change(region.id, (one) => insertCorner(one, corner, middleOfEdge(one, corner)));
      this.stepCorner(1);
    });
  }

  removeCorner(): void {
    this.#atCorner((region, corner) => {
      this.change(region.id, (one) => removeCorner(one, corner));
      this.stepCorner(0);
    });
  }

  undo(): void {
    const before = this.#past.peek().at(-1);
    if (!before) return;
    this.#future.push(this.regions.peek());
    this.#past.value = this.#past.peek().slice(0, -1);
    this.#restore(before);
  }

  redo(): void {
    const after = this.#future.pop();
    if (!after) return;
    this.#past.value = [...this.#past.peek(), this.regions.peek()];
    this.#restore(after);
  }

  #atCorner(act: (region: Region, corner: number) => void): void {
    const region = this.find(this.selected.peek());
    if (region) act(region, Math.min(this.corner.peek(), handlesOf(region).length - 1));
  }

  #withDraft(): readonly Region[] {
    const [regions, draft] = [this.regions.value, this.draft.value];
    if (!draft) return regions;
    const known = regions.some(({ id }) => id === draft.id);
    return known ? regions.map((region) => (region.id === draft.id ? draft : region)) : [...regions, draft];
  }

  #put(region: Region): void {
    const regions = this.regions.peek();
    const known = regions.some(({ id }) => id === region.id);
    this.#save(known ? regions.map((one) => (one.id === region.id ? region : one)) : [...regions, region]);
  }

  #save(regions: readonly Region[]): void {
    this.#past.value = [...this.#past.peek().slice(1 - MOST_UNDOS), this.regions.peek()];
    this.#future.length = 0;
    this.#rois.value = regions;
  }

  #restore(regions: readonly Region[]): void {
    this.#rois.value = regions;
    const selected = this.selected.peek();
    if (selected !== null && !this.find(selected)) this.selected.value = null;
  }
}
