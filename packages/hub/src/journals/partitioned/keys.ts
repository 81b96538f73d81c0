import { HubError } from "../../core/errors.ts";
import type { AppendOutcome, IdempotentAppend, JournalIdempotency, KnownAppend, ReusedKey } from "../../core/journal/idempotency.ts";
import type { Journal } from "../../core/journal/journal.ts";
import type { Links } from "./links.ts";
import { appendParts, type Part, partsOf } from "./split.ts";

/** The journal's records, as the keys need them. */
export interface Records {
  /** @throws HubError if the journal is closed. */
  checkOpen(): void;
  /** Adds a write that must finish before the journal closes. */
  track<T>(writing: Promise<T>): Promise<T>;
  /**
   * Finds the place of a record in this process. For a record that is not held, a place before all
   * held records.
   */
  placeOf(partition: number, offset: number): Promise<number>;
  /** This process's position in all partitions, as a text without spaces. */
  place(): string;
  /**
   * The event id of a record without an id of its own. @param place - The position of the process
   * that appended the record.
   */
  idOf(place: string, partition: number, offset: number): string;
}

/** Decodes the answer kept with a key. */
function noteOf({ answer = "[]" }: KnownAppend): { readonly place: string; readonly answer: string | undefined } {
  const [place = "", own] = JSON.parse(answer) as [string?, (string | null)?];
  return { place, answer: own ?? undefined };
}

type Request = Pick<IdempotentAppend, "key" | "request">;

/**
 * Idempotency keys, each kept in the partitions of its updates. If only some parts of a batch were
 * appended, the next attempt appends the others.
 */
export class Keys implements JournalIdempotency {
  readonly #partitions: readonly JournalIdempotency[];
  readonly #links: Links;
  readonly #records: Records;

  private constructor(partitions: readonly JournalIdempotency[], links: Links, records: Records) {
    this.#partitions = partitions;
    this.#links = links;
    this.#records = records;
  }

  /** @returns Undefined if a partition cannot keep keys. */
  static of(partitions: readonly Journal[], links: Links, records: Records): Keys | undefined {
    const all = partitions.flatMap(({ idempotency }) => idempotency ?? []);
    return all.length < partitions.length ? undefined : new Keys(all, links, records);
  }

  append(attempt: IdempotentAppend): Promise<AppendOutcome> {
    return this.#records.track(this.#append(attempt));
  }

  async #append(attempt: IdempotentAppend): Promise<AppendOutcome> {
    this.#records.checkOpen();
    const { batch, steps = [] } = attempt;
    // Updates with changes of the table go to the table's partition, as one part.
    const parts: readonly Part[] =
      steps.length > 0 ? [{ partition: 0, updates: [...batch], indices: batch.map((_, i) => i) }] : partsOf(batch, this.#partitions.length);
    const known = await this.#knownElsewhere(attempt, parts);
    if (known !== undefined) return known;
    const inSteps = steps.flatMap(({ update }) => (update === undefined ? [] : [update]));
    await this.#links.prepare(parts.map(({ partition, updates }) => ({ partition, updates: [...updates, ...inSteps] })));
    // The ids of the answer depend on this process's earlier records. Another process, with other
    // records, must give the same ids.
    const mine = this.#records.place();
    const note = JSON.stringify([mine, attempt.answer]);
    const outcomes = await appendParts(parts, ({ partition, updates }) =>
      this.#of(partition).append({ ...attempt, batch: updates, answer: note }),
    );
    if (outcomes.some(([, { kind }]) => kind === "reused")) return { kind: "reused" };
    const offsets: number[] = [];
    const ids: string[] = [];
    for (const [{ partition, indices }, outcome] of outcomes) {
      if (outcome.kind === "reused") continue;
      const place = outcome.kind === "repeated" ? noteOf(outcome).place : mine;
      for (const [i, offset] of outcome.offsets.entries()) {
        const index = indices[i] ?? offsets.length;
        offsets[index] = await this.#records.placeOf(partition, offset);
        ids[index] = batch[index]?.id ?? this.#records.idOf(place, partition, offset);
      }
    }
    if (outcomes.every(([, { kind }]) => kind === "appended")) return { kind: "appended", offsets, ids };
    const first = outcomes.flatMap(([, outcome]) => (outcome.kind === "repeated" ? [noteOf(outcome)] : []))[0];
    const answer = first?.answer;
    return { kind: "repeated", offsets, answer, ids };
  }

  async find(attempt: Request): Promise<KnownAppend | ReusedKey | undefined> {
    this.#records.checkOpen();
    const found = await Promise.all(this.#partitions.map((partition) => partition.find(attempt)));
    if (found.some((one) => one?.kind === "reused")) return { kind: "reused" };
    const known = found.flatMap((one, partition) => (one?.kind === "repeated" ? [{ partition, ...one }] : []));
    const [first] = known;
    if (first === undefined) return undefined;
    const places = known.map(({ partition, offsets }) => Promise.all(offsets.map((offset) => this.#records.placeOf(partition, offset))));
    return { kind: "repeated", offsets: (await Promise.all(places)).flat(), answer: noteOf(first).answer };
  }

  /**
   * Finds the same key in other partitions. The key may have gone there with another request, or
   * with updates that were scheduled and whose time has passed since.
   */
  async #knownElsewhere(attempt: Request, parts: readonly Part[]): Promise<KnownAppend | ReusedKey | undefined> {
    const others = this.#partitions.filter((_, i) => parts.every(({ partition }) => partition !== i));
    const found = (await Promise.all(others.map((partition) => partition.find(attempt)))).filter((one) => one !== undefined);
    const [first] = found;
    if (first === undefined) return undefined;
    const answer = found.length === 1 && first.kind === "repeated" ? noteOf(first).answer : undefined;
    return answer === undefined ? { kind: "reused" } : { kind: "repeated", offsets: [], answer };
  }

  #of(partition: number): JournalIdempotency {
    const keys = this.#partitions[partition];
    if (keys === undefined) throw new HubError("journal_unavailable", "There is no such partition.");
    return keys;
  }
}
