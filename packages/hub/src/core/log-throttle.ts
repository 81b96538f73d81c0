import type { Logger } from "./logger.ts";
import { after } from "./scheduler.ts";

/** Shortest time between two lines of a kind, in milliseconds. */
const PERIOD_MS = 60_000;

type Level = keyof Logger;

/** A kind that was logged within the last period. */
interface Kind {
  /** Events since its last line. */
  count: number;
  level: Level;
  fields: object;
  text: string;
}

/**
 * Logs each kind of event at most once a minute. The first event is logged at once, the others at
 * the end of the minute as one line with their count. A peer that causes events by the thousand
 * must neither fill the log's disk nor hide the other lines.
 */
export class LogThrottle {
  readonly #logger: Logger;
  readonly #periodMs: number;
  readonly #kinds = new Map<string, Kind>();

  /**
   * @param periodMs - Shortest time between two lines of a kind, in milliseconds. Default: a
   *   minute.
   */
  constructor(logger: Logger, periodMs: number = PERIOD_MS) {
    this.#logger = logger;
    this.#periodMs = periodMs;
  }

  /** Logs at level `warn`. See {@link log}. */
  warn(kind: string, fields: object, text: string): void {
    this.log("warn", kind, fields, text);
  }

  /**
   * Logs an event. The line has a field `count`: the number of events since the line before.
   *
   * @param kind - A name from a bounded set, because each is remembered. Never text that a peer
   *   chooses.
   * @param fields - A line for several events has the fields of the last event.
   */
  log(level: Level, kind: string, fields: object, text: string): void {
    const known = this.#kinds.get(kind);
    if (known === undefined) {
      this.#write({ count: 1, level, fields, text }, kind);
      return;
    }
    known.count++;
    known.level = level;
    known.fields = fields;
    known.text = text;
  }

  #write({ count, level, fields, text }: Kind, kind: string): void {
    this.#logger[level]({ ...fields, count }, text);
    const next: Kind = { count: 0, level, fields: {}, text: "" };
    this.#kinds.set(kind, next);
    after(this.#periodMs, () => {
      if (next.count > 0) this.#write(next, kind);
      else this.#kinds.delete(kind);
    });
  }
}
