import { HubError } from "../../core/errors.ts";
import {
  type Journal,
  type JournalPage,
  type JournalRecord,
  MAX_FOUND,
  type ReadLimits,
  type Retention,
} from "../../core/journal/journal.ts";
import type { Peers } from "../../core/journal/peers.ts";
import type { LocalOrder } from "../../core/journal/local-order.ts";
import type { JournalState, StateStep } from "../../core/journal/state.ts";
import type { Update } from "../../core/update/update.ts";
import { sleep } from "../../core/scheduler.ts";
import { Followers } from "../shared/followers.ts";
import { Keys } from "./keys.ts";
import { isLink, isOfLinks, Links, MAX_LINKS } from "./links.ts";
import { Merged } from "./merged.ts";
import { MAX_PARTITIONS } from "./partition-of.ts";
import { readPage } from "./read.ts";
import { resumeAt } from "./resume.ts";
import { appendParts, partsOf } from "./split.ts";
import { combinedEpoch, formatVector, parseVector } from "./vector.ts";

/**
 * Combines several journals into one, so that no single journal is the ceiling. Each update goes to
 * the partition of its first topic, and the hub follows all partitions. Updates with the same first
 * topic keep their order. Others keep their order only within one process. The table, and updates
 * committed with a change of the table, are in the first partition.
 *
 * @param partitions - 2 to {@link MAX_PARTITIONS}, each with a shared table. From now on this
 *   journal owns them. In every process the same, in the same order.
 * @throws HubError `journal_unavailable`.
 */
export async function partitionedJournal(partitions: readonly Journal[]): Promise<Journal> {
  const [first] = partitions;
  if (first?.state === undefined || partitions.length > MAX_PARTITIONS)
    throw new TypeError(`There are not 2 to ${MAX_PARTITIONS} partitions.`);
  const journal = new PartitionedJournal(partitions, first.state);
  try {
    await journal.load();
  } catch (error) {
    await journal.close();
    throw error;
  }
  return journal;
}

/** Name and retention from an engine's options. */
interface Named {
  readonly name: string;
  /** Retention of all partitions together. */
  readonly retention: Retention;
}

/**
 * Opens the partitions of a journal, all or none, or a single journal without partitions.
 *
 * @param count - Number of partitions. Another number is another journal.
 * @param open - Opens a journal with this name and retention.
 */
export async function openPartitions<T extends Named>(count: number, all: T, open: (one: T) => Promise<Journal>): Promise<Journal> {
  if (count === 1) return open(all);
  const { maxBytes, maxCount, ...retention } = all.retention;
  const share = (most: number): number => Math.ceil(most / count);
  const each = {
    ...retention,
    ...(maxBytes !== undefined && { maxBytes: share(maxBytes) }),
    ...(maxCount !== undefined && { maxCount: share(maxCount) }),
  };
  const opened = await Promise.allSettled(
    Array.from({ length: count }, (_, i) => open({ ...all, name: `${all.name}-${i + 1}of${count}`, retention: each })),
  );
  const partitions = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = opened.find((one) => one.status === "rejected");
  if (failed === undefined) return partitionedJournal(partitions);
  await Promise.allSettled(partitions.map((partition) => partition.close()));
  throw failed.reason;
}

/** Time in milliseconds until a table that could not be reached is asked again. */
const RETRY_MS = 500;

