/** A palette that is made anew only when the movie, its light or its colours change. */

import type { Movie } from "../state/movie.ts";
import { buildPalette, type Look, type Palette } from "./paint.ts";

export class PaletteKeeper {
  #palette: Palette | null = null;
  #of: readonly unknown[] = [];

  /** `isSpread` and the unit stand for the scale, which may be another object each time. */
  get(movie: Movie, look: Look & { readonly isSpread?: boolean }): Palette {
    const { scale, limits, colormap, gamma, isSpread } = look;
    const of = [movie, scale.unit, isSpread, ...limits, colormap, gamma];
    if (!this.#palette || of.some((part, i) => part !== this.#of[i]))
      this.#palette = buildPalette(movie, look);
    this.#of = of;
    return this.#palette;
  }
}
