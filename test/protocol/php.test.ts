import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { createHub, type Hub, type HubOptions } from "artesian";
import { logJournal } from "artesian/journals/log";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { compatToken } from "../support/compat-token.ts";
import { listen, startHub } from "../support/server.ts";
import { type PhpScript, runPhp } from "./php.ts";
import { temporaryDirectory } from "../support/directory.ts";

const SECRET = "!ChangeThisMercureHubJWTSecretKey!";
const COMPAT: HubOptions = {
  compat: "0.x",
  anonymousPublish: false,
  authorization: { issuers: [{ issuer: "https://php.example", keys: [{ secret: SECRET, algorithms: ["HS256"] }] }] },
};
const PATH = "/.well-known/mercure";

interface PhpUpdate {
  readonly topics: string | readonly string[];
  readonly data: string;
  readonly private?: boolean;
  readonly id?: string;
  readonly type?: string;
  readonly retry?: number;
}

interface Line {
  readonly id?: string;
  readonly type?: string;
  readonly data?: string;
  readonly retry?: number;
  readonly connected?: number;
  readonly lastEventId?: string | null;
  readonly ended?: boolean;
}

function publish(url: string, updates: readonly PhpUpdate[], credentials: object = { publish: ["*"] }): Promise<readonly string[]> {
  return runPhp("publish", { url, secret: SECRET, updates, ...credentials }).done;
}

function subscribe(url: string, topics: readonly string[], options: object = {}): PhpScript {
  return runPhp("subscribe", { url, secret: SECRET, topics, subscribe: [], resumeBy: "query", ...options });
}

/** The next line that is about something. */
async function nextLine(script: PhpScript, about: keyof Line): Promise<Line> {
  for (;;) {
    const { done, value } = await script.lines.next();
    // The failure says more than that there is no line.
    if (done === true) throw new Error(`The script ended: ${(await script.done).join("\n")}`);
    const line = JSON.parse(value) as Line;
    if (about in line) return line;
  }
}

/** The updates received: an application passes over the types that it does not know. */
async function updatesOf(script: PhpScript): Promise<Line[]> {
  const lines = (await script.done).map((line) => JSON.parse(line) as Line);
  return lines.filter(({ type }) => type !== undefined && !type.startsWith("hub:"));
}

