import { readFileSync } from "node:fs";

const SAMPLE_MS = 50;

/** Resident memory of a process, in bytes. */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}

/** Watches the resident memory of a process from now on. */
export class MemoryWatch {
  /** At the beginning, in bytes. */
  readonly base: number;
  #most: number;
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.base = residentBytes(pid);
    this.#most = this.base;
    this.#timer = setInterval(() => (this.#most = Math.max(this.#most, residentBytes(pid))), SAMPLE_MS);
  }

  /** How much more it was than at the beginning, at the most, in MiB. */
  get grownMiB(): number {
    return (this.#most - this.base) / 2 ** 20;
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
