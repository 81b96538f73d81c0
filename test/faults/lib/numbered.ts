import { Agent, request } from "node:http";
import { nowMs, sleep } from "./clock.ts";

/** Digits of the number, and of the time in microseconds, that the data of a numbered update begins with. */
const DIGITS = 10;
const TIME_DIGITS = 16;
/** Bytes before the filling. */
export const HEAD_BYTES: number = DIGITS + 1 + TIME_DIGITS + 1;
const ZERO = 48;

/** `0000000042 0000123456789012 xxxx…`: its number, when it was published, and a filling. */
function dataOf(number: number, size: number): string {
  const time = Math.round(nowMs() * 1000);
  return `${String(number).padStart(DIGITS, "0")} ${String(time).padStart(TIME_DIGITS, "0")} ${"x".repeat(Math.max(0, size - HEAD_BYTES))}`;
}

function digits(bytes: Buffer, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) value = value * 10 + (bytes[i] as number) - ZERO;
  return value;
}

/** The number of an update, from the beginning of its data; NaN where that is something else. */
export function numberAt(bytes: Buffer, at: number): number {
  return bytes[at + DIGITS] === 32 ? digits(bytes, at, DIGITS) : NaN;
}

/** How long ago the update was published, in milliseconds. */
export function ageAt(bytes: Buffer, at: number): number {
  return nowMs() - digits(bytes, at + DIGITS + 1, TIME_DIGITS) / 1000;
}

/** A publisher whose updates are numbered without a gap, each of a topic by itself. */
export class NumberedFlow {
  readonly #hub: string;
  readonly #token: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  /** The number of the next update of each topic. */
  readonly next: Map<string, number> = new Map<string, number>();

  constructor(hub: string, token: string) {
    this.#hub = hub;
    this.#token = token;
  }

  /**
   * Publishes at an even pace, in batches, and one update of each of the other topics at the times asked for.
   *
   * @param options - `everyMs`: of the batches.
   * @throws Error where one is not acknowledged.
   */
  async run(options: {
    readonly topic: string;
    readonly updates: number;
    readonly perBatch: number;
    readonly everyMs: number;
    readonly size: number;
    /** A function makes a new one each time. */
    readonly tick?: string | (() => string) | undefined;
    readonly tickEvery?: number | undefined;
  }): Promise<void> {
    const beganMs = nowMs();
    const { updates, perBatch, everyMs, tick, tickEvery = 1 } = options;
    for (let done = 0, batch = 0; done < updates; done += perBatch, batch++) {
      const waitMs = beganMs + batch * everyMs - nowMs();
      if (waitMs > 0) await sleep(waitMs);
      const topics = Array.from({ length: Math.min(perBatch, updates - done) }, () => options.topic);
      if (tick !== undefined && batch % tickEvery === 0) topics.push(typeof tick === "string" ? tick : tick());
      await this.#publish(topics, options.size);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #publish(topics: readonly string[], size: number): Promise<void> {
    const lines = topics.map((topic) => {
      const number = this.next.get(topic) ?? 0;
      this.next.set(topic, number + 1);
      return JSON.stringify({ topic, data: dataOf(number, size) });
    });
    const body = lines.join("\n");
    const headers = {
      authorization: `Bearer ${this.#token}`,
      "content-type": "application/x-ndjson",
      "content-length": body.length,
    };
    return new Promise((resolve, reject) => {
      const req = request(this.#hub, { method: "POST", agent: this.#agent, headers }, (res) => {
        res.resume().once("end", () => {
          if (res.statusCode === 200) resolve();
          else reject(new Error(`A batch was answered by ${res.statusCode}.`));
        });
      });
      req.once("error", reject);
      req.end(body);
    });
  }
}
