/** The keys of the grid of rows: arrows move and select, Shift extends, Ctrl moves alone, Space adds, Enter opens. */

import type { RowGrid } from "./row-grid.ts";
import type { Scope } from "./scope.ts";

export function takeRowKeys(grid: RowGrid, scope: Scope): void {
  const onKey = (event: KeyboardEvent) => {
    if (event.altKey || !(move(grid, event) || act(grid, event))) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onFocus = () => {
    // a click chooses its own row, which must not be drawn anew before the button is up
    if (!grid.table.matches(":focus-visible")) return;
    if (grid.selection.active.peek() < 0 && grid.pages.count.peek() > 0) grid.selection.move(0);
  };
  grid.table.addEventListener("keydown", onKey);
  grid.table.addEventListener("focus", onFocus);
  scope.add(() => grid.table.removeEventListener("keydown", onKey));
  scope.add(() => grid.table.removeEventListener("focus", onFocus));
}

function placeOf(grid: RowGrid, key: string): number | null {
  const active = grid.selection.active.peek();
  const places: Record<string, number> = {
    ArrowDown: active + 1,
    ArrowUp: active - 1,
    PageDown: active + grid.page,
    PageUp: active - grid.page,
    Home: 0,
    End: Number.POSITIVE_INFINITY,
  };
  const place = places[key];
  return place === undefined ? null : Math.min(Math.max(0, place), grid.pages.count.peek() - 1);
}

function move(grid: RowGrid, event: KeyboardEvent): boolean {
  const place = placeOf(grid, event.key);
  if (place === null) return false;
  if (place < 0) return true;
  if (event.shiftKey) void grid.selection.to(place);
  else if (event.ctrlKey || event.metaKey) grid.selection.move(place);
  else grid.selection.only(place);
  grid.scrollTo(place);
  return true;
}

function act(grid: RowGrid, { key, ctrlKey, metaKey }: KeyboardEvent): boolean {
  const active = grid.selection.active.peek();
  if (key === "a" && (ctrlKey || metaKey)) void grid.selection.all();
  else if (key === " " && active >= 0) grid.selection.toggle(active);
  else if (key === "Enter") grid.open();
  else if (key === "ArrowRight") grid.moveField(1);
  else if (key === "ArrowLeft") grid.moveField(-1);
  else if (key === "Escape" && grid.selection.ids.peek().size > 0) grid.selection.clear();
  else return false;
  return true;
}
