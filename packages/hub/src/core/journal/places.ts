import type { GapReason } from "../update/frame.ts";

/**
 * The updates that a subscriber has not had though others that came after them here have been: another process had them in another order. There may be many, where
 * that one could not reach a partition for long; so they are found as they are sent.
 */
export interface Missed {
  /**
   * @returns The next ones: their offsets, rising, each with the event id that resumes after it and after what was had; none at the end. Undefined where some that
   * followed are not held any more.
   */
  next(count: number): ReadonlyMap<number, string> | undefined;
}

/** Where an event id leads to. */
export type Resumption =
  | {
      readonly kind: "found";
      /** Everything after this offset is to be sent, */
      readonly after: number;
      /** and before it these updates. */
      readonly missed: Missed;
    }
  | { readonly kind: "gap"; readonly reason: GapReason };

/**
 * What a journal of several partitions has beside. Each process has the records in an order of its own, in which only those of one partition follow each other as
 * everywhere, and its offsets count along that order. So what peers are told is a place in each partition.
 */
export interface JournalPlaces {
  /** The event id that resumes after an offset. */
  cursorAt(offset: number): string;

  /** The event id of the update at an offset, which resumes after it. That of another process resumes after something else, too. */
  idAt(offset: number): string;

  /** Where updates with one of the topics may be, or any, where undefined. Those with equal numbers read the same records. It may change as records come. */
  scopeOf(topics: readonly string[] | undefined): number;

  /** The offset after which all that there may be with one of the topics is held. @throws HubError `journal_unavailable`. */
  earliest(topics: readonly string[] | undefined): Promise<number>;

  /**
   * Finds where an event id of a hub leads to.
   *
   * @returns undefined where no hub made it.
   * @throws HubError `journal_unavailable`.
   */
  resume(eventId: string, topics: readonly string[] | undefined): Promise<Resumption | undefined>;

  /**
   * Whether who has had the update at an offset has had all with one of the topics that is before it, in whichever process that was, and nothing can be lost that followed
   * it: see `Journal.restoredUpTo`.
   */
  isAlone(offset: number, topics: readonly string[] | undefined): boolean;
}
