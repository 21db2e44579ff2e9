/** Numbers as text. */

const SIZES = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Bytes in powers of 1000, three figures: "5.12 MB". */
export function formatSize(bytes: number | null): string {
  if (bytes === null) return "–";
  const power = bytes < 1000 ? 0 : Math.min(SIZES.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 ? value : Number(value.toPrecision(3))} ${SIZES[power]}`;
}

export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

export function formatItems(items: number | null): string {
  if (items === null) return "–";
  return `${formatCount(items)} ${items === 1 ? "item" : "items"}`;
}

/** Seconds with as many digits as tell neighbouring frames apart, minutes from 100 s on. */
export function formatSeconds(seconds: number): string {
  if (seconds < 100) return `${seconds.toFixed(2)} s`;
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${(seconds - 60 * minutes).toFixed(1).padStart(4, "0")} min`;
}

/** A value with a fixed number of digits, more for small ones, a real minus sign. */
export function formatValue(value: number, digits: number): string {
  if (!Number.isFinite(value)) return "no number";
  const small = value !== 0 && Math.abs(value) < 10 ** -digits;
  const text = small && digits > 0 ? value.toPrecision(2) : value.toFixed(digits);
  return text.replace("-", "−");
}

/** A value for an input field: no more figures than make sense, plain ASCII. */
export function formatField(value: number): string {
  return String(Number(value.toPrecision(5)));
}

export function formatShape(shape: readonly number[]): string {
  return shape.length === 0 ? "scalar" : shape.map(formatCount).join(" × ");
}
