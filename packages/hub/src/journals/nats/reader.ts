import type { KnownAppend, ReusedKey } from "../../core/journal/idempotency.ts";
import { HubError } from "../../core/errors.ts";
import { type JournalPage, type JournalRecord, MAX_FOUND, type ReadLimits, recordBytes } from "../../core/journal/journal.ts";
import { monotonicMs } from "../../core/scheduler.ts";
import { patienceEndMs } from "../shared/away-watch.ts";
import { decodeHead, type StoredKey } from "./codec.ts";
import { outcomeOf } from "./commit.ts";
import { hashOf } from "./hash-index.ts";
import { type Log, type Message, recordsOf } from "./log.ts";
import type { MessageSpan } from "./record-index.ts";
import type { Replica } from "./replica.ts";
import type { JournalStream } from "./stream.ts";

/** Longest wait of a reader for the server to come back, in milliseconds. */
const AWAY_MS = 10_000;
/** Messages requested at once. */
const AT_ONCE = 64;

/** Reads held records: the newest messages from memory, others from the server. */
export class Reader {
  readonly #stream: JournalStream;
  readonly #replica: Replica;
  readonly #onDamage: (what: string) => void;

  constructor(stream: JournalStream, replica: Replica, onDamage: (what: string) => void) {
    this.#stream = stream;
    this.#replica = replica;
    this.#onDamage = onDamage;
  }

  /** @throws HubError `journal_unavailable`. */
  async read(after: number, limits: ReadLimits): Promise<JournalPage> {
    const untilMs = patienceEndMs(this.#replica, AWAY_MS);
    // Another process may have told of a record that has not arrived here yet.
    if (after > this.#replica.log.tail && !(await this.#replica.synced(untilMs))) throw unavailable();
    for (let isSecond = false; ; isSecond = true) {
      const { log } = this.#replica;
      if (after < log.head - 1) return { kind: "trimmed", head: log.head };
      const spans = log.records.spans(after, limits);
      const messages = await this.#messages(log, spans, untilMs);
      // The records belong to a log that was replaced meanwhile.
      if (log !== this.#replica.log) continue;
      const records = run(messages, after, limits);
      if (records.length > 0 || spans.length === 0) return { kind: "records", records };
      // The message may have been trimmed since. Otherwise it is damaged.
      if (isSecond && after >= log.head - 1) return { kind: "trimmed", head: this.#skip(spans[0] as MessageSpan) };
      await this.#replica.synced(untilMs);
    }
  }

  /** See {@link Journal.find}. */
  async find(id: string): Promise<readonly number[]> {
    const untilMs = patienceEndMs(this.#replica, AWAY_MS);
    const found = await this.#find(id, untilMs);
    if (found.length > 0) return found;
    // Another process may have appended the update a moment ago.
    if (!(await this.#replica.synced(untilMs))) throw unavailable();
    return this.#find(id, untilMs);
  }

  async #find(id: string, untilMs: number): Promise<readonly number[]> {
    const { log } = this.#replica;
    const offsets = log.ids.offsets(hashOf(id), log.head).slice(0, MAX_FOUND);
    const spans = new Map<number, MessageSpan>();
    for (const offset of offsets) {
      const span = log.records.spanOf(offset);
      spans.set(span.seq, span);
    }
    const found = new Set<number>();
    // A few messages at a time, because they may be large.
    for (const span of spans.values()) {
      const head = (await this.#message(log, span, untilMs))?.head;
      for (const [index, own] of head?.ids ?? []) if (head !== undefined && own === id) found.add(head.first + index);
    }
    return offsets.filter((offset) => found.has(offset));
  }

  /** Finds the outcome of a key. */
  async findKey(log: Log, digest: string, request: string, waitMs: number): Promise<KnownAppend | ReusedKey | undefined> {
    const ends = log.keys.offsets(hashOf(digest), log.head);
    const messages = await this.#messages(
      log,
      ends.map((end) => log.records.spanOf(end)),
      patienceEndMs(this.#replica, waitMs),
    );
    const stored = messages.flatMap((message) => message?.head.keys ?? []).findLast((key: StoredKey) => key[0] === digest);
    return stored === undefined || stored[2] + stored[3] <= log.head ? undefined : outcomeOf(stored, request);
  }

  /**
   * @returns One item per span, undefined for missing messages. @throws HubError
   *   `journal_unavailable`.
   */
  async #messages(log: Log, spans: readonly MessageSpan[], untilMs: number): Promise<(Message | undefined)[]> {
    const messages: (Message | undefined)[] = [];
    for (let i = 0; i < spans.length; i += AT_ONCE) {
      messages.push(...(await Promise.all(spans.slice(i, i + AT_ONCE).map((span) => this.#message(log, span, untilMs)))));
    }
    return messages;
  }

  async #message(log: Log, { seq, last }: MessageSpan, untilMs: number): Promise<Message | undefined> {
    for (;;) {
      const cached = log.cached(seq);
      if (cached !== undefined) return cached;
      if (!(await this.#replica.live(untilMs))) throw unavailable();
      if (log !== this.#replica.log) return undefined;
      try {
        const bytes = await this.#stream.get(seq);
        const head = bytes && decodeHead(bytes);
        // If data were lost, another message may be in its place.
        return bytes !== undefined && head !== undefined && head.first + head.sizes.length - 1 === last ? { bytes, head } : undefined;
      } catch (cause) {
        if (monotonicMs() > untilMs) throw unavailable(cause);
        this.#replica.suspect();
      }
    }
  }

  /** @returns The first offset after a message that cannot be read. */
  #skip({ seq, last }: MessageSpan): number {
    this.#onDamage(`Message ${seq} of the stream ${this.#stream.name} cannot be read; the records up to ${last} are left out.`);
    return last + 1;
  }
}

/** The records after an offset, up to the first missing record or a limit. */
function run(messages: readonly (Message | undefined)[], after: number, { maxRecords, maxBytes }: ReadLimits): readonly JournalRecord[] {
  const found: JournalRecord[] = [];
  let bytes = 0;
  for (const message of messages) {
    const records = message && recordsOf(message);
    if (records === undefined) return found;
    for (const record of records) {
      if (record.offset <= after) continue;
      found.push(record);
      bytes += recordBytes(record);
      if (found.length >= maxRecords || bytes >= maxBytes) return found;
    }
  }
  return found;
}

const unavailable = (cause?: unknown): HubError =>
  new HubError("journal_unavailable", "The journal cannot be reached. Try again in a moment.", { cause, retryAfterMs: 2000 });
