import type { TextUpdate } from "artesian";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { startHub } from "../support/server.ts";
import { publishing, updates } from "./arbitraries.ts";
import { END } from "./batches.ts";
import { chromiumClients } from "./chromium-clients.ts";
import { type Client, curlClient, eventSourceClient, parserClient } from "./clients.ts";
import type { ParsedEvent } from "./standard-parser.ts";

const SEED = Number(process.env.SEED ?? 1895);
const RUNS = 60;
const REPLAY = "?last_event_id=earliest";

type Publishing = typeof publishing extends fc.Arbitrary<infer T> ? T : never;

async function post(url: string, contentType: string, body: string): Promise<string[]> {
  const response = await fetch(url, { method: "POST", body, headers: { "Content-Type": contentType } });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status}: ${text}`);
  return text.split("\n");
}

function toForm({ topic, data, id, type, retry }: TextUpdate): string {
  const form = new URLSearchParams({ topic: topic as string });
  for (const [name, value] of Object.entries({ data, id, type, retry })) if (value !== undefined) form.set(name, String(value));
  return form.toString();
}

/** Publishes over HTTP, and returns the event ids. */
async function publish(url: string, batch: readonly TextUpdate[], how: Publishing): Promise<readonly string[]> {
  switch (how) {
    case "array":
      return post(url, "application/json", JSON.stringify(batch));
    case "ndjson":
      return post(url, "application/x-ndjson", batch.map((update) => JSON.stringify(update)).join("\n"));
    case "form":
    case "json": {
      const ids: string[] = [];
      for (const update of batch) {
        ids.push(
          ...(how === "form"
            ? await post(url, "application/x-www-form-urlencoded", toForm(update))
            : await post(url, "application/json", JSON.stringify(update))),
        );
      }
      return ids;
    }
  }
}

/** What every client has to get: the publisher's words, the data's line ends as LF. */
function expected(batch: readonly TextUpdate[], ids: readonly string[]): readonly ParsedEvent[] {
  return batch.map(({ data = "", type }, i) => ({ id: ids[i] as string, type: type || "message", data: data.replaceAll(/\r\n?/g, "\n") }));
}

/**
 * `@microsoft/fetch-event-source` 2.0.1 differs from the standard in two ways that no encoding can avoid. It
 * decodes each line by itself, which takes a byte order mark off its start, and it drops empty lines before the
 * first that is not.
 */
function asFetchEventSource({ id, type, data }: ParsedEvent): ParsedEvent {
  const lines = data.split("\n").map((line) => line.replace(/^\uFEFF/, ""));
  return { id, type, data: lines.join("\n").replace(/^\n+/, "") };
}

function typesOf(batch: readonly TextUpdate[]): readonly string[] {
  return [...new Set([END, "message", ...batch.map(({ type }) => type || "message")])];
}

describe("streams", () => {
  it("parse identically by eventsource, eventsource-parser, fetch-event-source, curl and Chromium", async () => {
    console.log(`streams: seed ${SEED}; another by SEED=…`);
    const { url } = await startHub({ limits: { bodyBytes: 32 * 1024 * 1024 } });
    let clients: readonly Client[] = [];
    const history: (readonly ParsedEvent[])[] = [];
    const deliversTo = async (batch: readonly TextUpdate[], how: Publishing): Promise<void> => {
      const number = history.length;
      const types = typesOf(batch);
      await Promise.all(clients.map((client) => client.listen(types)));
      const ids = await publish(url, batch, how);
      await publish(url, [{ topic: "t", type: END, data: String(number) }], "form");
      if (clients.length === 0) {
        // The first batch comes out of the journal; those after it live, on the same connection.
        const from = url + REPLAY;
        clients = [
          await eventSourceClient(from, types),
          await parserClient(from),
          await curlClient(from),
          ...(await chromiumClients(from, types)),
        ];
      }
      const events = expected(batch, ids);
      history.push(events);
      for (const client of clients) {
        const wanted = client.name === "@microsoft/fetch-event-source" ? events.map(asFetchEventSource) : events;
        expect(await client.batch(number), client.name).toEqual(wanted);
      }
    };
    await fc.assert(fc.asyncProperty(updates, publishing, deliversTo), { seed: SEED, numRuns: RUNS });
    const replay = await curlClient(url + REPLAY);
    for (const [number, events] of history.entries()) expect(await replay.batch(number), "replay").toEqual(events);
  });
});
