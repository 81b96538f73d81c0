import type { Cohort, CohortMember } from "./cohort.ts";
import type { Frame } from "../update/encoded-frame.ts";
import type { FrameEncoder } from "./frame-encoder.ts";
import type { FramedRecord, FrameRing } from "./frame-ring.ts";
import { isExpired, type Journal, type JournalRecord } from "../journal/journal.ts";
import { Pacer } from "./pacer.ts";
import { monotonicMs } from "../scheduler.ts";
import type { Selection } from "../matching/selection.ts";
import type { Wire } from "../update/wire.ts";

const NOTHING = new Uint8Array(0);

/** Writes the updates of cohorts to their members: at once, or when a paced cohort is due. */
export class Delivery {
  /** Updates and bytes given to sockets since the start. */
  readonly sent: { updates: number; bytes: number } = { updates: 0, bytes: 0 };
  readonly #journal: Journal;
  readonly #wire: Wire;
  readonly #encoder: FrameEncoder;
  readonly #ring: FrameRing;
  readonly #pacer = new Pacer((cohort) => this.#deliverPaced(cohort));

  /** @param options - `ring`: has the frames of the newest records. */
  constructor(options: { journal: Journal; wire: Wire; encoder: FrameEncoder; ring: FrameRing }) {
    this.#journal = options.journal;
    this.#wire = options.wire;
    this.#encoder = options.encoder;
    this.#ring = options.ring;
  }

  /**
   * Delivers a batch to the cohorts that select some of it.
   *
   * @param batchLength - Number of records of the batch.
   */
  deliver(cohorts: readonly Cohort[], batchLength: number): void {
    const now = monotonicMs();
    const joined = new Map<string, Uint8Array>();
    for (const cohort of cohorts) {
      if (cohort.paced !== undefined) {
        this.#await(cohort, cohort.paced.dueAtMs, now);
        continue;
      }
      this.sent.updates += cohort.run.length * cohort.members.length;
      this.#write(cohort, this.#joinRun(cohort, batchLength, joined), now);
      cohort.run.length = 0;
    }
  }

  /** Delivers the updates that wait in paced cohorts, due or not. */
  flush(): void {
    this.#pacer.flush();
  }

  /** Writes the waiting updates of a paced cohort, now or when they are due. */
  #await(cohort: Cohort, dueAtMs: number, now: number): void {
    if (dueAtMs <= now) this.#deliverPaced(cohort);
    else this.#pacer.add(cohort, dueAtMs);
  }

  #deliverPaced(cohort: Cohort): void {
    const { paced, members } = cohort;
    if (paced === undefined || paced.pendingFrom === Infinity) return;
    const { pendingFrom } = paced;
    const at = Date.now();
    const now = monotonicMs();
    const records = paced.drain().filter((record) => !isExpired(record, at, this.#journal.clockToleranceMs));
    paced.dueAtMs = now + cohort.selection.pace.intervalMs;
    const last = records.at(-1);
    if (last === undefined) return;
    const frames = records.map((record) =>
      this.#frameFor(this.#ring.entry(record.offset) ?? { record, frame: undefined }, cohort.selection),
    );
    const all = this.#wire.join(frames, cohort.selection);
    // A member that joined while they waited has had the first of them.
    const rest = new Map<number, Uint8Array>();
    const missing = (after: number): Uint8Array => {
      let bytes = rest.get(after);
      if (bytes === undefined) {
        const missed = frames.filter((_, i) => (records[i] as JournalRecord).offset > after);
        bytes = missed.length === 0 ? NOTHING : this.#wire.join(missed, cohort.selection);
        rest.set(after, bytes);
      }
      return bytes;
    };
    this.sent.updates += records.length * members.length;
    this.sent.bytes += all.length * members.length;
    cohort.sentOffset = last.offset;
    cohort.sentAtMs = now;
    for (let i = members.length - 1; i >= 0; i--) {
      const member = members[i] as CohortMember;
      const bytes = member.cursor < pendingFrom ? all : missing(member.cursor);
      if (bytes.length > 0 && !member.write(bytes)) member.stall();
    }
  }

  #write(cohort: Cohort, bytes: Uint8Array, now: number): void {
    const { members } = cohort;
    this.sent.bytes += bytes.length * members.length;
    cohort.sentOffset = cohort.run.at(-1)?.record.offset ?? cohort.sentOffset;
    cohort.sentAtMs = now;
    // From the end, because the last member takes the index of a member that leaves, and was served
    // already.
    for (let i = members.length - 1; i >= 0; i--) {
      const member = members[i] as CohortMember;
      if (!member.write(bytes)) member.stall();
    }
  }

  /** Joins the frames of a run. Cohorts with the same run in the same format share the bytes. */
  #joinRun({ run, selection }: Cohort, batchLength: number, joined: Map<string, Uint8Array>): Uint8Array {
    if (run.length === 1) return this.#wire.encode(this.#frameFor(run[0] as FramedRecord, selection), selection);
    const which = run.length === batchLength ? "" : run.map(({ record }) => record.offset).join(",");
    const key = `${selection.encoding} ${selection.framing} ${sharedTopics(run, selection)} ${which}`;
    let bytes = joined.get(key);
    if (bytes === undefined) {
      bytes = this.#wire.join(
        run.map((entry) => this.#frameFor(entry, selection)),
        selection,
      );
      joined.set(key, bytes);
    }
    return bytes;
  }

  #frameFor({ record, frame }: Pick<FramedRecord, "record" | "frame">, selection: Selection): Frame {
    return this.#encoder.withTopics(frame ?? this.#encoder.encode(record), record, selection);
  }
}

/**
 * Key that selections share if their bytes of a run are the same. Grants decide which topics of a
 * private update are shown.
 */
function sharedTopics(run: readonly FramedRecord[], selection: Selection): string {
  if (!selection.showsTopics) return "";
  return run.some(({ record }) => record.private && record.topics.length > 1) ? selection.key : "topics";
}
