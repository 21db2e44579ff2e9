/**
 * Small checks that turn `unknown` into a type, naming the field that is wrong.
 *
 *     integer(record(message, "message"), "index")
 */

/** A message that does not follow the protocol. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

export type Fields = Readonly<Record<string, unknown>>;

function refuse(field: string, rule: string, value: unknown): never {
  throw new ProtocolError(
    `${field} must be ${rule}, got ${JSON.stringify(value)?.slice(0, 60) ?? "nothing"}`,
  );
}

export function record(value: unknown, field: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  return refuse(field, "an object", value);
}

export function list(from: Fields, field: string): readonly unknown[] {
  const value = from[field];
  return Array.isArray(value) ? value : refuse(field, "a list", value);
}

export function text(from: Fields, field: string, fallback?: string): string {
  const value = from[field] ?? fallback;
  return typeof value === "string" ? value : refuse(field, "a text", value);
}

export function flag(from: Fields, field: string, fallback?: boolean): boolean {
  const value = from[field] ?? fallback;
  return typeof value === "boolean" ? value : refuse(field, "true or false", value);
}

export function number(from: Fields, field: string): number {
  const value = from[field];
  return typeof value === "number" && Number.isFinite(value) ? value : refuse(field, "a number", value);
}

export function integer(from: Fields, field: string): number {
  const value = from[field];
  return typeof value === "number" && Number.isInteger(value) && value >= 0
    ? value
    : refuse(field, "a whole number of 0 or more", value);
}

export function oneOf<const T extends string>(from: Fields, field: string, allowed: readonly T[]): T {
  const value = from[field];
  return allowed.find((one) => one === value) ?? refuse(field, `one of ${allowed.join(", ")}`, value);
}

/** The value of `read`, or null where the field is null or absent. */
export function nullable<T>(from: Fields, field: string, read: (from: Fields, field: string) => T): T | null {
  const value = from[field];
  return value === null || value === undefined ? null : read(from, field);
}

export function numbers(from: Fields, field: string): readonly number[] {
  return list(from, field).map((value, index) =>
    number({ [`${field}[${index}]`]: value }, `${field}[${index}]`),
  );
}

export function pair(from: Fields, field: string): readonly [number, number] {
  const [first, second, ...more] = numbers(from, field);
  if (first === undefined || second === undefined || more.length > 0)
    return refuse(field, "two numbers", from[field]);
  return [first, second];
}

export function texts(values: unknown, field: string): readonly string[] {
  if (!Array.isArray(values)) return refuse(field, "a list of texts", values);
  return values.map((value) =>
    typeof value === "string" ? value : refuse(field, "a list of texts", values),
  );
}
