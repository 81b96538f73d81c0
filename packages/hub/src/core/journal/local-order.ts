import type { GapReason } from "../update/frame.ts";

/**
 * Updates that a subscriber has missed although it has had later ones of this process's order,
 * because another process had another order. They may be many if that process could not reach a
 * partition for long, so they are searched for while they are sent.
 */
export interface Missed {
  /**
   * @returns The next missed updates: their offsets, rising, each with the event id that resumes
   *   after the update and all that the subscriber had. Empty at the end. Undefined if some of the
   *   rest are no longer held.
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
 * The order in which this process has the records of a journal with several partitions, an optional
 * capability. Only records of one partition follow each other in the same order everywhere. Offsets
 * count along the process's own order. So the event ids that peers get name an offset in each
 * partition.
 */
export interface LocalOrder {
  /** Makes the event id that resumes after an offset. */
  cursorAt(offset: number): string;

  /**
   * The event id of the update at an offset, which resumes after the update. Another process's id
   * for the same update resumes after a different set of updates.
   */
  idAt(offset: number): string;

  /**
   * Number of the scope that may hold updates with one of the topics, or with any topic if
   * undefined. Scopes with equal numbers read the same records. The scope may change as records
   * come.
   */
  scopeOf(topics: readonly string[] | undefined): number;

  /**
   * Finds the offset after which all updates with one of the topics are held. @throws HubError
   * `journal_unavailable`.
   */
  earliest(topics: readonly string[] | undefined): Promise<number>;

  /**
   * Finds where an event id of a hub leads to.
   *
   * @returns Undefined if no hub made the id.
   * @throws HubError `journal_unavailable`.
   */
  resume(eventId: string, topics: readonly string[] | undefined): Promise<Resumption | undefined>;

  /**
   * Tells whether a subscriber with the update at an offset has had all earlier updates with one of
   * the topics, from any process. Also requires that no update after it can be lost. See
   * `Journal.restoredUpTo`.
   */
  isAlone(offset: number, topics: readonly string[] | undefined): boolean;
}
