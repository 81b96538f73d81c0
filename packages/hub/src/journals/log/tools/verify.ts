import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { nextTurn } from "../../../core/scheduler.ts";
import { restOf } from "../../../core/slices.ts";
import { Mark } from "../files/mark.ts";
import { readCheckpoint } from "../files/checkpoint.ts";
import { decodeRest, walkRecords } from "../entries/codec.ts";
import { findLog, type FoundLog, missingChangesOf } from "./current-place.ts";
import { entryKind, HAS_KEY } from "../entries/entry.ts";
import { EntryReader, scan } from "../entries/entry-reader.ts";
import { hashesOf, readSecrets, SEGMENT_START } from "../files/identity.ts";
import { hashText } from "../files/indexing.ts";
import { listSegments, segmentName, segmentPath } from "../files/segment.ts";
import { type Segment, Segments } from "../files/segments.ts";
import { changesMissing } from "../writing/recovery.ts";
import { TableLoading } from "../writing/table-loading.ts";

/** Damage of a log, and its meaning for the operator. */
export interface Finding {
  /** Name of the file. */
  readonly file: string;
  readonly what: string;
  readonly meaning: string;
}

/** Result of {@link verify}. */
export interface Verified {
  readonly epoch: string | undefined;
  readonly head: number;
  readonly tail: number;
  readonly segments: number;
  /** Bytes of all segments. */
  readonly bytes: number;
  /** Whether a process writes the log meanwhile. */
  readonly isOpen: boolean;
  readonly damage: readonly Finding[];
  /** Files that are missing, and are made again without a loss. */
  readonly notes: readonly Finding[];
  /** Whether no change of the shared table is missing between its checkpoint and the end. */
  readonly isTableWhole: boolean;
  /** Updates that were gone when the data were put back. Subscribers are told of them. */
  readonly gone: readonly { readonly from: number; readonly to: number }[];
  /** Why the next start begins a new epoch, or undefined if it does not. */
  readonly putBack: string | undefined;
}

const REBUILT = "Nothing is lost. The next start makes the file again from the segment.";

/**
 * Checks every byte of a log that has a meaning: the identity, each segment, its index, and the
 * checkpoints of the shared table. Changes nothing. Other processes may write meanwhile.
 *
 * @param markFile - As the journal is opened with.
 * @param onProgress - Called with the number of segments that were checked, and of all.
 * @throws Error if there is no log, or nothing of it can be read.
 */
export async function verify(
  directory: string,
  markFile: string = join(directory, "mark"),
  onProgress: (done: number, all: number) => void = () => undefined,
): Promise<Verified> {
  const found = await findLog(directory);
  const { place, isOpen, identity, secrets } = found;
  const damage: Finding[] = [];
  const notes: Finding[] = [];
  const gone: { from: number; to: number }[] = [];
  if (identity === undefined) {
    damage.push({
      file: "identity",
      what: "is missing or damaged",
      meaning: "The next start begins a new epoch, and each subscriber is told of a gap. No update is lost.",
    });
  }
  const segments = new Segments(directory, secrets.salt);
  segments.list(place.segment);
  const oldest = segments.all[0]?.first ?? 1;
  // The oldest segments may have been dropped meanwhile.
  const head = isOpen ? (await findLog(directory)).place.head : place.head;
  if (head < oldest) {
    damage.push({
      file: `a segment before ${segmentName(oldest, "log")}`,
      what: "is missing",
      meaning: `Updates ${head} to ${oldest - 1} are lost. Subscribers are told of a gap in their place.`,
    });
  }
  let bytes = 0;
  let isTableWhole = false;
  try {
    const loading = await TableLoading.open(segments);
    for (const [i, segment] of segments.all.entries()) {
      try {
        bytes += statSync(segmentPath(directory, segment.first, "log")).size;
        await new SegmentCheck(found, segments, segment, loading, { damage, notes, gone }).run();
      } catch (error) {
        // The oldest segments may be dropped meanwhile.
        if (!isOpen || listSegments(directory).includes(segment.first)) throw error;
      }
      onProgress(i + 1, segments.all.length);
    }
    await checkTable(segments, loading, damage);
    isTableWhole = loading.isWhole;
  } finally {
    segments.close();
  }
  const missing = missingChangesOf(directory, found, markFile);
  if (missing > 0)
    damage.push({ file: "the shared table", what: `lacks ${missing} of its changes`, meaning: `The journal ${changesMissing(missing)}` });
  const putBack =
    identity === undefined
      ? undefined
      : !identity.isOwn
        ? "its identity is a copy, as in a backup"
        : isOpen
          ? undefined
          : new Mark(markFile).whyOther(place.epoch, place.tail);
  const { tail } = place;
  return {
    epoch: identity?.identity.epoch,
    head: place.head,
    tail,
    segments: segments.all.length,
    bytes,
    isOpen,
    damage,
    notes,
    isTableWhole,
    gone,
    putBack,
  };
}

