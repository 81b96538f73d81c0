import { ClientError } from "./error.ts";

/** One event of a stream. */
export interface ClientEvent {
  /** The event id, or undefined on an event that does not move the cursor, such as `hub:gap`. */
  readonly id: string | undefined;
  /** The event type, or `message` if the publisher gave none. */
  readonly type: string;
  readonly data: string;
}

/** An id without data. It moves the cursor and is no event. */
export interface CursorMove {
  readonly id: string;
  readonly data: undefined;
}

/** Turns the bytes of one connection into events. Chunks may end anywhere. */
export interface EventParser {
  /**
   * @returns The events that these bytes complete and the cursor moves between them, in order.
   * @throws ClientError `event_too_large`.
   */
  push(bytes: Uint8Array): readonly (ClientEvent | CursorMove)[];
}

/**
 * Makes a parser for one connection. An event that a lost connection left half-way is dropped, as
 * the standard says.
 *
 * @param maxEventLength - Most characters of one event, so that an endless line can't fill the
 *   memory. Comments are neither kept nor counted.
 * @param onRetry - Called with the server's reconnection time, in milliseconds.
 * @see HTML Standard, 9.2.6 "Interpreting an event stream".
 */
export function createEventParser(maxEventLength: number, onRetry: (retryMs: number) => void): EventParser {
  // Removes one leading byte order mark, as the standard asks.
  const decoder = new TextDecoder();
  const normalize = createLineEnds();
  /** The incomplete line. A comment is represented by its colon alone. */
  let line = "";
  let id: string | undefined;
  let type = "";
  let data: string[] = [];
  /** Characters of the event's complete lines. */
  let length = 0;

  function checkLength(): void {
    if (length + line.length <= maxEventLength) return;
    throw new ClientError(`An event is longer than ${maxEventLength} characters. Raise \`maxEventLength\` to receive it.`, {
      code: "event_too_large",
    });
  }

  function grow(text: string): void {
    // The whole line is compared. Looking at the start of a growing concatenation would copy the
    // line at each chunk.
    if (line === ":" || (line === "" && text.startsWith(":"))) line = ":";
    else line += text;
    checkLength();
  }

  function takeField(): void {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (name === "data") data.push(value);
    else if (name === "event") type = value;
    else if (name === "id") {
      if (!value.includes("\0")) id = value;
    } else {
      if (name === "retry" && /^\d+$/.test(value)) onRetry(Number(value));
      return;
    }
    length += line.length;
  }

  function takeEvent(): ClientEvent | CursorMove | undefined {
    const event = data.length > 0 ? { id, type: type === "" ? "message" : type, data: data.join("\n") } : undefined;
    const move = id === undefined ? undefined : { id, data: undefined };
    id = undefined;
    type = "";
    data = [];
    length = 0;
    return event ?? move;
  }

  return {
    push(bytes) {
      const text = normalize(decoder.decode(bytes, { stream: true }));
      const complete: (ClientEvent | CursorMove)[] = [];
      let start = 0;
      for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
        grow(text.slice(start, end));
        start = end + 1;
        if (line === "") {
          const event = takeEvent();
          if (event !== undefined) complete.push(event);
        } else if (line !== ":") takeField();
        line = "";
      }
      grow(text.slice(start));
      return complete;
    },
  };
}

/**
 * Turns CR and CRLF into LF as they arrive. A CR at the end of a chunk ends its line at once,
 * because a quiet stream may bring the next chunk minutes later.
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
