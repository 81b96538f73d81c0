import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { connect, type ClientError, type ConnectOptions, type Live } from "../../packages/client/src/index.ts";
import { AT_ONCE } from "../support/cuts.ts";
import { answer, scripted, stream, type Script } from "./server.ts";
import { WAIT } from "./watch.ts";

const JSON_TYPE = { "content-type": "application/json" };
const never = async (): Promise<never> => new Promise(() => undefined);

/** Answers the stream, and leaves snapshots and updates to other scripts. */
const apart =
  (snapshot: Script, post: Script = snapshot): Script =>
  (res, req) =>
    (req.method === "POST" ? post : req.url?.includes("latest=on") === true ? snapshot : stream("id: 1\n\n"))(res, req);

/** Requests for snapshots. */
const asked = ({ requests }: { readonly requests: readonly { readonly url?: string | undefined }[] }): number =>
  requests.filter(({ url }) => url?.includes("latest=on")).length;

function open(url: string, options: ConnectOptions = {}): Live {
  const live = connect(url, { ...AT_ONCE, ...options });
  onTestFinished(() => live.close());
  return live;
}

/** Watches the timers that keep a process. */
function watchTimers(): () => Promise<void> {
  const active = new Set<NodeJS.Timeout>();
  const [set, clear] = [globalThis.setTimeout, globalThis.clearTimeout];
  vi.stubGlobal("setTimeout", (run: () => void, ms: number) => {
    const timer = set(() => {
      active.delete(timer);
      run();
    }, ms);
    active.add(timer);
    return timer;
  });
  vi.stubGlobal("clearTimeout", (timer: NodeJS.Timeout) => {
    active.delete(timer);
    clear(timer);
  });
  onTestFinished(() => void vi.unstubAllGlobals());
  return async () => expect.poll(() => [...active].filter((timer) => timer.hasRef()).length, { timeout: 300 }).toBe(0);
}

test.each<[string, Script]>([
  ["is refused", answer(503, "")],
  ["is not answered", () => undefined],
])("close() ends a snapshot that %s, and its pauses", async (_, script) => {
  const server = await scripted(apart(script));
  const untilFree = watchTimers();
  const live = open(server.url);
  live.latest("t");
  await expect.poll(() => asked(server), WAIT).toBe(1);
  await expect.poll(() => live.state.status, WAIT).toBe("live");
  live.close();
  await untilFree();
  expect(asked(server)).toBe(1);
});

test.each(["the connection", "the snapshot"])("close() of %s ends a snapshot whose parts never end", async (which) => {
  let part = 0;
  const endless: Script = (res, req) =>
    answer(200, JSON.stringify({ updates: [{ id: `u${++part}`, topics: ["t"], data: "d" }], cursor: `c${part}` }), JSON_TYPE)(res, req);
  const server = await scripted(apart(endless));
  const live = open(server.url);
  const latest = live.latest("t");
  await expect.poll(() => asked(server), WAIT).toBeGreaterThan(2);
  (which === "the snapshot" ? latest : live).close();
  await delay(20);
  const count = asked(server);
  // Two pauses between parts.
  await delay(200);
  expect(asked(server)).toBe(count);
});

test.each<[string, ConnectOptions]>([
  ["the hub's answer", {}],
  ["the token", { token: never }],
])("close() settles an update that waits for %s, and the next one, at once", async (_, options) => {
  const server = await scripted(apart(() => undefined));
  const untilFree = watchTimers();
  const dropped: string[] = [];
  const live = open(server.url, {
    ...options,
    onDropped: ({ data }, error) => void dropped.push(`${String(data)} ${(error as ClientError).code}`),
  });
  const published = ["a", "b"].map((data) => live.publish({ topic: "t", data }).catch((error: ClientError) => error.code));
  if (options.token === undefined) await expect.poll(() => server.requests.length, WAIT).toBe(1);
  else await delay(1);
  live.close();
  expect(await Promise.all(published)).toEqual(["closed", "closed"]);
  expect(dropped).toEqual(["a closed", "b closed"]);
  await untilFree();
});

test("close() ends the wait for the token of a stream and of a snapshot", async () => {
  const server = await scripted(answer(503, ""));
  const untilFree = watchTimers();
  const live = open(server.url, { token: never });
  live.latest("t");
  await delay(30);
  live.close();
  await untilFree();
});

test("each next() of a loop has its turn, and close() settles all that wait", async () => {
  const server = await scripted(stream("id: 1\ntopics: t\ndata: a\n\n", "id: 2\ntopics: t\ndata: b\n\n"));
  const live = open(server.url);
  const loop = live.topic("t")[Symbol.asyncIterator]();
  const results = Array.from({ length: 4 }, async () => loop.next());
  expect((await results[0])?.value).toMatchObject({ data: "a" });
  expect((await results[1])?.value).toMatchObject({ data: "b" });
  live.close();
  expect(await Promise.all(results.slice(2))).toEqual([
    { value: undefined, done: true },
    { value: undefined, done: true },
  ]);
});

test("many snapshots, loops and waits for a token give no warning of Node, and close() ends them", async () => {
  const warnings: string[] = [];
  const note = ({ name }: Error): void => void warnings.push(name);
  process.on("warning", note);
  onTestFinished(() => void process.off("warning", note));
  const server = await scripted(apart(answer(200, '{"updates":[],"cursor":"1"}', JSON_TYPE)));
  let give: ((token: string) => void) | undefined;
  const token = new Promise<string>((resolve) => (give = resolve));
  const live = open(server.url, { token: async () => token });
  const topics = Array.from({ length: 30 }, (_, i) => `t${i}`);
  for (const topic of topics) live.latest(topic);
  const loops = topics.map(async (topic) => live.topic(topic)[Symbol.asyncIterator]().next());
  await delay(30);
  give?.("token");
  await expect.poll(() => asked(server), WAIT).toBe(30);
  live.close();
  for (const { done } of await Promise.all(loops)) expect(done).toBe(true);
  // A loop and a snapshot of a connection that is closed.
  live.latest("t");
  expect((await live.topic("t")[Symbol.asyncIterator]().next()).done).toBe(true);
  expect(warnings).toEqual([]);
});
