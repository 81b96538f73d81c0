import type { AtEnd } from "./programs.ts";

/** Starts to read a stream. The reader ends at the end. */
export type StartReader = (url: string, atEnd: AtEnd) => Promise<Heard>;

/** Lines of one reader: `asks` just before the request, then `MS DATA` for each event. */
export class Heard {
  readonly #lines: string[] = [];
  readonly #waiting = new Set<() => void>();

  add(line: string): void {
    this.#lines.push(line);
    for (const wake of this.#waiting) wake();
  }

  /** Waits until the reader asks. The time to start a reader is not the hub's. */
  async asks(withinMs: number): Promise<boolean> {
    return (await this.#find("asks", withinMs)) !== undefined;
  }

  /** @returns Milliseconds from the request to an event, by the reader's clock. Undefined if the event is not heard in time. */
  async event(data: string, withinMs: number): Promise<number | undefined> {
    const line = await this.#find(data, withinMs);
    return line === undefined ? undefined : Number(line.split(" ", 1)[0]);
  }

  async #find(end: string, withinMs: number): Promise<string | undefined> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const line = this.#lines.find((line) => line === end || line.endsWith(` ${end}`));
      const leftMs = deadline - performance.now();
      if (line !== undefined || leftMs <= 0) return line;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          this.#waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, leftMs);
        this.#waiting.add(wake);
      });
    }
  }
}
