/**
 * How fast the line from the kernel is, from when messages were sent and when they came.
 *
 *     link.note({ sent: message.sent, bytes: 262_144 }, performance.now());
 *     if (link.isSlow) ...
 *
 * The kernel stamps messages with a clock of its own. The shortest way that one took lately is that of an empty
 * line; what a message takes longer, counted from the arrival of the one before it, is what its bytes took.
 */

export interface Passage {
  /** Milliseconds of the kernel's clock. */
  readonly sent: number;
  readonly bytes: number;
}

/**
 * Bytes a second below which packing saves time. Packing and unpacking take 4 ms for 262 kB and save half of
 * the bytes, so that it is even at 30 MB/s; far below that no busy processor is taken for a slow line.
 */
const SLOW = 8e6;
/** A line that was slow has to be this fast to count as fast again. */
const FAST = 16e6;
/** Messages with fewer bytes tell of the way alone. */
const LARGE = 8192;
/** Milliseconds that a message may wait on either side for reasons of their own. */
const ALLOWED = 5;
/** Messages that come within so many milliseconds of each other may have gathered: they are one passage. */
const GATHERED = 14;
/** More than so many of them are the next passage. */
const TOGETHER = 3;
const LEAST = 12;
const MOST = 24;
/** Packing saves half of the bytes: the line has to take so much longer for one than unpacking it. */
const EVEN = 2;
/** What is left of the memory of a slow unpacking after each large message. */
const KEPT = 0.98;
/** The shortest way is forgotten after one to two of these: clocks drift, and networks change. */
const MEMORY = 30_000;

/** A busy processor holds some back, a slow line all but those that had gathered meanwhile. */
function lowerQuartile(paces: readonly number[]): number {
  const sorted = [...paces].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 4)] as number;
}

export class Link {
  #isSlow = false;
  #last = Number.NEGATIVE_INFINITY;
  #shortest = Number.POSITIVE_INFINITY;
  #before = Number.POSITIVE_INFINITY;
  #since = Number.NEGATIVE_INFINITY;
  /** Milliseconds for each byte of the last large passages. */
  #paces: number[] = [];
  #passage = { took: 0, bytes: 0, count: 0 };
  /** The same of the last unpackings, and what is left of it. */
  readonly #unpackings: number[] = [];
  #unpacking = 0;

  get isSlow(): boolean {
    return this.#isSlow;
  }

  /** A message has come at `now`, in milliseconds of the page's clock. */
  note({ sent, bytes }: Passage, now: number): void {
    if (now - this.#since > MEMORY) {
      this.#before = this.#shortest;
      this.#shortest = Number.POSITIVE_INFINITY;
      this.#since = now;
    }
    this.#shortest = Math.min(this.#shortest, now - sent);
    const isGathered = now - this.#last < GATHERED && this.#passage.count < TOGETHER;
    if (!isGathered) this.#passage = { took: 0, bytes: 0, count: 0 };
    const passage = this.#passage;
    const begun = Math.max(this.#last, sent + Math.min(this.#shortest, this.#before));
    this.#last = now;
    passage.took += Math.max(0, now - begun);
    passage.bytes += bytes;
    if (passage.bytes < LARGE) return;
    if (passage.count > 0) this.#paces.pop();
    passage.count++;
    this.#paces.push(Math.max(0, passage.took - ALLOWED) / passage.bytes);
    if (this.#paces.length > MOST) this.#paces.shift();
    if (this.#paces.length >= LEAST) this.#judge();
  }

  /** Unpacking a frame has taken so many milliseconds for so many bytes. */
  noteUnpacked(bytes: number, took: number): void {
    this.#unpackings.push(took / bytes);
    if (this.#unpackings.length > MOST) this.#unpackings.shift();
    this.#unpacking = lowerQuartile(this.#unpackings);
  }

  #judge(): void {
    const pace = lowerQuartile(this.#paces);
    const even = 1000 / (this.#isSlow ? FAST : SLOW);
    this.#isSlow = pace > Math.max(even, (this.#isSlow ? EVEN / 2 : EVEN) * this.#unpacking);
    this.#unpacking *= KEPT;
  }
}