/** The check of one segment and its index. */
class SegmentCheck {
  readonly #found: FoundLog;
  readonly #segments: Segments;
  readonly #segment: Segment;
  readonly #loading: TableLoading;
  readonly #damage: Finding[];
  readonly #notes: Finding[];
  readonly #gone: { from: number; to: number }[];

  constructor(
    found: FoundLog,
    segments: Segments,
    segment: Segment,
    loading: TableLoading,
    { damage, notes, gone }: { readonly damage: Finding[]; readonly notes: Finding[]; readonly gone: { from: number; to: number }[] },
  ) {
    this.#found = found;
    this.#segments = segments;
    this.#segment = segment;
    this.#loading = loading;
    this.#damage = damage;
    this.#notes = notes;
    this.#gone = gone;
  }

  async run(): Promise<void> {
    const { place, secrets } = this.#found;
    const { first, next: end } = this.#segment;
    const isActive = first === place.segment;
    const own = readSecrets(segmentPath(this.#segments.directory, first, "log"));
    if (own?.salt !== secrets.salt) {
      this.#note("log", "begins with other bytes than were written", "Its updates are read all the same, with the secrets of the journal.");
    }
    const hashes = hashesOf(secrets);
    const index = isActive ? undefined : this.#segments.index(this.#segment);
    if (!isActive && index === undefined) {
      const name = segmentName(first, "index");
      // A backup may be without the newest one.
      const isMissing = !existsSync(segmentPath(this.#segments.directory, first, "index"));
      (isMissing ? this.#notes : this.#damage).push({ file: name, what: isMissing ? "is missing" : "is damaged", meaning: REBUILT });
    }
    let isIndexWhole = true;
    const isIndexed = (text: number, offset: number): boolean => index === undefined || index.find(text, offset, 1)?.[0] === offset;
    const entries = new EntryReader(secrets.salt);
    const limit = isActive ? place.position : this.#segments.length(this.#segment);
    entries.use({ fd: () => this.#segments.fd(this.#segment), limit });
    let expected = first;
    let position = SEGMENT_START;
    const until = isActive ? place.tail + 1 : end;
    const counts = this.#segments.counting(this.#segment);
    const work = scan(entries, { position, next: first, until: isActive ? undefined : until }, (entry) => {
      if (entry.position > position) this.#gap(expected, entry.first - 1, position);
      if (first >= this.#loading.first && counts(entry)) this.#loading.read(entry);
      walkRecords(entry.bytes, entry.at, entry.length, (i, _size, idStart, idEnd) => {
        if (idEnd > 0 && !isIndexed(hashes.ids.of(entry.bytes, idStart, idEnd), entry.first + i)) isIndexWhole = false;
      });
      if ((entryKind(entry.bytes, entry.at) & HAS_KEY) !== 0) {
        const { keyed } = decodeRest(entry.bytes, entry.at, entry.length);
        if (keyed !== undefined && !isIndexed(hashText(hashes.keys, keyed.digest), entry.first)) isIndexWhole = false;
      }
      expected = entry.first + entry.count;
      position = entry.end;
    });
    await restOf(work, nextTurn);
    if (expected < until && position === limit && this.#isAfterGap(until)) this.#gone.push({ from: expected, to: until - 1 });
    else if (expected < until || (isActive && position < limit)) this.#gap(expected, until - 1, position);
    if (!isIndexWhole)
      this.#note(
        "index",
        "does not lead to every event id and idempotency key",
        `Some are not found. Stop the hub and remove the file. ${REBUILT}`,
      );
  }

  #isAfterGap(first: number): boolean {
    const next = this.#segments.of(first);
    return next?.first === first && this.#segments.isAfterGap(next);
  }

  /** @param from - First offset that is missing. `to` is before it if no update is missing. */
  #gap(from: number, to: number, position: number): void {
    const { head } = this.#found.place;
    const where = `has other bytes than were written, at byte ${position}`;
    if (to < head) this.#note("log", where, "No update is lost that is still held.");
    else {
      const lost = from === to ? `Update ${from} is lost` : `Updates ${from} to ${to} are lost`;
      this.#note("log", where, `${lost}. Subscribers are told of a gap in ${from === to ? "its" : "their"} place.`);
    }
  }

  #note(part: "log" | "index", what: string, meaning: string): void {
    this.#damage.push({ file: segmentName(this.#segment.first, part), what, meaning });
  }
}

async function checkTable(segments: Segments, loading: TableLoading, damage: Finding[]): Promise<void> {
  const { directory, salt } = segments;
  for (const first of loading.checkpoints) {
    if ((await readCheckpoint(directory, first, salt)) !== undefined) continue;
    damage.push({
      file: segmentName(first, "table"),
      what: "is damaged",
      meaning: loading.isWhole
        ? "Nothing is lost. The table is rebuilt from the checkpoint before, and from the segments."
        : "See the table.",
    });
  }
  if (loading.isWhole) return;
  damage.push({
    file: "the shared table",
    what: "cannot be rebuilt whole",
    meaning:
      "A revocation may be missing, so the journal is not opened. Put a backup in its place. Or export the updates, move the directory away, and import them into an empty journal.",
  });
}
