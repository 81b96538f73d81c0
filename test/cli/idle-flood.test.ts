import { expect, test } from "vitest";
import { connectFrom } from "../support/addresses.ts";
import { openStream } from "../support/stream.ts";
import { send, startServer } from "./command.ts";

/** What a process with 1,024 descriptors may have. */
const ALL = 921;
/** Before a connection that sends nothing is closed for its time is over. Far less where the machine is not busy. */
const SERVED_MS = 5000;

test.each([
  ["one process", ["--journal", "memory"], ALL],
  ["two workers", ["--workers", "2"], ALL + 300],
])(
  "of %s: a newcomer is served while idle connections of another address take all places, and the log says whose they are",
  async (_, args, count) => {
    const { run, url, hub } = await startServer([...args, "--max-sockets", String(ALL)]);
    const port = Number(new URL(url).port);
    // One may be reset for the next one, even before it knows that it is connected.
    await Promise.allSettled(Array.from({ length: count }, () => connectFrom(2, port)));
    const began = performance.now();
    const form = { "content-type": "application/x-www-form-urlencoded" };
    expect((await send(`${url}/health`)).status).toBe(200);
    expect((await send(hub, { method: "POST", headers: form }, "topic=a")).status).toBe(200);
    expect((await openStream(hub)).response.status).toBe(200);
    expect(performance.now() - began).toBeLessThan(SERVED_MS);
    const [line] = await run.waitFor("stderr", /^.*"level":40.*limit of connections is reached.*$/m);
    expect(JSON.parse(line)).toMatchObject({ address: "127.0.0.2", count: 1 });
  },
);
