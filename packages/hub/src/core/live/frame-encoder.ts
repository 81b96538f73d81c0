import { encodeUtf8, joinBytes } from "../update/bytes.ts";
import { encodeCursor, encodeFrame, encodeTopics } from "../update/frame.ts";
import type { EventIds } from "../journal/event-ids.ts";
import type { Journal, JournalRecord } from "../journal/journal.ts";
import { type RetryRange, withBoundRetry } from "../update/retry.ts";
import type { Selection } from "../matching/selection.ts";

/** Encodes records to the frames that peers get. */
export class FrameEncoder {
  readonly #journal: Journal;
  readonly #ids: EventIds;
  readonly #retryMs: RetryRange;
  /** Frames with all topics, keyed by the frame without them. */
  readonly #withTopics = new WeakMap<Uint8Array, Uint8Array>();

  /**
   * @param retryMs - Range of the `retry` times that publishers may send. Applied here, so that the
   *   range also holds for records already in the journal or from another process.
   */
  constructor(journal: Journal, ids: EventIds, retryMs: RetryRange) {
    this.#journal = journal;
    this.#ids = ids;
    this.#retryMs = retryMs;
  }

  /**
   * @param cursor - Event id that resumes after the record, if that is not the usual one. Null for
   *   no cursor.
   */
  encode(record: JournalRecord, cursor?: string | null): Uint8Array {
    const { id } = record;
    const update = withBoundRetry(record, this.#retryMs);
    if (cursor === null) return encodeFrame(update, null);
    if (id === undefined || this.#journal.localOrder === undefined)
      return encodeFrame(update, id ?? cursor ?? this.#ids.idAt(record.offset));
    // A publisher's own id does not tell the places of the other partitions.
    return joinBytes([encodeFrame(update, id), encodeUtf8(encodeCursor(cursor ?? this.#ids.cursorAt(record.offset)))]);
  }

  /**
   * Adds the topics to a record's frame, for a selection that shows them. Selections that may know
   * of all topics share the bytes.
   */
  withTopics(frame: Uint8Array, record: JournalRecord, selection: Selection): Uint8Array {
    if (!selection.showsTopics) return frame;
    const topics = selection.readableTopics(record);
    if (topics !== record.topics) return joinBytes([encodeUtf8(encodeTopics(topics)), frame]);
    let shown = this.#withTopics.get(frame);
    if (shown === undefined) {
      shown = joinBytes([encodeUtf8(encodeTopics(topics)), frame]);
      this.#withTopics.set(frame, shown);
    }
    return shown;
  }
}
