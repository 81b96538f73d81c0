import type { JournalRecord } from "./journal.ts";
import { PacedRun } from "./pace.ts";
import type { Selection } from "./selection.ts";
import type { Subscriber } from "./subscriber.ts";

/**
 * The subscribers at the tail whose selection is the same. An update is matched once for all of them, and the
 * bytes of a run of updates are joined once.
 */
export class Cohort {
  readonly selection: Selection;
  /** Order means nothing: a member that leaves is replaced by the last one, so that leaving costs the same at any size. */
  readonly members: Subscriber[] = [];
  /** The records of the batch being dispatched that the selection selects. Emptied after each batch. */
  readonly run: JournalRecord[] = [];
  /** What waits for the next write; undefined where updates are delivered at once. */
  readonly paced: PacedRun | undefined;
  /** Offset of the last record sent to the members. */
  sentOffset = 0;
  /** When something was last sent to the members, in milliseconds of the monotonic clock. */
  sentAtMs = 0;
  /** Subscribers that belong here, at the tail or catching up; at 0 the cohort may be let go. */
  references = 0;
  /** Whether it is among those that may be let go. */
  isSpare = false;

  constructor(selection: Selection) {
    this.selection = selection;
    this.paced = selection.isPaced ? new PacedRun(selection.pace) : undefined;
  }

  /** Up to where a member has everything, when the hub is at `position`. */
  deliveredUpTo(member: Subscriber, position: number): number {
    const pendingFrom = this.paced?.pendingFrom ?? Infinity;
    return pendingFrom === Infinity ? position : Math.max(member.cursor, pendingFrom - 1);
  }

  join(subscriber: Subscriber): void {
    subscriber.memberIndex = this.members.length;
    this.members.push(subscriber);
  }

  leave(subscriber: Subscriber): void {
    const index = subscriber.memberIndex;
    if (index < 0) return;
    subscriber.memberIndex = -1;
    const last = this.members.pop();
    if (last !== undefined && last !== subscriber) {
      this.members[index] = last;
      last.memberIndex = index;
    }
  }
}
