import { joinBytes } from "../update/bytes.ts";
import { Frame } from "../update/encoded-frame.ts";
import type { Dispatcher } from "../live/dispatcher.ts";
import { encodeCursor, encodeGap } from "../update/frame.ts";
import type { Selection } from "../matching/selection.ts";
import type { ReplayRecord } from "./read-page.ts";

/**
 * Most bytes that a replay writes before the socket has taken them. This is the memory of a slow
 * reader.
 */
const CHUNK_BYTES = 32 * 1024;

/** Content of one write of a replay. */
export interface Chunk {
  /** The chunk is for readers that have everything up to this offset. */
  readonly after: number;
  readonly upTo: number;
  /** Offset of the last update in the chunk. */
  readonly lastOffset: number;
  /** Append time of the chunk's last record, in milliseconds since 1970. 0 for none. */
  readonly at: number;
  /** Number of updates in the chunk. With none, there are no bytes either. */
  readonly updates: number;
  readonly bytes: Uint8Array;
}

/** From one offset to another. */
interface Range {
  readonly after: number;
  readonly upTo: number;
  /**
   * Append time of the last record in between, picked or not, in milliseconds since 1970. 0 if that
   * is not known.
   */
  readonly lastAt: number;
}

/**
 * Makes the writes that bring a selection from one offset to another.
 *
 * @param entries - All that the selection picks in between, in order.
 */
export function chunksOf(
  entries: readonly ReplayRecord[],
  { after, upTo, lastAt }: Range,
  selection: Selection,
  dispatcher: Dispatcher,
): readonly [Chunk, ...Chunk[]] {
  const chunks: Chunk[] = [];
  let frames: Uint8Array[] = [];
  let length = 0;
  let begin = after;
  let lastOffset = 0;
  let at = 0;
  const end = (place: number): Chunk => {
    const chunk: Chunk = { after: begin, upTo: place, lastOffset, at, updates: frames.length, bytes: joinBytes(frames) };
    frames = [];
    length = 0;
    begin = place;
    return chunk;
  };
  for (const [i, entry] of entries.entries()) {
    const { offset } = entry.record;
    ({ at } = entry.record);
    // One gap tells of all updates that are missing in a row.
    if (entry.isGap === true && entries[i + 1]?.isGap === true) continue;
    // Of several updates with one offset, the last one's id counts for all. A peer that is cut off
    // before gets them again.
    const isLast = entries[i + 1]?.record.offset !== offset;
    const frame = dispatcher.wire.encode(frameOf(entry, isLast, selection, dispatcher), selection);
    if (length > 0 && offset !== lastOffset && length + frame.length > CHUNK_BYTES) chunks.push(end(lastOffset));
    frames.push(frame);
    length += frame.length;
    lastOffset = offset;
  }
  at = lastAt;
  const last = end(upTo);
  const [first, ...others] = [...chunks, last];
  return [first ?? last, ...others];
}

function frameOf({ record, frame, cursor, isGap }: ReplayRecord, isLast: boolean, selection: Selection, dispatcher: Dispatcher): Frame {
  const { encoder } = dispatcher;
  if (isGap !== true) return encoder.withTopics(frame ?? encoder.encode(record, isLast ? cursor : null), record, selection);
  const next = cursor ?? dispatcher.ids.idAt(record.offset);
  const gap = encodeGap({ requested: dispatcher.ids.cursorAt(record.offset - 1), first: next, reason: "trimmed" });
  return Frame.ofText(gap + encodeCursor(next));
}