class PartitionedJournal implements Journal {
  readonly clockToleranceMs: number;
  readonly state: JournalState;
  readonly idempotency: Keys | undefined;
  readonly peers: Peers | undefined;
  readonly localOrder: LocalOrder = {
    cursorAt: (offset) => {
      const { base, top } = this.#merged.path;
      return formatVector(this.#epoch, this.#merged.path.vectorAt(Math.min(top.offset, Math.max(offset, base.offset))));
    },
    idAt: (offset) => {
      const { path } = this.#merged;
      // For a record that is no longer held, or was in a journal replaced since, only a place can
      // be told.
      if (offset <= path.base.offset || offset > path.top.offset) return this.localOrder.cursorAt(offset);
      return formatVector(this.#epoch, path.vectorAt(offset), path.partitionAt(offset));
    },
    scopeOf: (topics) => this.#links.maskOf(topics),
    earliest: (topics) => this.#merged.earliest(this.#links.maskOf(topics)),
    resume: async (eventId, topics) => {
      const parsed = parseVector(eventId);
      if (parsed === undefined) return /^#[0-9A-Za-z]{8}:[0-9a-z]{1,11}$/.test(eventId) ? { kind: "gap", reason: "epoch" } : undefined;
      const context = { epoch: this.#epoch, partitions: this.#partitions, merged: this.#merged, mask: () => this.#links.maskOf(topics) };
      return resumeAt(parsed, context);
    },
    isAlone: (offset, topics) => {
      const { path } = this.#merged;
      const partition = path.partitionAt(offset);
      const isOnly = this.#links.maskOf(topics) === 1 << partition;
      return isOnly && (path.vectorAt(offset)[partition] as number) > (this.#partitions[partition]?.restoredUpTo ?? 0);
    },
  };
  readonly #partitions: readonly Journal[];
  readonly #links: Links;
  readonly #followers = new Followers((after, limits) => this.read(after, limits));
  readonly #onReplaced = new Set<() => void>();
  readonly #stops: (() => void)[] = [];
  readonly #writing = new Set<Promise<unknown>>();
  #epoch: string;
  #merged: Merged;
  #isClosed = false;

  constructor(partitions: readonly Journal[], state: JournalState) {
    this.#partitions = partitions;
    this.#links = new Links(state, partitions.length);
    this.clockToleranceMs = Math.max(...partitions.map(({ clockToleranceMs = 0 }) => clockToleranceMs));
    this.state = {
      commit: (steps) => this.#track(this.#commit(state, steps)),
      entries: async (prefix, options) => {
        if (!isOfLinks(prefix)) return state.entries(prefix, options);
        const entries = await state.entries(prefix, { ...options, limit: options.limit + MAX_LINKS });
        return entries.filter(({ key }) => !isLink(key)).slice(0, options.limit);
      },
    };
    this.idempotency = Keys.of(partitions, this.#links, {
      checkOpen: () => this.#checkOpen(),
      track: (writing) => this.#track(writing),
      placeOf: async (partition, offset) => {
        // The record is committed, so it is acknowledged even if its place can't be found.
        const place = await this.#merged.find(partition, offset).catch(() => undefined);
        const { base } = this.#merged.path;
        return place ?? base.offset - (base.vector[partition] as number) + offset;
      },
      place: () => this.#merged.path.top.vector.join(),
      idOf: (place, partition, offset) => formatVector(this.#epoch, place.split(",").map(Number).with(partition, offset), partition),
    });
    this.peers = partitions[0]?.peers;
    this.#epoch = combinedEpoch(partitions.map(({ epoch }) => epoch));
    this.#merged = this.#begin();
    for (const [i, partition] of partitions.entries()) {
      this.#stops.push(partition.follow(partition.tail(), (records) => this.#take(i, records)));
      const unwatch = partition.watchReplaced?.(() => this.#replace(i));
      if (unwatch !== undefined) this.#stops.push(unwatch);
    }
  }

  /**
   * Reads the links between partitions, which affect the order of topics. Called after this process
   * has begun to follow, so that nothing is missed in between.
   */
  load(): Promise<void> {
    return this.#links.load();
  }

  get epoch(): string {
    return this.#epoch;
  }

  append(batch: readonly Update[]): Promise<readonly number[]> {
    return this.#track(this.#append(batch));
  }

  async #append(batch: readonly Update[]): Promise<readonly number[]> {
    this.#checkOpen();
    if (batch.length === 0) {
      await Promise.all(this.#partitions.map((partition) => partition.append([])));
      return [];
    }
    const parts = partsOf(batch, this.#partitions.length);
    const preparing = this.#links.prepare(parts);
    if (preparing !== undefined) await preparing;
    const appended = await appendParts(parts, ({ partition, updates }) => (this.#partitions[partition] as Journal).append(updates));
    const places: number[] = [];
    for (const [{ partition, indices }, offsets] of appended) {
      const found = await this.#placesOf(partition, offsets).catch((cause: unknown) => {
        throw new HubError("outcome_unknown", "The appended updates did not come back from the journal. They may be published, or lost.", {
          cause,
        });
      });
      for (const [i, place] of found.entries()) places[indices[i] as number] = place;
    }
    return places;
  }

  async read(after: number, limits: ReadLimits): Promise<JournalPage> {
    const merged = this.#merged;
    this.#checkOpen();
    if (after >= this.tail()) await this.#refresh();
    await merged.reachPlace(after);
    const mask = this.#links.maskOf(limits.topics);
    const page = await readPage(after, { ...limits, mask }, this.#partitions, merged);
    // Records of a journal that was replaced meanwhile are for nobody.
    return merged === this.#merged ? page : { kind: "records", records: [] };
  }

  follow(after: number, onAppended: (records: readonly JournalRecord[]) => void): () => void {
    return this.#followers.follow(after, this.tail(), onAppended);
  }

  async find(id: string): Promise<readonly number[]> {
    const found: number[] = [];
    const add = async (i: number, offset: number): Promise<void> => {
      const partition = this.#partitions[i] as Journal;
      // A peer with an invented id would wait for a record that never comes.
      if (offset > partition.tail()) await partition.read(offset, { maxRecords: 1, maxBytes: 1 });
      if (offset > partition.tail()) return;
      const place = await this.#merged.find(i, offset);
      if (place !== undefined) found.push(place);
    };
    const parsed = parseVector(id);
    if (parsed !== undefined) {
      const offset = parsed.own === undefined ? undefined : parsed.offsets[parsed.own];
      if (parsed.epoch === this.#epoch && parsed.own !== undefined && offset !== undefined) await add(parsed.own, offset);
    } else {
      const all = await Promise.all(this.#partitions.map((partition) => partition.find(id)));
      for (const [i, offsets] of all.entries()) for (const offset of offsets) await add(i, offset);
    }
    return found.toSorted((a, b) => a - b).slice(0, MAX_FOUND);
  }

  tail(): number {
    return this.#merged.path.top.offset;
  }

  head(): number {
    return this.#partitions.reduce((sum, partition) => sum + partition.head() - 1, 1);
  }

  bytes(): number {
    return this.#partitions.reduce((sum, partition) => sum + partition.bytes(), 0);
  }

  watchReplaced(onReplaced: () => void): () => void {
    this.#onReplaced.add(onReplaced);
    return () => void this.#onReplaced.delete(onReplaced);
  }

  watchAway(onChange: (failure: HubError | undefined) => void): () => void {
    const away = new Map<Journal, HubError>();
    const stops = this.#partitions.map((partition) =>
      partition.watchAway?.((failure) => {
        const [before] = away.values();
        if (failure === undefined) away.delete(partition);
        else away.set(partition, failure);
        const [now] = away.values();
        if ((before === undefined) !== (now === undefined)) onChange(now);
      }),
    );
    return () => {
      for (const stop of stops) stop?.();
    };
  }

  async beginEpoch(): Promise<void> {
    await Promise.all(this.#partitions.map(async (partition) => partition.beginEpoch?.()));
    // The partitions report the replacement in a moment. Until then, this process must not go on
    // with its old state.
    await this.#refresh();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#writing);
    await Promise.all(this.#partitions.map((partition) => partition.close()));
    for (const stop of this.#stops) stop();
    this.#followers.clear();
  }

  async #commit(state: JournalState, steps: readonly StateStep[]): Promise<void> {
    this.#checkOpen();
    const updates = steps.flatMap(({ update }) => (update === undefined ? [] : [update]));
    await state.commit([...this.#links.stepsFor(updates, 0), ...steps]);
    for (const update of updates) this.#links.note(update, 0);
  }

  async #track<T>(writing: Promise<T>): Promise<T> {
    this.#writing.add(writing);
    try {
      return await writing;
    } finally {
      this.#writing.delete(writing);
    }
  }

  #begin(): Merged {
    return new Merged(
      this.#partitions,
      this.#partitions.map((partition) => partition.tail()),
    );
  }

  #take(partition: number, records: readonly JournalRecord[]): void {
    const merged = this.#merged;
    const taken: JournalRecord[] = [];
    for (const record of records) {
      this.#links.note(record, partition);
      if (record.offset <= (merged.path.top.vector[partition] as number)) continue;
      merged.push(partition, record.offset);
      taken.push({ ...record, offset: merged.path.top.offset });
    }
    if (taken.length > 0) this.#followers.give(taken);
    merged.moved();
  }

  /**
   * Handles a replaced partition, after which no earlier state holds. Also handles records of the
   * same epoch that could not be read in time.
   */
  #replace(which: number): void {
    const epoch = combinedEpoch(this.#partitions.map((partition) => partition.epoch));
    if (epoch === this.#epoch) {
      const tail = (this.#partitions[which] as Journal).tail();
      // The replacement of another partition was reported before, and this one's with it.
      if (tail <= (this.#merged.path.top.vector[which] as number)) return;
      this.#merged.push(which, tail);
      this.#merged.moved();
    } else {
      this.#epoch = epoch;
      this.#merged.end();
      this.#merged = this.#begin();
    }
    this.#followers.restart(this.tail());
    for (const tell of this.#onReplaced) tell();
    // Other partitions may be gone too. They should report this at once, and not after everybody is
    // back.
    for (const partition of this.#partitions) partition.read(partition.tail(), { maxRecords: 1, maxBytes: 1 }).catch(() => undefined);
    void this.#restoreLinks();
  }

  /**
   * Restores the links, because the first partition may have lost the table, and notes of other
   * links may not have arrived.
   */
  async #restoreLinks(): Promise<void> {
    for (let isDone = false; !isDone && !this.#isClosed;) {
      isDone = await this.#links.restore().then(
        () => true,
        () => false,
      );
      if (!isDone) await sleep(RETRY_MS);
    }
  }

  /** Places of records that this process has just appended, or once had. */
  async #placesOf(partition: number, offsets: readonly number[]): Promise<readonly number[]> {
    const merged = this.#merged;
    await merged.until(partition, offsets.at(-1) ?? 0);
    return merged.path.placesOf(partition, offsets);
  }

  /** Asks the partitions for their current tails. */
  async #refresh(): Promise<void> {
    await Promise.all(
      this.#partitions.map(async (partition, i) => {
        // Reads beyond the tail, because only then the engine itself is asked.
        await partition.read(partition.tail() + 1, { maxRecords: 1, maxBytes: 1 });
        await this.#merged.until(i, partition.tail());
      }),
    );
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new HubError("journal_unavailable", "The journal is closed.");
  }
}
