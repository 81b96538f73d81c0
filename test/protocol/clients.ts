import { spawn } from "node:child_process";
import { once } from "node:events";
import { EventSource } from "eventsource";
import { onTestFinished } from "vitest";
import { openStream } from "../support/stream.ts";
import { Batches } from "./batches.ts";
import { type ParsedEvent, StandardParser } from "./standard-parser.ts";

/** One way to receive a stream. */
export interface Client {
  readonly name: string;
  /** Makes it receive events of these types too: an `EventSource` gives only those that it is asked for. */
  listen(types: readonly string[]): Promise<void>;
  /** All that was received after the batch before, once the end of this one was. */
  batch(number: number): Promise<readonly ParsedEvent[]>;
}

const listensToAll = async (): Promise<void> => undefined;

/** `eventsource`: the `EventSource` that Node programs use. */
export async function eventSourceClient(url: string, types: readonly string[]): Promise<Client> {
  const batches = new Batches();
  const source = new EventSource(url);
  onTestFinished(() => source.close());
  const known = new Set<string>();
  const listen = async (more: readonly string[]): Promise<void> => {
    for (const type of more) {
      if (known.has(type)) continue;
      known.add(type);
      source.addEventListener(type, (event) => {
        // A type may also be one of the connection's own events, such as `error`.
        if (event instanceof MessageEvent) batches.add({ id: event.lastEventId, type: event.type, data: event.data as string });
      });
    }
  };
  await listen(types);
  return { name: "eventsource", listen, batch: (number) => batches.wait(number) };
}

/** `eventsource-parser`, fed from `fetch`. */
export async function parserClient(url: string): Promise<Client> {
  const batches = new Batches();
  const stream = await openStream(url);
  const read = async (): Promise<void> => {
    for (;;) {
      const { id = "", event = "message", data } = await stream.nextOfAny();
      batches.add({ id, type: event, data });
    }
  };
  // It rejects as the stream ends, with the test.
  read().catch(() => undefined);
  return { name: "eventsource-parser", listen: listensToAll, batch: (number) => batches.wait(number) };
}

/** `curl -N`, what it prints parsed as the standard says. */
export async function curlClient(url: string): Promise<Client> {
  const batches = new Batches();
  const parser = new StandardParser((event) => batches.add(event));
  const child = spawn("curl", ["--no-buffer", "--silent", "--show-error", url], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  onTestFinished(async () => {
    child.kill();
    await exited;
  });
  child.stdout.on("data", (bytes: Buffer) => parser.feed(bytes));
  return { name: "curl", listen: listensToAll, batch: (number) => batches.wait(number) };
}
