import { createParser, type EventSourceMessage } from "eventsource-parser";
import { onTestFinished } from "vitest";

/** An open event stream, read with `fetch` and an independent parser. */
export interface TestStream {
  readonly response: Response;
  /** The next event that is an update: what has a type of `hub:` is passed over. */
  next(): Promise<EventSourceMessage>;
  /** The next event of any type. */
  nextOfAny(): Promise<EventSourceMessage>;
  /** The next updates. */
  take(count: number): Promise<EventSourceMessage[]>;
  /** The reconnection times received. */
  readonly retries: number[];
  /** Comments received. */
  readonly comments: string[];
  /** Whether the server has ended the stream. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Opens a stream and waits for the response. The stream ends with the test. */
export async function openStream(url: string, init: RequestInit = {}): Promise<TestStream> {
  const controller = new AbortController();
  const response = await fetch(url, { ...init, signal: controller.signal });
  onTestFinished(() => controller.abort());
  return readStream(response, () => controller.abort());
}

/** Reads a response as an event stream. */
export function readStream(response: Response, close: () => void): TestStream {
  const events: EventSourceMessage[] = [];
  const retries: number[] = [];
  const comments: string[] = [];
  let wake = (): void => undefined;
  let done = false;
  const parser = createParser({
    onEvent: (event) => void events.push(event),
    onRetry: (retry) => void retries.push(retry),
    onComment: (comment) => void comments.push(comment),
  });
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body ?? []) {
        parser.feed(decoder.decode(chunk, { stream: true }));
        wake();
      }
    } finally {
      done = true;
      wake();
    }
  };
  const ended = read().catch(() => undefined);
  const nextOfAny = async (): Promise<EventSourceMessage> => {
    for (;;) {
      const event = events.shift();
      if (event !== undefined) return event;
      if (done) throw new Error("The stream ended.");
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  const next = async (): Promise<EventSourceMessage> => {
    for (;;) {
      const event = await nextOfAny();
      if (!event.event?.startsWith("hub:")) return event;
    }
  };
  const take = async (count: number): Promise<EventSourceMessage[]> => {
    const taken: EventSourceMessage[] = [];
    while (taken.length < count) taken.push(await next());
    return taken;
  };
  return { response, next, nextOfAny, take, retries, comments, ended, close };
}
