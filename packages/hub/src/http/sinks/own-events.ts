/** A block of an event stream, as the hub encodes it. */
export interface OwnEvent {
  readonly type: string | undefined;
  readonly id: string | undefined;
  readonly topics: readonly string[];
  readonly data: string;
  readonly retry: number | undefined;
  /** Length of the block, in characters. */
  readonly size: number;
}

/** The bytes that were read last. The members of a cohort get the same bytes one after the other. */
let last: { readonly bytes: Uint8Array; readonly events: readonly OwnEvent[] } | undefined;

const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Reads the events of one write of the hub, which has whole events. Comments are left out. The
 * hub's own reconnection time is never in one write with an update.
 *
 * @param bytes - Neither compressed nor in chunks.
 */
export function readOwnEvents(bytes: Uint8Array): readonly OwnEvent[] {
  if (last?.bytes === bytes) return last.events;
  const events: OwnEvent[] = [];
  for (const block of UTF8.decode(bytes).split("\n\n")) {
    const event = readBlock(block);
    if (event !== undefined) events.push(event);
  }
  last = { bytes, events };
  return events;
}

function readBlock(block: string): OwnEvent | undefined {
  let type: string | undefined;
  let id: string | undefined;
  let retry: number | undefined;
  const topics: string[] = [];
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const end = line.indexOf(": ");
    const value = line.slice(end + 2);
    switch (line.slice(0, Math.max(0, end))) {
      case "event":
        type = value;
        break;
      case "id":
        id = value;
        break;
      case "retry":
        retry = Number(value);
        break;
      case "topics":
        topics.push(value);
        break;
      case "data":
        data.push(value);
        break;
      default:
        // A comment.
        break;
    }
  }
  return data.length === 0 ? undefined : { type, id, topics, data: data.join("\n"), retry, size: block.length };
}
