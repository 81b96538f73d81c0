/** The measured parts of an event. */
export interface ReceivedEvent {
  readonly type: string;
  readonly data: string;
  readonly id?: string | undefined;
  readonly topics?: readonly string[] | undefined;
}

/** Time that the rate is taken over, in milliseconds. */
const WINDOW_MS = 5000;

/** A shorter time says nothing about a second. */
const SHORTEST_MS = 1000;

/** Names and line ends of an event: `id: `, `event: `, `data: `, and four line ends. */
const FRAME_BYTES = 21;

/** Measures the bytes a second of a stream from its events. */
export class ByteMeter {
  #since: number | undefined;
  #received: { readonly at: number; readonly bytes: number }[] = [];

  /** @param now - In milliseconds, of a clock that never goes back. */
  add(now: number, { type, data, id = "", topics }: ReceivedEvent): void {
    this.#since ??= now;
    const rest = topics === undefined ? "" : `topics: ${JSON.stringify(topics)}\n`;
    this.#received.push({ at: now, bytes: FRAME_BYTES + utf8Length(type + data + id + rest) });
    this.#forget(now);
  }

  restart(now: number): void {
    this.#since = now;
    this.#received = [];
  }

  perSecond(now: number): number | undefined {
    const overMs = this.#since === undefined ? 0 : Math.min(WINDOW_MS, now - this.#since);
    if (overMs < SHORTEST_MS) return undefined;
    this.#forget(now);
    return (this.#received.reduce((sum, { bytes }) => sum + bytes, 0) / overMs) * 1000;
  }

  #forget(now: number): void {
    const old = this.#received.findIndex(({ at }) => at > now - WINDOW_MS);
    if (old > 0) this.#received.splice(0, old);
    else if (old < 0) this.#received = [];
  }
}

function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // A surrogate pair is two units and four bytes.
    bytes += unit < 0x80 ? 0 : unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}
