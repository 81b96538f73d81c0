import { encodeUtf8 } from "../update/bytes.ts";
import { Frame } from "../update/encoded-frame.ts";
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
  encode(record: JournalRecord, cursor?: string | null): Frame {
    const { id } = record;
    const update = withBoundRetry(record, this.#retryMs);
    if (cursor === null) return encodeFrame(update, null);
    if (id === undefined || this.#journal.localOrder === undefined)
      return encodeFrame(update, id ?? cursor ?? this.#ids.idAt(record.offset));
    // A publisher's own id does not tell the places of the other partitions.
    return encodeFrame(update, id, encodeCursor(cursor ?? this.#ids.cursorAt(record.offset)));
  }

  /**
   * Adds the topics to a record's frame, for a selection that shows them. Selections that may know
   * of all topics share the bytes.
   */
  withTopics(frame: Frame, record: JournalRecord, selection: Selection): Frame {
    if (!selection.showsTopics) return frame;
    const topics = selection.readableTopics(record);
    const shown = (): Frame => Frame.ofBytes(encodeUtf8(encodeTopics(topics)), frame.content);
    return topics === record.topics ? (frame.withTopics ??= shown()) : shown();
  }
}
