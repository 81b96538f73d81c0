import type { KnownAppend, ReusedKey } from "../../../core/journal/idempotency.ts";
import { MAX_FOUND } from "../../../core/journal/journal.ts";
import { nextTurn } from "../../../core/scheduler.ts";
import { inSlices } from "../../../core/slices.ts";
import { Malformed } from "../entries/bytes.ts";
import { decodeRest, type LogKey } from "../entries/codec.ts";
import { ENTRY_HEAD, entryKind, HAS_KEY } from "../entries/entry.ts";
import type { FindKey } from "./group.ts";
import { hashText, rebuildIndex, writeIndex } from "../files/indexing.ts";
import type { KeyedHash } from "../files/keyed-hash.ts";
import type { LogReader } from "../files/reader.ts";
import type { Segment, Segments } from "../files/segments.ts";

/** Finds ids and idempotency keys by the indexes of the segments. */
export class Lookup {
  readonly #segments: Segments;
  readonly #reader: LogReader;
  readonly #hash: KeyedHash;

  constructor(segments: Segments, reader: LogReader, hash: KeyedHash) {
    this.#segments = segments;
    this.#reader = reader;
    this.#hash = hash;
  }

  /** See `Journal.find`. */
  async id(id: string): Promise<readonly number[]> {
    const places = await this.#places(id);
    const found: number[] = [];
    const reader = this.#reader;
    await inSlices(
      (function* check(): Generator<undefined, void> {
        for (const offset of places) {
          // A wrong entry of an index would make a subscriber resume from the wrong place.
          if (offset >= reader.place.head && reader.record(offset)?.id === id) found.push(offset);
          if (found.length >= MAX_FOUND) return;
          yield;
        }
      })(),
      nextTurn,
    );
    return found;
  }

  /** @param digest - Of the key. @param request - Digest of the request. */
  async key(digest: string, request: string): Promise<KnownAppend | ReusedKey | undefined> {
    for (const offset of (await this.#places(digest)).toReversed()) {
      const known = this.#reader.knownAt(offset, digest, request);
      if (known !== undefined) return known;
    }
    return undefined;
  }

  /** Looks for the keys of encoded appends, before they are written. */
  async keysOf(requests: readonly Buffer[]): Promise<FindKey> {
    const found = new Map<string, KnownAppend | ReusedKey | undefined>();
    for (const one of requests) {
      if (one.length < ENTRY_HEAD || (entryKind(one, 0) & HAS_KEY) === 0) continue;
      const keyed = keyOf(one);
      if (keyed !== undefined) found.set(`${keyed.digest} ${keyed.request}`, await this.key(keyed.digest, keyed.request));
    }
    return ({ digest, request }) => found.get(`${digest} ${request}`);
  }

  /** Offsets of the records that may have a text, rising. */
  #places(text: string): readonly number[] | Promise<readonly number[]> {
    const hash = hashText(this.#hash, text);
    const found: number[] = [];
    const damaged: Segment[] = [];
    for (const segment of this.#segments.all) {
      const places = placesIn(this.#segments, segment, hash);
      if (places === undefined) damaged.push(segment);
      else for (const place of places) found.push(place);
    }
    return damaged.length === 0 ? found : this.#repair(damaged).then(() => this.#places(text));
  }

  async #repair(damaged: readonly Segment[]): Promise<void> {
    for (const segment of damaged) {
      await rebuildIndex(this.#segments, segment, this.#hash);
      await writeIndex(this.#segments, segment).catch(() => undefined); // The index stays in memory.
    }
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

/** @returns Undefined if the index of the segment is missing or damaged. */
function placesIn(segments: Segments, segment: Segment, hash: number): number[] | undefined {
  if (segment.texts !== undefined) return segment.texts.find(hash).map((place) => segment.first + place);
  return segments.index(segment)?.find(hash);
}
