import { nextTurn } from "../../../core/scheduler.ts";
import { restOf } from "../../../core/slices.ts";
import { decodeRest, walkRecords } from "../entries/codec.ts";
import { entryKind, HAS_KEY } from "../entries/entry.ts";
import { EntryReader, scan } from "../entries/entry-reader.ts";
import { replaceFile } from "./file-operations.ts";
import { HashTable } from "./hash-table.ts";
import { SEGMENT_START } from "./identity.ts";
import type { KeyedHash, TextHashes } from "./keyed-hash.ts";
import { segmentPath } from "./segment.ts";
import { SegmentIndex } from "./segment-index.ts";
import type { Segment, Segments } from "./segments.ts";
import { SparseIndex } from "./sparse-index.ts";

/** Hashes a text as it stands in a record or an entry. */
export function hashText(hash: KeyedHash, text: string): number {
  const bytes = text.isWellFormed() ? Buffer.from(text) : Buffer.from(text, "utf16le");
  return hash.of(bytes, 0, bytes.length);
}

/** Notes the ids and the key of an entry. @param first - First offset of the segment. */
export function noteTexts(
  texts: HashTable,
  hashes: TextHashes,
  first: number,
  entry: Pick<EntryReader, "bytes" | "at" | "length" | "first">,
): void {
  const relative = entry.first - first;
  walkRecords(entry.bytes, entry.at, entry.length, (i, _size, idStart, idEnd) => {
    if (idEnd > 0) texts.add(hashes.ids.of(entry.bytes, idStart, idEnd), relative + i);
  });
  if ((entryKind(entry.bytes, entry.at) & HAS_KEY) === 0) return;
  const { keyed } = decodeRest(entry.bytes, entry.at, entry.length);
  if (keyed !== undefined) texts.add(hashText(hashes.keys, keyed.digest), relative);
}

/** Reads a sealed segment that has no sound index. Its index then is in memory. */
export async function rebuildIndex(segments: Segments, segment: Segment, hashes: TextHashes): Promise<void> {
  const sparse = new SparseIndex(segment.first, SEGMENT_START);
  const texts = new HashTable();
  const entries = new EntryReader(segments.salt);
  entries.use({ fd: () => segments.fd(segment), limit: segments.length(segment) });
  const work = scan(entries, { position: SEGMENT_START, next: segment.first, until: segment.next }, (entry) => {
    sparse.note(entry.position, entry.length, entry.first, entry.count);
    noteTexts(texts, hashes, segment.first, entry);
  });
  await restOf(work, nextTurn);
  sparse.next = segment.next;
  segment.sparse = sparse;
  segment.texts = texts;
}

/** Writes the index of a sealed segment from memory. Without the file, the index stays in memory. */
export async function writeIndex(segments: Segments, segment: Segment): Promise<void> {
  const { sparse, texts } = segment;
  if (sparse === undefined || texts === undefined) return;
  const bytes = await restOf(SegmentIndex.encode(sparse, texts, segments.salt), nextTurn);
  await replaceFile(segmentPath(segments.directory, segment.first, "index"), [bytes]);
  segments.dropIndex(segment);
  if (segments.index(segment) !== undefined) segment.texts = undefined;
}
