import { within } from "./clock.ts";
import { heard, type Program, startProgram } from "./program.ts";
import type { ReaderCounts } from "./raw-reader.ts";

export type ToRawReaders =
  | { readonly kind: "open"; readonly hub: string; readonly count: number; readonly isMeasured: boolean }
  | { readonly kind: "stop" | "go on" | "measure" | "end" };

export interface FromRawReaders extends ReaderCounts {
  /** The number of the update that the last of all readers waits for. */
  readonly expected: number;
  /** How old updates were when they came, since it was last asked to measure. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const START_MS = 60_000;
const END_MS = 20_000;

/** A process full of bare readers of one stream. */
export class RawReaders {
  readonly #program: Program<ToRawReaders, FromRawReaders>;
  readonly #count: number;

  /** @param isMeasured - Whether it matters how old updates are when they come. */
  constructor(hub: string, count: number, isMeasured = true) {
    this.#count = count;
    this.#program = startProgram("raw-readers.ts", { kind: "open", hub, count, isMeasured });
  }

  /** What they said last. */
  get said(): FromRawReaders {
    const { said } = this.#program;
    if (said === undefined) throw new Error("The readers have not said anything yet.");
    return said;
  }

  opening(): Promise<void> {
    return heard(this.#program, START_MS, `${this.#count} open streams`, ({ open }) => open >= this.#count);
  }

  stop(): void {
    this.#program.tell({ kind: "stop" });
  }

  goOn(): void {
    this.#program.tell({ kind: "go on" });
  }

  /** Ages count from now on. */
  measure(): void {
    this.#program.tell({ kind: "measure" });
  }

  /** Waits until each of them has received all before a number. */
  reach(expected: number, ms: number): Promise<void> {
    return heard(this.#program, ms, `All updates before ${expected} at each reader`, (said) => said.expected >= expected);
  }

  async end(): Promise<void> {
    this.#program.tell({ kind: "end" });
    await within(END_MS, "Stopping the readers", this.#program.ended);
  }
}
