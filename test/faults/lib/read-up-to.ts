import { within } from "./clock.ts";

const READ_MS = 30_000;

/** What a subscriber gets that comes back. */
export interface ReadAgain {
  /** Whether it was told of a gap. */
  readonly isTold: boolean;
  readonly data: readonly string[];
}

/**
 * Reads the updates of a topic from a cursor on, up to the one with some data.
 *
 * @param lastEventId - The cursor, or `earliest`.
 * @throws Error if the stream ends before, or that update does not come in 30 s.
 */
export async function readUpTo(hub: string, topic: string, lastEventId: string, end: string): Promise<ReadAgain> {
  const url = `${hub}?match=${encodeURIComponent(topic)}&lastEventID=${encodeURIComponent(lastEventId)}`;
  const controller = new AbortController();
  const reading = (async () => {
    const response = await fetch(url, { signal: controller.signal });
    const decoder = new TextDecoder();
    const last = `data: ${end}\n`;
    let text = "";
    for await (const chunk of response.body ?? []) {
      const looked = Math.max(0, text.length - last.length);
      text += decoder.decode(chunk, { stream: true });
      // Each event is a chunk: all of the text is read once.
      if (!text.includes(last, looked)) continue;
      // Events of the hub itself have a type and JSON.
      const data = [...text.matchAll(/^data: ?([^{\n]*)\n/gm)].map(([, one = ""]) => one);
      if (data.at(-1) === end) return { isTold: /^event: ?hub:gap\n/m.test(text), data };
    }
    throw new Error(`The stream ended: ${response.status}`);
  })();
  try {
    return await within(READ_MS, "Reading what a subscriber missed", reading);
  } finally {
    controller.abort();
  }
}
