import { sleep } from "../../core/scheduler.ts";
import { ANSWER_MS, type Connection } from "./connection.ts";
import type { ReconnectingConnection } from "./reconnecting-connection.ts";
import type { Row } from "./stream.ts";

/** How long Redis waits for new records before it answers that there are none, in milliseconds. */
const BLOCK_MS = 1000;
/** Most records of one answer, and approximately most bytes of them. */
const MOST_RECORDS = 500;
const ABOUT_BYTES = 4 * 1024 * 1024;
/**
 * Pause after rows without any records, in milliseconds. Redis would return the same rows again at
 * once.
 */
const PAUSE_MS = 100;

/** Reads records appended by any hub, over a connection of its own. */
export class TailReader {
  readonly #connection: ReconnectingConnection;
  readonly #key: string;
  readonly #seen: () => number;
  readonly #take: (rows: readonly Row[], after: number) => Promise<boolean>;
  #count = MOST_RECORDS;

  /**
   * @param seen - Offset after which to read.
   * @param take - Takes rows. @returns Whether they gave any records.
   */
  constructor(
    connection: ReconnectingConnection,
    key: string,
    seen: () => number,
    take: (rows: readonly Row[], after: number) => Promise<boolean>,
  ) {
    this.#connection = connection;
    this.#key = key;
    this.#seen = seen;
    this.#take = take;
    void this.#run();
  }

  async #run(): Promise<void> {
    for (;;) {
      const connection = await this.#connection.ready(Infinity);
      if (connection === undefined) return;
      try {
        for (;;) await this.#read(connection);
      } catch (error) {
        connection.fail(error as Error);
        // The loss is noticed in a turn of its own.
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

  /** Requests fewer records if they are large, so that an answer stays small. */
  #adapt(rows: readonly Row[]): void {
    let characters = 1;
    for (const [, fields] of rows) characters += Array.isArray(fields) ? String(fields[1]).length : 0;
    const fitting = Math.floor((ABOUT_BYTES * rows.length) / characters);
    this.#count = Math.max(1, Math.min(MOST_RECORDS, fitting, 4 * this.#count));
  }
}
