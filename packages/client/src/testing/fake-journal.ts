import type { WireUpdate } from "./wire-update.ts";

/** Most updates that are held. Older ones are forgotten, which makes a gap. */
const MAX_HELD = 10_000;

/** An update with its place. */
export interface FakeRecord {
  readonly offset: number;
  readonly id: string;
  readonly type: string | undefined;
  readonly topics: readonly string[];
  readonly data: string;
  readonly retry: number | undefined;
  readonly isPrivate: boolean;
  /** End of its time to live, in milliseconds since 1970. */
  readonly untilMs: number;
}

/** Why updates are missing. */
export interface FakeGap {
  readonly requested: string;
  readonly first: string | null;
  readonly reason: "trimmed" | "epoch" | "unknown";
}

/** The updates in their one order. */
export interface FakeJournal {
  append(update: WireUpdate): FakeRecord;
  /** The updates after an offset that have not expired. */
  after(offset: number): readonly FakeRecord[];
  /** The cursor of everything so far. */
  readonly cursor: string;
  readonly tail: number;
  /** The offset that a cursor leads to, or a gap. */
  seek(cursor: string): number | FakeGap;
  /** Begins another epoch. */
  clear(): void;
}

export function createFakeJournal(): FakeJournal {
  let epoch = crypto.randomUUID().slice(0, 8);
  let records: FakeRecord[] = [];
  let tail = 0;
  const cursorOf = (offset: number): string => `#${epoch}:${offset.toString(36)}`;

  return {
    append({ topic, data, id, type, retry, private: isPrivate = false, ttl = Infinity }) {
      tail++;
      const text = data === undefined ? "" : typeof data === "string" ? data : JSON.stringify(data);
      const record = {
        offset: tail,
        id: id ?? cursorOf(tail),
        type,
        topics: [topic].flat(),
        data: text.replaceAll(/\r\n?/g, "\n"),
        retry,
        isPrivate,
        untilMs: Date.now() + ttl,
      };
      records.push(record);
      if (records.length > MAX_HELD) records.shift();
      return record;
    },
    after: (offset) => records.filter((record) => record.offset > offset && record.untilMs > Date.now()),
    get cursor() {
      return cursorOf(tail);
    },
    get tail() {
      return tail;
    },
    seek(cursor) {
      if (cursor === "earliest") return 0;
      const held = records.find(({ id }) => id === cursor);
      if (held !== undefined) return held.offset;
      const [, itsEpoch, number] = /^#(\w{8}):([\da-z]+)$/.exec(cursor) ?? [];
      const offset = Number.parseInt(number ?? "", 36);
      if (itsEpoch === epoch && offset >= tail - records.length && offset <= tail) return offset;
      const reason = itsEpoch === undefined ? "unknown" : itsEpoch === epoch ? "trimmed" : "epoch";
      return { requested: cursor, first: records[0]?.id ?? null, reason };
    },
    clear() {
      records = [];
      tail = 0;
      epoch = crypto.randomUUID().slice(0, 8);
    },
  };
}
