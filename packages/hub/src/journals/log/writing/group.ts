import type { KnownAppend, ReusedKey } from "../../../core/journal/idempotency.ts";
import type { StateStep } from "../../../core/journal/state.ts";
import type { Table } from "../../shared/table.ts";
import { decodeAppend, encodeAppend, type LogAppend, type LogKey, walkRecords } from "../entries/codec.ts";
import {
  ENTRY_HEAD,
  type EntryPlace,
  entryCount,
  entryFirst,
  entryKind,
  entryLength,
  entryTotal,
  HAS_STEPS,
  isMarked,
  moveHead,
  placeEntry,
  sealEntry,
} from "../entries/entry.ts";
import { Malformed } from "../entries/bytes.ts";
import { hashText } from "../files/indexing.ts";
import type { TextHashes } from "../files/keyed-hash.ts";
import type { LogOutcome } from "../files/log-access.ts";
import type { LogState } from "./recovery.ts";

const FIRST_BYTES = 64 * 1024;
/** A buffer of more bytes than this is not kept for the next group. */
const KEPT_BYTES = 8 * 1024 * 1024;

/** Finds the outcome of an append with a key, in the flushed log. */
export type FindKey = (keyed: LogKey) => KnownAppend | ReusedKey | undefined;

/** The entries that share the next flush, as bytes of the log. */
export class Group {
  readonly #salt: number;
  readonly #table: Table;
  readonly #hashes: TextHashes;
  /** Hashes of ids and keys, and the offsets of their records. */
  #texts: number[] = [];
  #bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;
  /** Index of the last entry, which has its checksum once the next is added, or -1. */
  #last = -1;
  /** Place of the next entry, with the totals up to the last one. */
  #place: { -readonly [K in keyof EntryPlace]: EntryPlace[K] } = { at: 0, first: 1, head: 1, flushed: 0, total: 0, changes: 0 };
  #keys = new Map<string, KnownAppend & { readonly request: string }>();
  #changes = new Map<string, string | undefined>();

  constructor(salt: number, table: Table, hashes: TextHashes) {
    this.#salt = salt;
    this.#table = table;
    this.#hashes = hashes;
  }

  /** The entries. They change with the next call of {@link begin}. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  get tail(): number {
    return this.#place.first - 1;
  }

  get total(): number {
    return this.#place.total;
  }

  /** Number of entries with steps ever appended. */
  get changeCount(): number {
    return this.#place.changes;
  }

  /** Changes of the table by these entries. */
  get changes(): ReadonlyMap<string, string | undefined> {
    return this.#changes;
  }

  /** Calls with the hash of each id and key, and the offset of its record. */
  eachText(visit: (hash: number, offset: number) => void): void {
    const texts = this.#texts;
    for (let i = 0; i < texts.length; i += 2) visit(texts[i] as number, texts[i + 1] as number);
  }

