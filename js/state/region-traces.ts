/** The traces of regions and masks, as what draws them gets them. */

export interface RegionTrace {
  readonly name: string;
  /** `#rrggbb` */
  readonly color: string;
  readonly unit: string;
  /** One value a frame; empty until they have come. */
  readonly values: Float32Array;
  /** Standard deviation of shot and read noise, one value a frame; null where no noise is known. */
  readonly band: Float32Array | null;
  readonly state: "loading" | "ready" | "failed";
  /** Frames read so far, of `total`. */
  readonly done: number;
  readonly total: number;
  /** Why it failed. */
  readonly message: string;
}
