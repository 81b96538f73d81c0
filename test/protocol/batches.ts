import type { ParsedEvent } from "./standard-parser.ts";

/** The type of the update that ends a batch; its data is the batch's number. */
export const END = "end of the batch";

/** Cuts what a client receives into batches, without the hub's own events. */
export class Batches {
  readonly #done = new Map<number, readonly ParsedEvent[]>();
  #current: ParsedEvent[] = [];
  #wake = (): void => undefined;

  add(event: ParsedEvent): void {
    if (event.type.startsWith("hub:")) return;
    if (event.type === END) {
      this.finish(Number(event.data), this.#current);
      this.#current = [];
    } else this.#current.push(event);
  }

  finish(number: number, events: readonly ParsedEvent[]): void {
    this.#done.set(number, events);
    this.#wake();
  }

  async wait(number: number): Promise<readonly ParsedEvent[]> {
    for (;;) {
      const events = this.#done.get(number);
      if (events !== undefined) return events;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
