import type { FramedRecord } from "./frame-ring.ts";
import { PacedRun } from "./paced-run.ts";
import type { Selection } from "../matching/selection.ts";

/** A subscriber at the tail, as live delivery sees it. */
export interface CohortMember {
  /** Offset at which the member joined. The member has had everything up to there. */
  readonly cursor: number;
  /** Set by the cohort: index among its members, or -1 for none. */
  memberIndex: number;
  /** @returns Whether the peer took everything. If not, the member must {@link stall}. */
  write(bytes: Uint8Array): boolean;
  /** The peer did not take everything. The member leaves the cohort. */
  stall(): void;
  /** The member leaves the cohort, to {@link replay} within this turn of the event loop. */
  fallBehind(): void;
  /** Reads the journal from the member's cursor. */
  replay(): void;
}

/**
 * The subscribers at the tail with the same selection. An update is matched once for all of them,
 * and the bytes of a run of updates are joined once.
 */
export class Cohort {
  readonly selection: Selection;
  /**
   * Order means nothing. The last member takes the index of a member that leaves, so leaving costs
   * the same at any size.
   */
  readonly members: CohortMember[] = [];
  /** The selected records of the batch being dispatched. Emptied after each batch. */
  readonly run: FramedRecord[] = [];
  /** Records that wait for the next write, or undefined if updates are delivered at once. */
  readonly paced: PacedRun | undefined;
  /** Offset of the last record sent to the members. */
  sentOffset = 0;
  /** Time of the last write to the members, in milliseconds of the monotonic clock. */
  sentAtMs = 0;
  /** Subscribers of this cohort, at the tail or catching up. At 0 the cohort may be dropped. */
  references = 0;
  /** Whether the cohort is among the spare ones, which may be dropped. */
  isSpare = false;

  constructor(selection: Selection) {
    this.selection = selection;
    this.paced = selection.isPaced ? new PacedRun(selection.pace) : undefined;
  }

  /** Offset up to which a member has everything when the hub is at `position`. */
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
