import { ClientError } from "./error.ts";

/** One event of a stream. */
export interface ClientEvent {
  /** The event id, or undefined on an event that does not move the cursor, such as `hub:gap`. */
  readonly id: string | undefined;
  /** The event type, or `message` if the publisher gave none. */
  readonly type: string;
  readonly data: string;
  /**
   * The topics of the update, or undefined if the request did not ask for them with
   * `fields=topics`.
   */
  readonly topics?: readonly string[] | undefined;
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
  /** The incomplete line. Empty in a comment. */
  let line = "";
  let isComment = false;
  /**
   * A CR at the end of a chunk ends its line at once, because a quiet stream may bring the next
   * chunk minutes later.
   */
  let afterCr = false;
  let id: string | undefined;
  let type = "";
  let data: string[] = [];
  let topics: string[] | undefined;
  /** Characters of the event's complete lines. */
  let length = 0;

  function takeField(): void {
    const [, name, value = ""] = /^([^:]*):? ?([^]*)/.exec(line) ?? [];
    if (name === "data") data.push(value);
    else if (name === "event") type = value;
    else if (name === "topics") (topics ??= []).push(value);
    else if (name === "id") id = value.includes("\0") ? id : value;
    else {
      if (name === "retry" && /^\d+$/.test(value)) onRetry(Number(value));
      return;
    }
    length += line.length;
  }

  function takeEvent(): ClientEvent | CursorMove | undefined {
    const event =
      data.length > 0
        ? { id, type: type || "message", data: data.join("\n"), topics }
        : id === undefined
          ? undefined
          : { id, data: undefined };
    id = topics = undefined;
    type = "";
    data = [];
    length = 0;
    return event;
  }

  return {
    push(bytes) {
      const text = decoder.decode(bytes, { stream: true });
      const complete: (ClientEvent | CursorMove)[] = [];
      const parts = (afterCr ? text.replace(/^\n/, "") : text).split(/\r\n?|\n/);
      afterCr = text === "" ? afterCr : text.endsWith("\r");
      for (const [i, part] of parts.entries()) {
        if (line === "") isComment ||= part.startsWith(":");
        if (!isComment) line += part;
        if (length + line.length > maxEventLength) {
          throw new ClientError(`An event is longer than \`maxEventLength\`, ${maxEventLength} characters.`, { code: "event_too_large" });
        }
        if (i === parts.length - 1) break;
        if (line !== "") takeField();
        else if (!isComment) {
          const event = takeEvent();
          if (event !== undefined) complete.push(event);
        }
        line = "";
        isComment = false;
      }
      return complete;
    },
  };
}
