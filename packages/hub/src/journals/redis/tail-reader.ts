import { sleep } from "../../core/scheduler.ts";
import { ANSWER_MS, type Connection } from "./connection.ts";
import type { Link } from "./link.ts";
import type { Row } from "./stream.ts";

/** How long Redis waits for something new before it answers that there is nothing, in milliseconds. */
const BLOCK_MS = 1000;
/** Most records of one answer, and about how many bytes of them. */
const MOST_RECORDS = 500;
const ABOUT_BYTES = 4 * 1024 * 1024;
/** The pause after rows that came to nothing, in milliseconds: Redis would give the same again at once. */
const PAUSE_MS = 100;

/** Reads what is appended, by whichever hub, over a connection of its own. */
export class TailReader {
  readonly #link: Link;
  readonly #key: string;
  readonly #seen: () => number;
  readonly #take: (rows: readonly Row[], after: number) => Promise<boolean>;
  #count = MOST_RECORDS;

  /**
   * @param seen - After which offset to read.
   * @param take - Takes rows. @returns Whether they came to something.
   */
  constructor(link: Link, key: string, seen: () => number, take: (rows: readonly Row[], after: number) => Promise<boolean>) {
    this.#link = link;
    this.#key = key;
    this.#seen = seen;
    this.#take = take;
    void this.#run();
  }

  async #run(): Promise<void> {
    for (;;) {
      const connection = await this.#link.ready(Infinity);
      if (connection === undefined) return;
      try {
        for (;;) await this.#read(connection);
      } catch (error) {
        connection.fail(error as Error);
        // The link finds out in a turn of its own.
        await sleep(0);
      }
    }
  }

  async #read(connection: Connection): Promise<void> {
    const after = this.#seen();
    const command = ["XREAD", "COUNT", String(this.#count), "BLOCK", String(BLOCK_MS), "STREAMS", this.#key, `${after}-0`];
    const answer = (await connection.send(command, BLOCK_MS + ANSWER_MS)) as readonly (readonly [string, readonly Row[]])[] | null;
    const rows = answer?.[0]?.[1];
    if (rows === undefined) return;
    this.#adapt(rows);
    if (!(await this.#take(rows, after))) await sleep(PAUSE_MS);
  }

  /** Fewer of large ones at a time, so that an answer stays small. */
  #adapt(rows: readonly Row[]): void {
    let characters = 1;
    for (const [, fields] of rows) characters += Array.isArray(fields) ? String(fields[1]).length : 0;
    const fitting = Math.floor((ABOUT_BYTES * rows.length) / characters);
    this.#count = Math.max(1, Math.min(MOST_RECORDS, fitting, 4 * this.#count));
  }
}