  /** Calls with each entry: its index in {@link bytes}, its length, first offset and count. */
  eachEntry(visit: (at: number, length: number, first: number, count: number) => void): void {
    for (let at = 0; at < this.#length; at += entryLength(this.#bytes, at)) {
      visit(at, entryLength(this.#bytes, at), entryFirst(this.#bytes, at), entryCount(this.#bytes, at));
    }
  }

  /** @param flushed - Length of the segment. */
  begin({ head, tail, total, changes }: LogState, flushed: number, at: number): void {
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
    this.#length = 0;
    this.#last = -1;
    this.#place = { at, first: tail + 1, head, flushed, total, changes };
    this.#texts = [];
    this.#keys = new Map();
    this.#changes = new Map();
  }

  /**
   * Adds an encoded append.
   *
   * @throws Malformed for bytes that `encodeAppend` did not make. Nothing was added.
   */
  add(request: Buffer, findKey: FindKey): LogOutcome {
    if (request.length < ENTRY_HEAD || !isMarked(request, 0) || entryLength(request, 0) !== request.length) throw new Malformed();
    if (entryKind(request, 0) !== 0) return this.#addWhole(decodeAppend(request), findKey);
    let size = 0;
    const { first } = this.#place;
    const { length } = this.#texts;
    const end = walkRecords(request, 0, request.length, (i, recordSize, idStart, idEnd) => {
      size += recordSize;
      if (idEnd > 0) this.#texts.push(this.#hashes.ids.of(request, idStart, idEnd), first + i);
    });
    if (end !== request.length || size !== entryTotal(request, 0)) {
      this.#texts.length = length;
      throw new Malformed();
    }
    return this.#append(request, entryCount(request, 0));
  }

  /** Adds an entry without records, which says how far the log has come. */
  addEmpty(): void {
    this.#write(encodeAppend({ batch: [], steps: [] }), 0);
  }

  /**
   * Ends the group. May be called again with another head.
   *
   * @param head - The oldest offset held from now on.
   */
  end(head: number): void {
    if (this.#last >= 0) moveHead(this.#bytes, this.#last, head);
    this.#sealLast();
  }

  #addWhole({ batch, steps, keyed }: LogAppend, findKey: FindKey): LogOutcome {
    if (keyed !== undefined) {
      const known = this.#known(keyed) ?? findKey(keyed);
      if (known !== undefined) return known;
    }
    const changed = steps.filter((step) => this.#change(step));
    const updates = changed.flatMap(({ update }) => update ?? []);
    const all = [...batch, ...updates];
    // Without a record, the key would be forgotten at once.
    const kept = all.length === 0 ? undefined : keyed;
    const entry = encodeAppend({ batch: all, steps: changed.map(({ key, value }) => ({ key, value })), keyed: kept });
    const { first } = this.#place;
    for (const [i, { id }] of all.entries()) if (id !== undefined) this.#texts.push(hashText(this.#hashes.ids, id), first + i);
    const outcome = this.#append(entry, all.length);
    if (kept !== undefined && outcome.kind === "appended") {
      const offsets = Array.from({ length: all.length }, (_, i) => outcome.first + i);
      this.#texts.push(hashText(this.#hashes.keys, kept.digest), outcome.first);
      this.#keys.set(kept.digest, { kind: "repeated", offsets, answer: kept.answer, request: kept.request });
    }
    return outcome;
  }

  #known({ digest, request }: LogKey): KnownAppend | ReusedKey | undefined {
    const known = this.#keys.get(digest);
    if (known === undefined) return undefined;
    return known.request === request ? { kind: "repeated", offsets: known.offsets, answer: known.answer } : { kind: "reused" };
  }

  /** @returns Whether the step changes something. */
  #change({ key, value }: StateStep): boolean {
    if (value === undefined) {
      const isThere = this.#changes.has(key) ? this.#changes.get(key) !== undefined : this.#table.has(key);
      if (!isThere) return false;
    }
    this.#changes.set(key, value);
    return true;
  }

  #append(entry: Buffer, count: number): LogOutcome {
    const { first } = this.#place;
    // An append of nothing is a question. The group answers whether it can be flushed.
    if (count > 0 || entryKind(entry, 0) !== 0) this.#write(entry, count);
    return { kind: "appended", first, count };
  }

  #write(entry: Buffer, count: number): void {
    this.#sealLast();
    const { length } = entry;
    const at = this.#length;
    if (at + length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(at + length, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, at);
      this.#bytes = larger;
    }
    entry.copy(this.#bytes, at);
    const place = this.#place;
    place.total += entryTotal(entry, 0);
    if ((entryKind(entry, 0) & HAS_STEPS) !== 0) place.changes = (place.changes + 1) >>> 0;
    placeEntry(this.#bytes, at, place);
    place.first += count;
    this.#last = at;
    this.#length = at + length;
  }

  #sealLast(): void {
    if (this.#last >= 0) sealEntry(this.#bytes, this.#last, this.#length - this.#last, this.#salt);
  }
}
