/**
 * Colour maps as tables of 256 colours.
 *
 * viridis, magma and inferno are sixth-degree polynomials fitted to matplotlib's tables (CC0) by Matt Zucker,
 * https://www.shadertoy.com/view/WlfXRN (CC0): a few of 255 levels off, and a hundredth of the size.
 */

export const COLORMAPS = ["gray", "viridis", "magma", "inferno"] as const;
export type ColormapName = (typeof COLORMAPS)[number];

type Triple = readonly [number, number, number];

/** Coefficients of red, green, blue, constant term first. */
const POLYNOMIALS: Record<ColormapName, readonly Triple[]> = {
  gray: [
    [0, 0, 0],
    [1, 1, 1],
  ],
  viridis: [
    [0.27772733, 0.00540734, 0.33409981],
    [0.10509304, 1.40461353, 1.38459016],
    [-0.33086183, 0.21484756, 0.09509516],
    [-4.6342305, -5.79910097, -19.33244096],
    [6.22826994, 14.17993337, 56.6905526],
    [4.776385, -13.74514538, -65.35303263],
    [-5.43545586, 4.64585261, 26.31243525],
  ],
  magma: [
    [-0.00213649, -0.00074966, -0.00538613],
    [0.25166054, 0.67752324, 2.4940266],
    [8.35371728, -3.57771951, 0.3144679],
    [-27.66873309, 14.26473078, -13.64921319],
    [52.17613981, -27.94360607, 12.94416944],
    [-50.76852536, 29.04658282, 4.23415299],
    [18.65570507, -11.48977352, -5.60196151],
  ],
  inferno: [
    [0.00021894, 0.001651, -0.0194809],
    [0.10651342, 0.56395644, 3.93271239],
    [11.60249308, -3.97285397, -15.94239411],
    [-41.70399613, 17.43639888, 44.3541452],
    [77.1629357, -33.40235894, -81.80730926],
    [-71.31942824, 32.62606426, 73.20951986],
    [25.13112623, -12.24266895, -23.070325],
  ],
};

function channelOf(coefficients: readonly Triple[], channel: 0 | 1 | 2, t: number): number {
  const level = coefficients.reduceRight((sum, triple) => sum * t + triple[channel], 0);
  return Math.round(255 * Math.min(1, Math.max(0, level)));
}

/** 256 colours as little-endian RGBA words, opaque. */
export function buildColormap(name: ColormapName): Uint32Array {
  const coefficients = POLYNOMIALS[name];
  return Uint32Array.from({ length: 256 }, (_, index) => {
    const [red, green, blue] = ([0, 1, 2] as const).map((channel) =>
      channelOf(coefficients, channel, index / 255),
    ) as [number, number, number];
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
}
