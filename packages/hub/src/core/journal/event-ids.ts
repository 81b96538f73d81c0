import { formatCursor, type IdCipher, NO_ID } from "./cursor.ts";
import type { Journal, JournalRecord } from "./journal.ts";

/** The event ids that peers get for the records of a journal, and the way back. */
export class EventIds {
  /** Epoch of the offsets: the journal's, until the journal is replaced and {@link restart} is called. */
  epoch: string;
  readonly #journal: Journal;
  readonly #cipher: IdCipher | undefined;

  /** @param cipher - Makes the hub's own ids opaque. Default: ids are `#EPOCH:OFFSET`. */
  constructor(journal: Journal, cipher: IdCipher | undefined) {
    this.epoch = journal.epoch;
    this.#journal = journal;
    this.#cipher = cipher;
  }

  /** The journal was replaced. */
  restart(): void {
    this.epoch = this.#journal.epoch;
  }

  /** The event id of a record: its publisher's, or the hub's own. */
  of(record: JournalRecord): string {
    return record.id ?? this.idAt(record.offset);
  }

  /** The event id that resumes after an offset. */
  cursorAt(offset: number): string {
    return this.seal(this.#journal.localOrder?.cursorAt(offset) ?? formatCursor({ epoch: this.epoch, offset }));
  }

  /** The event id that the hub makes for the update at an offset. */
  idAt(offset: number): string {
    const { localOrder } = this.#journal;
    return localOrder === undefined ? this.cursorAt(offset) : this.seal(localOrder.idAt(offset));
  }

  /** The form of the hub's own event id that peers get. */
  seal(id: string): string {
    return this.#cipher === undefined ? id : this.#cipher.seal(id);
  }

  /**
   * Restores an event id from a peer to its form before {@link seal}. A hub with opaque ids accepts
   * no plain id of its own, because peers could count through them.
   */
  open(id: string): string {
    return this.#cipher === undefined || !id.startsWith("#") ? id : (this.#cipher.open(id) ?? NO_ID);
  }
}