describe("Symfony's clients for PHP, unchanged", () => {
  it("publish and receive public and private updates, with all fields", async () => {
    const { origin } = await startHub(COMPAT);
    const url = `${origin}${PATH}`;
    const script = subscribe(url, ["https://example.com/books/{id}", "greeting"], { subscribe: ["https://example.com/books/{id}"] });
    await nextLine(script, "id");
    const ids = await publish(url, [
      { topics: "greeting", data: "Hello,\nwörld! a+b&c=d 100%" },
      { topics: "greeting", data: "not for it", private: true },
      { topics: "https://example.com/books/1/reviews", data: "not asked for" },
      {
        topics: ["https://example.com/books/1", "/alternate"],
        data: '{"é":1}',
        private: true,
        id: "urn:uuid:7",
        type: "book",
        retry: 1500,
      },
      { topics: ["/alternate", "greeting"], data: "by an alternate topic" },
      { topics: "greeting", data: "end" },
    ]);
    expect(ids).toHaveLength(6);
    expect(ids[3]).toBe("urn:uuid:7");
    expect(await updatesOf(script)).toEqual([
      { id: ids[0], type: "message", data: "Hello,\nwörld! a+b&c=d 100%", retry: 0 },
      { id: "urn:uuid:7", type: "book", data: '{"é":1}', retry: 1.5 },
      { id: ids[4], type: "message", data: "by an alternate topic", retry: 0 },
      { id: ids[5], type: "message", data: "end", retry: 0 },
    ]);
  });

  it("publish with a token of their own, and with none that does not allow it", async () => {
    const { origin, hub } = await startHub(COMPAT);
    const url = `${origin}${PATH}`;
    const updates = [{ topics: "https://example.com/books/1", data: "x" }];
    const token = compatToken({ mercure: { publish: ["https://example.com/{+path}"] } }, SECRET);
    expect(await publish(url, updates, { token })).toHaveLength(1);
    for (const credentials of [{ publish: [] }, { publish: ["https://example.com/{id}"] }, { token: `${token}x` }]) {
      await expect(publish(url, updates, credentials)).rejects.toThrow("Failed to send an update");
    }
    expect(hub.stats().tail).toBe(1);
  });

  it("are refused without the mode", async () => {
    const { origin, hub } = await startHub({ ...COMPAT, compat: undefined });
    const url = `${origin}${PATH}`;
    await expect(publish(url, [{ topics: "greeting", data: "x" }])).rejects.toThrow("The access token is not accepted");
    await expect(subscribe(url, ["greeting"]).done).rejects.toThrow("The request needs an access token");
    expect(hub.stats().tail).toBe(0);
  });

  it.each(["header", "query"])("lose nothing when streams end by their lifetime, and resume by the %s", async (resumeBy) => {
    const { hub, origin } = await startHub({ ...COMPAT, lifetimeMs: 1000 });
    let count = 0;
    let rounds = 0;
    const publishNext = (isPrivate: boolean): Promise<string> => {
      const number = ++count;
      return hub.publish({ topic: "/books/1", data: String(number), private: isPrivate });
    };
    const published: Promise<unknown>[] = [];
    const stopObserving = hub.observe({
      subscribed: () => published.push(publishNext(rounds % 2 === 0)),
      unsubscribed: () => {
        // While nobody is there.
        published.push(publishNext(true).then(() => publishNext(false)));
        if (++rounds === 4) published.push(hub.publish({ topic: "/books/2", data: "end" }));
      },
    });
    const script = subscribe(`${origin}${PATH}`, ["/books/{id}"], { subscribe: ["*"], resumeBy });
    const data = (await updatesOf(script)).map((line) => line.data);
    const lines = (await script.done).map((line) => JSON.parse(line) as Line);
    stopObserving();
    await Promise.all(published);
    expect(lines.filter(({ ended }) => ended === true).length).toBeGreaterThanOrEqual(4);
    const numbers = data.filter((one) => one !== "end").map(Number);
    expect(numbers.length).toBeGreaterThanOrEqual(10);
    expect(numbers).toEqual(Array.from(numbers, (_, i) => i + 1));
    // Each cursor that was sent came back, in the field that 0.x has for it.
    const connections = lines.filter(({ connected }) => connected !== undefined);
    expect(connections.map(({ lastEventId }) => typeof lastEventId)).toEqual(["object", ...connections.slice(1).map(() => "string")]);
  });

  it("lose nothing when the hub restarts", async () => {
    const directory = temporaryDirectory("php");
    const start = async (): Promise<Hub> => {
      const hub = createHub({ ...COMPAT, drainMs: 500, journal: await logJournal({ directory }) });
      onTestFinished(() => hub.close());
      return hub;
    };
    let hub = start();
    // Whoever comes while it restarts waits.
    const origin = await listen(createServer((req, res) => void hub.then((running) => running.handler(req, res))));
    const url = `${origin}${PATH}`;
    const script = subscribe(url, ["/books/{id}"], { subscribe: ["/books/{id}"] });
    await nextLine(script, "id");
    await publish(url, [{ topics: "/books/1", data: "1" }]);
    expect(await nextLine(script, "data")).toMatchObject({ data: "1" });
    const old = await hub;
    hub = old.close().then(async () => {
      const next = await start();
      await next.publish({ topic: "/books/2", data: "2", private: true });
      await next.publish({ topic: "/books/3", data: "end" });
      return next;
    });
    expect((await updatesOf(script)).map(({ data }) => data)).toEqual(["1", "2", "end"]);
  });

  it("lose nothing when a connection breaks: the library comes back by itself, where it was", async () => {
    const hub = createHub({ ...COMPAT, retryMs: { min: 10, max: 20 } });
    onTestFinished(() => hub.close());
    // The server that serves Fetch API handlers tells of each broken connection.
    const told = vi.spyOn(console, "error").mockImplementation(() => undefined);
    onTestFinished(() => told.mockRestore());
    const cursors: (string | undefined)[] = [];
    const answer = getRequestListener(hub.fetch, { overrideGlobalObjects: false });
    // With chunks, which a server of the Fetch API sends, the library can tell that a stream did not come to its end.
    const server = createServer((req, res) => {
      cursors.push(req.headers["last-event-id"] as string | undefined);
      void answer(req, res);
    });
    const script = subscribe(`${await listen(server)}${PATH}`, ["/books/{id}"], { subscribe: ["*"] });
    await nextLine(script, "id");
    const ids: string[] = [];
    for (const number of [1, 2, 3]) {
      ids.push(await hub.publish({ topic: "/books/1", data: String(number) }));
      expect(await nextLine(script, "data")).toMatchObject({ data: String(number) });
      server.closeAllConnections();
      await hub.publish({ topic: "/books/2", data: `${number}, meanwhile`, private: true });
      expect(await nextLine(script, "data")).toMatchObject({ data: `${number}, meanwhile` });
    }
    await hub.publish({ topic: "/books/3", data: "end" });
    const data = (await updatesOf(script)).map((line) => line.data);
    expect(data).toEqual(["1", "1, meanwhile", "2", "2, meanwhile", "3", "3, meanwhile", "end"]);
    expect((await script.done).filter((line) => line.includes("ended"))).toEqual([]);
    expect(cursors).toEqual([undefined, ...ids]);
  });
});
