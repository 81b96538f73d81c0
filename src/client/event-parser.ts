import { createParser } from "eventsource-parser";
import { ClientError } from "./error.ts";

/** One event of a stream. */
export interface ClientEvent {
  /** The event id; undefined on an event that does not move the cursor, such as `hub:gap`. */
  readonly id: string | undefined;
  /** The event type, `message` where the publisher gave none. */
  readonly type: string;
  readonly data: string;
}

/** Turns the bytes of one connection into events, however they are cut. */
export interface EventParser {
  /**
   * @returns The events that these bytes complete.
   * @throws ClientError `event_too_large`.
   */
  push(bytes: Uint8Array): readonly ClientEvent[];
}

/**
 * Makes a parser for one connection: what a lost connection left half-way is dropped, as the standard says.
 *
 * @param maxEventLength - Most characters of one event, so that an endless line can't fill the memory.
 * @param onRetry - Called with the server's reconnection time, in milliseconds.
 */
export function createEventParser(maxEventLength: number, onRetry: (retryMs: number) => void): EventParser {
  let events: ClientEvent[] = [];
  let tooLarge = false;
  const decoder = new TextDecoder();
  const normalize = createLineEnds();
  const parser = createParser({
    maxBufferSize: maxEventLength,
    onEvent: ({ id, event, data }) => events.push({ id, type: event ?? "message", data }),
    onRetry,
    onError(error) {
      // Unknown fields and malformed retry times are skipped, as the standard asks.
      tooLarge ||= error.type === "max-buffer-size-exceeded";
    },
  });
  return {
    push(bytes) {
      parser.feed(normalize(decoder.decode(bytes, { stream: true })));
      if (tooLarge) {
        throw new ClientError(`An event is longer than ${maxEventLength} characters. Raise \`maxEventLength\` to receive it.`, {
          code: "event_too_large",
        });
      }
      const complete = events;
      events = [];
      return complete;
    },
  };
}

/**
 * Turns CR and CRLF into LF as they arrive. The parser would hold an event that ends with a lone CR at the end
 * of a chunk back until the next chunk, which on a quiet stream may be minutes later.
 */
function createLineEnds(): (text: string) => string {
  let afterCr = false;
  return (text) => {
    if (text === "") return text;
    const rest = afterCr && text.startsWith("\n") ? text.slice(1) : text;
    afterCr = text.endsWith("\r");
    return rest.includes("\r") ? rest.replace(/\r\n?/g, "\n") : rest;
  };
}
