import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import type { Journal } from "artesian";
import { redisJournal, type RedisJournalOptions } from "artesian/journals/redis";
import { describe, expect, it, onTestFinished } from "vitest";
import { dataOf, follow, judge, open, update, Writer } from "../../support/redis-journals.ts";
import { makeCertificates, RedisServer, type Secured, startCluster } from "../../support/redis-server.ts";

// With what a URL has to escape.
const PASSWORD = "s3cret/@:?%master";
const HUB = { name: "hub", password: "s3cret-hub" };
const WATCHER = { name: "watcher", password: "s3cret&+#watcher" };

/** Servers that take TLS and passwords only. */
function secure(): { readonly servers: Secured; readonly sentinels: Secured } {
  const directory = mkdtempSync(join(tmpdir(), "artesian-certificates-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const certificates = makeCertificates(directory, (command, args) => void execFileSync(command, args, { stdio: "ignore" }));
  return {
    servers: { ...certificates, password: PASSWORD, user: HUB },
    sentinels: { ...certificates, password: "s3cret-sentinel", user: WATCHER },
  };
}

/** What opening says, where it fails as it should. Nothing that it throws has a password, also where a log shows all of it. */
async function refusal(url: string, tls: RedisJournalOptions["tls"]): Promise<string> {
  const error: unknown = await redisJournal({ url, tls }).then(
    (journal) => journal.close(),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error("It was not refused.");
  expect(inspect(error, { depth: Infinity })).not.toContain("s3cret");
  expect(inspect(error, { depth: Infinity })).not.toContain(encodeURIComponent(PASSWORD));
  return error.message;
}

const isDone = (append: Promise<unknown>): Promise<boolean> =>
  append.then(
    () => true,
    () => false,
  );

describe("sentinels over TLS, with users and passwords", () => {
  it("appends, follows, and goes on after a failover, with all that was acknowledged", async () => {
    const { servers, sentinels } = secure();
    const master = await RedisServer.start({}, servers);
    const replica = await RedisServer.start({}, servers);
    await replica.run("REPLICAOF", "127.0.0.1", String(master.port));
    await expect.poll(() => replica.info("master_link_status")).toBe("up");
    const sentinel = await RedisServer.startSentinel(master, 1, sentinels);
    await expect.poll(() => sentinel.info("master0")).toMatch(/status=ok,.*slaves=1,sentinels=1/);
    const url = sentinelUrl(sentinel.address);
    const [tls, journals] = [{ ca: servers.ca }, [] as Journal[]];
    for (let i = 0; i < 2; i++) journals.push(await open(url, { tls }));
    const [a, b] = journals as [Journal, Journal];
    const [{ epoch }, followed] = [a, journals.map(follow)];
    b.peers?.answer(() => "here");
    await expect.poll(async () => (await a.peers?.ask("?", () => true))?.answers.length).toBe(1);
    const writer = new Writer(a, "");
    await expect.poll(() => writer.acknowledged.size).toBeGreaterThan(20);
    await writer.stop();
    // All of it is with whoever takes over.
    await expect.poll(() => replica.run("XLEN", "{artesian}:stream")).toBe(writer.acknowledged.size);
    await master.kill();
    await expect.poll(() => replica.info("role"), { timeout: 20_000 }).toBe("master");
    await expect.poll(() => isDone(b.append([update("after")])), { timeout: 20_000 }).toBe(true);
    expect([a.epoch, b.epoch]).toEqual([epoch, epoch]);
    for (const records of followed) await expect.poll(() => dataOf(records).at(-1)).toBe("after");
    await judge(journals, followed, [writer]);
  }, 90_000);

  it("goes on after its master was started again", async () => {
    const { servers, sentinels } = secure();
    const master = await RedisServer.start({ appendonly: "yes" }, servers);
    const sentinel = await RedisServer.startSentinel(master, 1, sentinels);
    const journal = await open(sentinelUrl(sentinel.address), { tls: { ca: servers.ca } });
    const [{ epoch }, followed] = [journal, follow(journal)];
    await journal.append([update("before")]);
    await master.kill();
    await expect(journal.append([update("lost")])).rejects.toMatchObject({
      code: expect.stringMatching(/journal_unavailable|outcome_unknown/) as string,
    });
    await master.restart();
    await expect.poll(() => isDone(journal.append([update("after")])), { timeout: 20_000 }).toBe(true);
    expect(dataOf(followed)).toEqual(["before", "after"]);
    expect(journal.epoch).toBe(epoch);
  });

  it("says who refuses what, without any password", async () => {
    const { servers, sentinels } = secure();
    const master = await RedisServer.start({}, servers);
    const { address } = await RedisServer.startSentinel(master, 1, sentinels);
    const tls = { ca: servers.ca };
    for (const watcher of [{ ...WATCHER, password: "s3cret-wrong" }, { name: "s3cret-nobody", password: WATCHER.password }, null]) {
      const message = await refusal(sentinelUrl(address, HUB, watcher), tls);
      expect(message).toMatch(new RegExp(`^The sentinel at ${address} refuses .*sentinelUsername.*sentinelPassword`));
    }
    for (const user of [
      { ...HUB, password: "s3cret-wrong" },
      { name: "", password: "s3cret-wrong" },
      { name: "s3cret-nobody", password: "" },
    ]) {
      const message = await refusal(sentinelUrl(address, user), tls);
      expect(message).toMatch(new RegExp(`^Redis at ${master.address} refuses the user or the password`));
    }
    expect(await refusal(sentinelUrl(address), undefined)).toMatch(
      new RegExp(`^The sentinel at ${address} cannot be reached: .*self-signed`),
    );
    expect(await refusal(sentinelUrl(address).replace("rediss", "redis"), tls)).toMatch(new RegExp(`^The sentinel at ${address} `));
    expect(await refusal(sentinelUrl(address).replace("/main", "/other"), tls)).toMatch(/knows no master other/);
    // Those of the default user will do as well.
    const url = sentinelUrl(address, { name: "", password: PASSWORD }, { name: "", password: sentinels.password });
    const journal = await open(url, { tls });
    expect(await journal.append([update("x")])).toEqual([1]);
  });
});

describe("a cluster over TLS, with a password", () => {
  it("appends, follows, and goes on after the node was started again; with a wrong password it says so", async () => {
    const { servers } = secure();
    const nodes = await startCluster({ appendonly: "yes" }, servers);
    const hosts = nodes.map(({ address }) => address).join(",");
    const urlOf = (name: string, password: string): string => `rediss+cluster://${name}:${encodeURIComponent(password)}@${hosts}`;
    const tls = { ca: servers.ca };
    const journals = [await open(urlOf("", PASSWORD), { tls }), await open(urlOf(HUB.name, HUB.password), { tls })];
    const [a, b] = journals as [Journal, Journal];
    const [{ epoch }, followed] = [a, journals.map(follow)];
    await a.append([update("1")]);
    await b.append([update("2")]);
    const counts = await Promise.all(nodes.map((node) => node.run("DBSIZE")));
    const owner = nodes[counts.findIndex((count) => Number(count) > 0)] as RedisServer;
    await owner.kill();
    await owner.restart();
    await expect.poll(() => isDone(a.append([update("3")])), { timeout: 20_000 }).toBe(true);
    for (const records of followed) await expect.poll(() => dataOf(records)).toEqual(["1", "2", "3"]);
    expect([a.epoch, b.epoch]).toEqual([epoch, epoch]);
    expect(await refusal(urlOf("", "s3cret-wrong"), tls)).toMatch(/^Redis at 127\.0\.0\.1:\d+ refuses the user or the password/);
    expect(await refusal(`rediss+cluster://${hosts}`, tls)).toMatch(/^Redis at 127\.0\.0\.1:\d+ refuses the user or the password/);
    expect(await refusal(urlOf("", PASSWORD), undefined)).toMatch(/cannot be reached: .*self-signed/);
  });
});

interface User {
  readonly name: string;
  readonly password: string;
}

function sentinelUrl(address: string, user: User = HUB, watcher: User | null = WATCHER): string {
  const query = new URLSearchParams(
    watcher === null ? {} : { sentinelUsername: watcher.name, sentinelPassword: watcher.password },
  ).toString();
  return `rediss+sentinel://${user.name}:${encodeURIComponent(user.password)}@${address}/main?${query}`;
}
