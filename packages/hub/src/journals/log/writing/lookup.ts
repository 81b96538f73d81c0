import type { KnownAppend, ReusedKey } from "../../../core/journal/idempotency.ts";
import { MAX_FOUND } from "../../../core/journal/journal.ts";
import { restOf } from "../../../core/slices.ts";
import { Turns } from "../../../core/turns.ts";
import { Malformed } from "../entries/bytes.ts";
import { decodeRest, type LogKey } from "../entries/codec.ts";
import { ENTRY_HEAD, entryKind, HAS_KEY } from "../entries/entry.ts";
import type { FindKey } from "./group.ts";
import { hashText, rebuildIndex, writeIndex } from "../files/indexing.ts";
import type { TextHashes } from "../files/keyed-hash.ts";
import type { LogReader } from "../files/reader.ts";
import type { Segment, Segments } from "../files/segments.ts";

type Known = KnownAppend | ReusedKey | undefined;

/** Result of a search, or a segment whose index must be repaired first. */
type Sought<T> = { readonly found: T } | { readonly damaged: Segment };

/**
 * Finds ids and idempotency keys by the indexes of the segments. All searches together take turns
 * with other work, because many records may have one id.
 */
export class Lookup {
  readonly #segments: Segments;
  readonly #reader: LogReader;
  readonly #hashes: TextHashes;
  readonly #turns = new Turns();
  readonly #repairs = new Map<Segment, Promise<void>>();

  constructor(segments: Segments, reader: LogReader, hashes: TextHashes) {
    this.#segments = segments;
    this.#reader = reader;
    this.#hashes = hashes;
  }

  /** See `Journal.find`. */
  id(id: string): Promise<readonly number[]> {
    return this.#run(() => this.#seekId(id));
  }

  /** @param digest - Of the key. @param request - Digest of the request. */
  key(digest: string, request: string): Promise<Known> {
    return this.#run(() => this.#seekKey(digest, request));
  }

  /** Looks for the keys of encoded appends, before they are written. */
  async keysOf(requests: readonly Buffer[]): Promise<FindKey> {
    const found = new Map<string, Known>();
    const find = async (request: Buffer): Promise<void> => {
      const keyed = request.length < ENTRY_HEAD || (entryKind(request, 0) & HAS_KEY) === 0 ? undefined : keyOf(request);
      if (keyed !== undefined) found.set(`${keyed.digest} ${keyed.request}`, await this.key(keyed.digest, keyed.request));
    };
    await Promise.all(requests.map(find));
    return ({ digest, request }) => found.get(`${digest} ${request}`);
  }

  /** Searches in turns, again after each repair. */
  async #run<T>(seek: () => Generator<undefined, Sought<T>>): Promise<T> {
    for (;;) {
      const sought = await restOf(seek(), this.#turns.next);
      if ("found" in sought) return sought.found;
      await this.#repair(sought.damaged);
    }
  }

  *#seekId(id: string): Generator<undefined, Sought<readonly number[]>> {
    const reader = this.#reader;
    const hash = hashText(this.#hashes.ids, id);
    const found: number[] = [];
    // A copy, because trimmed segments leave the list between slices.
    for (const segment of this.#segments.all.slice()) {
      for (let from = reader.place.head; found.length < MAX_FOUND;) {
        const places = placesIn(this.#segments, segment, hash, from);
        if (places === undefined) return { damaged: segment };
        for (const offset of places) {
          // A wrong entry of an index would make a subscriber resume from the wrong place.
          if (offset >= reader.place.head && reader.record(offset)?.id === id) found.push(offset);
          yield;
        }
        if (places.length < MAX_FOUND) break;
        from = (places.at(-1) as number) + 1;
      }
      yield;
    }
    return { found: found.slice(0, MAX_FOUND) };
  }

  *#seekKey(digest: string, request: string): Generator<undefined, Sought<Known>> {
    const hash = hashText(this.#hashes.keys, digest);
    for (const segment of this.#segments.all.toReversed()) {
      // Few: a key is appended again only after the records of the last append were trimmed.
      for (let from = segment.first; ;) {
        const places = placesIn(this.#segments, segment, hash, from);
        if (places === undefined) return { damaged: segment };
        for (const offset of places) {
          const known = this.#reader.knownAt(offset, digest, request);
          if (known !== undefined) return { found: known };
          yield;
        }
        if (places.length < MAX_FOUND) break;
        from = (places.at(-1) as number) + 1;
      }
      yield;
    }
    return { found: undefined };
  }

  #repair(damaged: Segment): Promise<void> {
    const running = this.#repairs.get(damaged) ?? this.#rebuild(damaged).finally(() => this.#repairs.delete(damaged));
    this.#repairs.set(damaged, running);
    return running;
  }

  async #rebuild(damaged: Segment): Promise<void> {
    await rebuildIndex(this.#segments, damaged, this.#hashes);
    await writeIndex(this.#segments, damaged).catch(() => undefined); // The index stays in memory.
  }
}

/** @returns Undefined also for a malformed append, which the group refuses. */
function keyOf(request: Buffer): LogKey | undefined {
  try {
    return decodeRest(request, 0, request.length).keyed;
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

/**
 * Offsets from one on that may have the text, rising, at most {@link MAX_FOUND}.
 *
 * @returns Undefined if the index of the segment is missing or damaged. None if the segment was
 *   trimmed meanwhile.
 */
function placesIn(segments: Segments, segment: Segment, hash: number, from: number): readonly number[] | undefined {
  if (segments.of(segment.first) !== segment) return [];
  if (segment.texts === undefined) return segments.index(segment)?.find(hash, from, MAX_FOUND);
  return segment.texts.find(hash, from - segment.first, MAX_FOUND).map((place) => segment.first + place);
}
