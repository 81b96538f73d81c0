import { HubError } from "artesian";
import { natsJournal, type NatsJournalOptions, withoutCredentials } from "artesian/journals/nats";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../support/free-port.ts";
import { type NatsOptions, NatsServer } from "../../support/nats-server.ts";

async function start(options?: NatsOptions): Promise<NatsServer> {
  const server = await NatsServer.start(options);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

/** What opening says, where it fails as it should. */
async function refusal(options: NatsJournalOptions): Promise<string> {
  const error: unknown = await natsJournal(options).then(
    (journal) => journal.close(),
    (reason: unknown) => reason,
  );
  if (!(error instanceof HubError) && !(error instanceof TypeError)) throw new Error("It was not refused.");
  expect(JSON.stringify([error.message, String(error.cause)])).not.toContain("s3cret");
  return error.message;
}

test("without a server, it says where it looked", async () => {
  const port = await freePort();
  expect(await refusal({ url: `nats://me:s3cret@127.0.0.1:${port}` })).toBe(
    `No NATS server answers at 127.0.0.1:${port}. Start it, or correct the URL.`,
  );
});

test("credentials: of the URL, wrong ones, none, and a token", async () => {
  const server = await start({ config: 'authorization { user: me, password: "s3cret/1" }' });
  const at = `127.0.0.1:${server.port}`;
  const journal = await natsJournal({ url: `nats://me:s3cret%2F1@${at}` });
  expect(await journal.append([{ topics: ["t"], data: "", id: undefined, type: undefined, retry: undefined, private: false }])).toEqual([
    1,
  ]);
  await journal.close();
  for (const url of [`nats://me:s3cret@${at}`, `nats://${at}`, `nats://s3cret@${at}`]) {
    expect(await refusal({ url })).toMatch(/refuses the credentials/);
  }
  const withToken = await start({ config: "authorization { token: s3cret }" });
  await (await natsJournal({ url: `nats://s3cret@127.0.0.1:${withToken.port}` })).close();
});

test("a server without JetStream, and one that is not let use it", async () => {
  const server = await start({ jetstream: false });
  expect(await refusal({ url: server.url })).toMatch(/JetStream is not enabled .* Start it with -js/);
  const config =
    "accounts { A { users: [{ user: a, password: s3cret }] }, B { jetstream: enabled, users: [{ user: b, password: s3cret }] } }";
  const { port } = await start({ config });
  expect(await refusal({ url: `nats://a:s3cret@127.0.0.1:${port}` })).toMatch(/JetStream is not enabled/);
  await (await natsJournal({ url: `nats://b:s3cret@127.0.0.1:${port}` })).close();
});

test("more replicas than servers, a stream of somebody else, and a journal of a newer version", async () => {
  const server = await start();
  expect(await refusal({ url: `${server.url}?replicas=3` })).toMatch(/cannot hold 3 copies/);
  await server.addStream("theirs-log", "somebody.else");
  expect(await refusal({ url: server.url, name: "theirs" })).toMatch(/theirs-log is not a journal of Artesian/);
  await server.addStream("newer-log", "newer.log.2.abcdEFGH");
  expect(await refusal({ url: `${server.url}?name=newer` })).toMatch(/has format 2, and this version of Artesian knows 1/);
});

test.each([
  ["http://h:4222", /not valid/],
  ["nats://", /not valid/],
  ["nats://me:s3cret/x@h", /not valid/],
  ["nats://me:s3cret,x@h", /host that is not valid/],
  ["nats://me:s3cret%@h", /a % that is not an escape/],
  ["nats://h?wait=1", /unknown parameter "wait"/],
  ["nats://h?name=a.b", /letters, digits/],
  ["nats://h?replicas=2", /1, 3 or 5/],
])("the URL %s is refused", async (url, message) => {
  expect(await refusal({ url })).toMatch(message);
});

test.each([
  ["nats://a:4222,b:4222?name=shop", "nats://a:4222,b:4222?name=shop"],
  ["nats://me:s3cret@a:4222,you:s3cret@b", "nats://a:4222,b"],
  ["tls://s3cret@a?replicas=3", "tls://a?replicas=3"],
  ["nats://me:s3c,ret@a", "nats://a"],
  ["nats://me:x/s3cret@a", "nats://"],
  ["s3cret", ""],
])("%s is shown as %s", (url, shown) => {
  expect(withoutCredentials(url)).toBe(shown);
});
