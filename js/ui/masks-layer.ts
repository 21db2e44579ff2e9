/** The contours of given masks over the picture; a click selects one. */

import type { ReadonlySignal } from "@preact/signals-core";
import type { Mask } from "../state/masks.ts";
import { transformOf } from "./regions-layer.ts";
import type { Scope } from "./scope.ts";
import { svg } from "./svg.ts";
import type { PictureWindow } from "./window.ts";

export function buildMasksLayer(
  window: PictureWindow,
  scope: Scope,
  { masks, selected }: { masks: ReadonlySignal<readonly Mask[]>; selected: ReadonlySignal<number> },
): SVGGElement {
  const node = svg("g", { class: "djo-masks" });
  let paths: readonly SVGPathElement[] = [];
  let chosen: SVGPathElement | undefined;
  scope.effect(() => {
    paths = masks.value.map(({ name, color, path }, mask) =>
      svg("path", { d: path, class: "djo-mask", stroke: color, "data-mask": mask }, svg("title", {}, name)),
    );
    node.replaceChildren(...paths);
  });
  scope.effect(() => {
    masks.value;
    chosen?.classList.remove("djo-chosen");
    chosen = paths[selected.value];
    chosen?.classList.add("djo-chosen");
  });
  scope.effect(() => node.setAttribute("transform", transformOf(window)));
  return node;
}
