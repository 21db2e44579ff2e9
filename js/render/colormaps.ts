/**
 * Colour maps as tables of 256 colours, made from a few evenly spaced ones.
 *
 * viridis, magma, inferno, plasma and cividis are taken from matplotlib's tables (CC0), turbo from Google's
 * (Apache-2.0), each at 21 places: at most 7 of 255 levels off, and a tenth of the size.
 *
 * The kernel reads the same file to paint clips.
 */

/** Hex colours, six figures each, from the lowest to the highest. */
import STOPS from "../../dj_objectstore/widgets/colormaps.json";

export const COLORMAPS = Object.keys(STOPS) as readonly (keyof typeof STOPS)[];

/** One of `COLORMAPS`, or one of them from its end, such as `gray_r`. */
export type ColormapName = keyof typeof STOPS | `${keyof typeof STOPS}_r`;

const REVERSED = "_r";

function stopsOf(name: string): string | undefined {
  const plain = name.endsWith(REVERSED) ? name.slice(0, -REVERSED.length) : name;
  return Object.hasOwn(STOPS, plain) ? STOPS[plain as keyof typeof STOPS] : undefined;
}

/** The name if it is one, otherwise gray. */
export function resolveColormap(name: string): ColormapName {
  return stopsOf(name) === undefined ? "gray" : (name as ColormapName);
}

/** 256 colours as little-endian RGBA words, opaque. */
export function buildColormap(name: ColormapName): Uint32Array {
  const stops = (stopsOf(name) ?? STOPS.gray).match(/../g)?.map((hex) => Number.parseInt(hex, 16)) ?? [];
  const last = stops.length / 3 - 1;
  const level = (t: number, channel: number) => {
    const below = Math.min(last - 1, Math.floor(t * last));
    const [from = 0, to = 0] = [stops[3 * below + channel], stops[3 * below + 3 + channel]];
    return Math.round(from + (to - from) * (t * last - below));
  };
  const colors = Uint32Array.from({ length: 256 }, (_, i) => {
    const [red, green, blue] = [0, 1, 2].map((channel) => level(i / 255, channel)) as [
      number,
      number,
      number,
    ];
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
  return name.endsWith(REVERSED) ? colors.reverse() : colors;
}
