import type { JournalRecord } from "../journal/journal.ts";
import { PacedRun } from "./paced-run.ts";
import type { Selection } from "../matching/selection.ts";

/** A subscriber at the tail, as live delivery sees it. */
export interface CohortMember {
  /** The offset at which it joined: what came up to there it has had. */
  readonly cursor: number;
  /** The cohort's: place among its members; -1 for none. */
  memberIndex: number;
  /** @returns Whether the peer took everything. If not, the member must {@link stall}. */
  write(bytes: Uint8Array): boolean;
  /** Its peer did not take everything: it leaves the cohort. */
  stall(): void;
  /** It leaves the cohort, to {@link replay} within this turn of the event loop. */
  fallBehind(): void;
  /** It reads the journal from where it left. */
  replay(): void;
}

/**
 * The subscribers at the tail whose selection is the same. An update is matched once for all of them, and the
 * bytes of a run of updates are joined once.
 */
export class Cohort {
  readonly selection: Selection;
  /** Order means nothing: a member that leaves is replaced by the last one, so that leaving costs the same at any size. */
  readonly members: CohortMember[] = [];
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
  deliveredUpTo(member: CohortMember, position: number): number {
    const pendingFrom = this.paced?.pendingFrom ?? Infinity;
    return pendingFrom === Infinity ? position : Math.max(member.cursor, pendingFrom - 1);
  }

  join(member: CohortMember): void {
    member.memberIndex = this.members.length;
    this.members.push(member);
  }

  leave(member: CohortMember): void {
    const index = member.memberIndex;
    if (index < 0) return;
    member.memberIndex = -1;
    const last = this.members.pop();
    if (last !== undefined && last !== member) {
      this.members[index] = last;
      last.memberIndex = index;
    }
  }
}
