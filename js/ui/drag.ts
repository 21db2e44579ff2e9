/** A drag from its press to its end, also when the pointer leaves the element or the host takes it away. */

export interface Drag {
  move(event: PointerEvent): void;
  /** `finished` is false where the drag was broken off. */
  end?(finished: boolean): void;
}

/** Follows the pointer that pressed `node`. */
export function followDrag(node: Element, press: PointerEvent, { move, end }: Drag): void {
  const isOurs = (event: Event) => (event as PointerEvent).pointerId === press.pointerId;
  const onMove = (event: Event) => {
    if (isOurs(event)) move(event as PointerEvent);
  };
  const onEnd = (event: Event) => {
    if (!isOurs(event)) return;
    node.removeEventListener("pointermove", onMove);
    for (const kind of ENDS) node.removeEventListener(kind, onEnd);
    end?.(event.type === "pointerup");
  };
  node.addEventListener("pointermove", onMove);
  for (const kind of ENDS) node.addEventListener(kind, onEnd);
  node.setPointerCapture?.(press.pointerId);
}

const ENDS = ["pointerup", "pointercancel"] as const;
