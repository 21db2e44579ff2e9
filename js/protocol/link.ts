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
const LEAST = 12;
const MOST = 24;
/** Packing saves half of the bytes: the line has to take so much longer for one than unpacking it. */
const EVEN = 2;
const SMOOTHING = 0.25;
/** What is left of the memory of a slow unpacking after each large message. */
const KEPT = 0.98;
/** The shortest way is forgotten after one to two of these: clocks drift, and networks change. */
const MEMORY = 30_000;

export class Link {
  #isSlow = false;
  #last = Number.NEGATIVE_INFINITY;
  #shortest = Number.POSITIVE_INFINITY;
  #before = Number.POSITIVE_INFINITY;
  #since = Number.NEGATIVE_INFINITY;
  /** Milliseconds for each byte of the last large messages. */
  #paces: number[] = [];
  /** Milliseconds for each byte that unpacking took lately. */
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
    const begun = Math.max(this.#last, sent + Math.min(this.#shortest, this.#before));
    this.#last = now;
    if (bytes < LARGE) return;
    this.#paces.push(Math.max(0, now - begun - ALLOWED) / bytes);
    if (this.#paces.length > MOST) this.#paces.shift();
    if (this.#paces.length >= LEAST) this.#judge();
  }

  /** Unpacking a frame has taken so many milliseconds for so many bytes. */
  noteUnpacked(bytes: number, took: number): void {
    this.#unpacking += SMOOTHING * (took / bytes - this.#unpacking);
  }

  #judge(): void {
    const sorted = [...this.#paces].sort((a, b) => a - b);
    // a busy processor holds some back, a slow line all but those that had gathered meanwhile
    const pace = sorted[Math.floor(sorted.length / 4)] as number;
    const even = 1000 / (this.#isSlow ? FAST : SLOW);
    this.#isSlow = pace > Math.max(even, (this.#isSlow ? EVEN / 2 : EVEN) * this.#unpacking);
    this.#unpacking *= KEPT;
  }
}
