/** The corners of the selected ROI by key: which one is meant and where it lies, in words. */

import { handlesOf, MOST_POINTS } from "../state/regions.ts";
import type { ScrubberSession } from "../state/session.ts";
import type { Region } from "../state/settings.ts";
import { iconButton } from "./controls.ts";
import { el, setText } from "./dom.ts";
import type { Scope } from "./scope.ts";
import { directionOf } from "./stage-keys.ts";

const FAR = 10;
const FEWEST = 3;

export function describeCorner(region: Region, corner: number): string {
  const corners = handlesOf(region);
  const [y, x] = corners[corner] ?? [0, 0];
  return `Corner ${corner + 1} of ${corners.length}: x ${x}, y ${y}`;
}

function act(event: KeyboardEvent, { regions, movie }: ScrubberSession): void {
  const [direction, size] = [directionOf(event.key), movie.peek()];
  if (event.altKey || event.ctrlKey || event.metaKey || !size) return;
  const far = event.shiftKey ? FAR : 1;
  if (direction) regions.moveCorner([far * direction[0], far * direction[1]], size);
  else if (event.key === "Insert") regions.addCorner();
  else if (event.key === "Delete" || event.key === "Backspace") regions.removeCorner();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

export function buildCorners(session: ScrubberSession, scope: Scope): HTMLElement {
  const { regions } = session;
  const words = el("span", { class: "djo-corner", djo: "corner", role: "status" });
  const button = (name: string, kind: Parameters<typeof iconButton>[1], djo: string, act: () => void) =>
    iconButton(name, kind, act, { djo });
  const previous = button("Previous corner", "chevronLeft", "corner-previous", () => regions.stepCorner(-1));
  const next = button("Next corner", "chevron", "corner-next", () => regions.stepCorner(1));
  const add = button("Add a corner after this one", "add", "corner-add", () => regions.addCorner());
  const remove = button("Delete this corner", "subtract", "corner-remove", () => regions.removeCorner());
  const node = el(
    "div",
    {
      class: "djo-strip djo-corners",
      djo: "corners",
      role: "group",
      title: "Arrows move this corner, with Shift by ten pixels; Insert adds one, Delete takes it away",
      on: { keydown: (event) => act(event, session) },
    },
    words,
    previous,
    next,
    add,
    remove,
  );
  scope.effect(() => {
    const region = regions.regions.value.find(({ id }) => id === regions.selected.value);
    node.hidden = !region;
    if (!region) return;
    const corners = handlesOf(region).length;
    const isFree = region.kind === "polygon";
    node.setAttribute("aria-label", `Corners of ${region.name}`);
    setText(words, describeCorner(region, Math.min(regions.corner.value, corners - 1)));
    add.hidden = !isFree;
    remove.hidden = !isFree;
    add.disabled = corners >= MOST_POINTS;
    remove.disabled = corners <= FEWEST;
  });
  return node;
}
