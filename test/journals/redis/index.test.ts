import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { HubError } from "artesian";
import { redisJournal, withoutCredentials } from "artesian/journals/redis";
import { describe, expect, it, onTestFinished } from "vitest";
import { ALL, follow, open, update } from "../../support/redis-journals.ts";
import { freePort } from "../../support/free-port.ts";
import { makeCertificates, RedisServer } from "../../support/redis-server.ts";

describe("two hubs on one Redis", () => {
  it("follow all that both append, in one order, and read the same under the same offsets", async () => {
    const server = await RedisServer.start();
    const [a, b] = [await open(server.url), await open(server.url)];
    expect(a.epoch).toBe(b.epoch);
    const [fromA, fromB] = [follow(a), follow(b)];
    const offsets = await Promise.all(
      Array.from({ length: 300 }, async (_, i) => {
        const journal = i % 2 === 0 ? a : b;
        const [offset = 0] = await journal.append([update(`u${i}`, `id ${i}`)]);
        // The own follower has it by the time that it is acknowledged.
        expect((i % 2 === 0 ? fromA : fromB).at(-1)?.offset).toBeGreaterThanOrEqual(offset);
        return offset;
      }),
    );
    await expect.poll(() => [fromA.length, fromB.length]).toEqual([300, 300]);
    expect(fromA).toEqual(fromB);
    expect(fromA.map(({ offset }) => offset)).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
    for (const [i, offset] of offsets.entries()) expect(fromB[offset - 1]?.data).toBe(`u${i}`);
    const page = await b.read(0, ALL);
    expect(page).toEqual({ kind: "records", records: fromA });
    expect(await b.find("id 7")).toEqual([offsets[7]]);
    // Figures of what another process appended come with the next look at the server.
    await expect
      .poll(() => [a, b].map((journal) => [journal.tail(), journal.head(), journal.bytes()]))
      .toSatisfy(([x, y]) => String(x) === String(y));
  });

  it("share idempotency keys: of attempts at the same time one appends", async () => {
    const server = await RedisServer.start();
    const journals = [await open(server.url), await open(server.url)];
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const key = `k${i >> 1}`;
        return journals[i % 2]?.idempotency?.append({ key, request: key, batch: [update(key), update(key)], answer: "an answer" });
      }),
    );
    for (let i = 0; i < 200; i += 2) {
      const pair = [outcomes[i], outcomes[i + 1]];
      expect(new Set(pair.map((one) => one?.kind))).toEqual(new Set(["appended", "repeated"]));
      const [x, y] = pair.map((one) => (one !== undefined && "offsets" in one ? one.offsets : []));
      expect(x).toEqual(y);
    }
    expect(journals[0]?.tail()).toBe(200);
    expect(await journals[1]?.idempotency?.find({ key: "k3", request: "another" })).toEqual({ kind: "reused" });
    expect(await journals[1]?.idempotency?.find({ key: "k3", request: "k3" })).toMatchObject({ kind: "repeated", answer: "an answer" });
  });

  it("share the table: of those that remove one entry, one tells of it", async () => {
    const server = await RedisServer.start();
    const [a, b] = [await open(server.url), await open(server.url)];
    const keys = Array.from({ length: 1200 }, (_, i) => `k/${String(i).padStart(4, "0")}`);
    await a.state?.commit(keys.map((key) => ({ key, value: `v ${key}`, update: undefined })));
    expect(await b.state?.entries("k/", { limit: 2000 })).toEqual(keys.map((key) => ({ key, value: `v ${key}` })));
    await Promise.all(
      [a, b].map(async (journal) => journal.state?.commit(keys.map((key) => ({ key, value: undefined, update: update(key) })))),
    );
    const page = await a.read(0, ALL);
    expect(page.kind === "records" && page.records.map(({ data }) => data)).toEqual(keys);
    expect(await a.state?.entries("", { limit: 10 })).toEqual([]);
  });

  it("ask each other", async () => {
    const server = await RedisServer.start();
    const [a, b] = [await open(server.url), await open(server.url)];
    b.peers?.answer((question) => ({ heard: question }));
    const { answers } = (await a.peers?.ask("anyone?", () => true)) ?? {};
    expect(answers).toEqual([{ from: b.peers?.id, value: { heard: "anyone?" } }]);
    await b.close();
    // One that has said that it goes is not waited for, and not missed.
    await expect.poll(async () => a.peers?.ask("still anyone?")).toEqual({ answers: [], silent: 0 });
  });

  it("keep apart from those of another name", async () => {
    const server = await RedisServer.start();
    const [a, b] = [await open(server.url, { name: "one" }), await open(`${server.url}?name=two`)];
    await a.append([update("x")]);
    expect(await b.read(0, ALL)).toEqual({ kind: "records", records: [] });
    expect(a.epoch).not.toBe(b.epoch);
  });

  it("trim what is too old also where nobody appends, its ids and keys too", async () => {
    const server = await RedisServer.start();
    const journal = await open(server.url, { retention: { maxAgeMs: 200 } });
    for (let i = 0; i < 50; i++) await journal.idempotency?.append({ key: `k${i}`, request: "r", batch: [update("x", `i${i}`)] });
    await expect.poll(() => [journal.head(), journal.tail(), journal.bytes()]).toEqual([51, 50, 0]);
    for (const key of ["ids", "keys"]) expect(await server.run("EXISTS", `{artesian}:${key}`)).toBe(0);
    expect(await server.run("XLEN", "{artesian}:stream")).toBe(0);
    expect(await journal.read(0, ALL)).toEqual({ kind: "trimmed", head: 51 });
  });
});

describe("what the journal finds in Redis", () => {
  it("leaves out what others put into its stream, says so, and goes on", async () => {
    const server = await RedisServer.start();
    const damage: string[] = [];
    const [a, b] = [
      await open(server.url, { onDamage: (what) => damage.push(what) }),
      await open(server.url, { onDamage: () => undefined }),
    ];
    const followed = follow(a);
    await b.append([update("1")]);
    await server.run("XADD", "{artesian}:stream", "1-7", "r", "1 2 3 4 5 6\nnonsense");
    await server.run("XADD", "{artesian}:stream", "2-0", "x", "y");
    await server.run("XADD", "{artesian}:stream", "*", "x", "y");
    expect(await b.append([update("2"), update("3")])).toEqual([2, 3]);
    await expect.poll(() => followed.map(({ data }) => data)).toEqual(["1", "2", "3"]);
    await expect.poll(() => damage.length).toBeGreaterThan(0);
    // One that was removed reads as if it had been trimmed.
    await server.run("XDEL", "{artesian}:stream", "2-0");
    expect(await a.read(1, ALL)).toEqual({ kind: "trimmed", head: 3 });
    expect((await a.read(2, ALL)).kind).toBe("records");
  });

  it("refuses a format of a newer version, and keys that are something else", async () => {
    const server = await RedisServer.start();
    await server.run("HSET", "{artesian}:meta", "format", "2", "epoch", "x");
    await expect(redisJournal({ url: server.url })).rejects.toThrow(/format 2.*reads format 1/);
    await server.run("SET", "{other}:ids", "x");
    await expect(redisJournal({ url: server.url, name: "other" })).rejects.toThrow(/\{other\}:ids is used for something else/);
  });

  it("says journal_full when its memory is full, appends nothing of it, and goes on when there is room", async () => {
    const server = await RedisServer.start({ maxmemory: "8mb" });
    const journal = await open(server.url);
    const big = "x".repeat(200_000);
    const offsets: number[] = [];
    const failure = await (async () => {
      for (;;) {
        try {
          offsets.push(...(await journal.append([update(big, `id ${offsets.length}`)])));
        } catch (error) {
          return error;
        }
      }
    })();
    expect(failure).toBeInstanceOf(HubError);
    expect(failure).toMatchObject({ code: "journal_full" });
    await server.run("CONFIG", "SET", "maxmemory", "2mb");
    await expect(journal.state?.commit([{ key: "a", value: "1", update: update("note") }])).rejects.toMatchObject({ code: "journal_full" });
    expect(await journal.state?.entries("", { limit: 1 })).toEqual([]);
    expect(offsets).toEqual(Array.from({ length: offsets.length }, (_, i) => i + 1));
    await server.run("CONFIG", "SET", "maxmemory", "0");
    expect(await journal.append([update("fits")])).toEqual([offsets.length + 1]);
  });

  it("says journal_unavailable when Redis refuses to write, and why", async () => {
    const server = await RedisServer.start();
    const journal = await open(server.url);
    await server.run("CONFIG", "SET", "min-replicas-to-write", "1");
    await expect(journal.append([update("x")])).rejects.toMatchObject({
      code: "journal_unavailable",
      message: expect.stringContaining("replicas") as string,
    });
    await server.run("CONFIG", "SET", "min-replicas-to-write", "0");
    expect(await journal.append([update("x")])).toEqual([1]);
    // A snapshot that fails, by a directory that is gone.
    await server.run("CONFIG", "SET", "save", "3600 1");
    execFileSync("rm", ["-rf", server.directory]);
    await server.run("BGSAVE");
    await expect.poll(() => server.info("rdb_last_bgsave_status")).toBe("err");
    await expect(journal.append([update("x")])).rejects.toMatchObject({
      code: "journal_unavailable",
      message: expect.stringContaining("cannot save") as string,
      retryAfterMs: 1000,
    });
    expect(journal.tail()).toBe(1);
  });
});

describe("opening a journal on Redis", () => {
  it("says that nobody is there, and where", async () => {
    await expect(redisJournal({ url: "redis://someone:secret-word@127.0.0.1:1" })).rejects.toThrow(
      /^Redis at 127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/,
    );
  });

  it("says that the password is wrong, without it", async () => {
    const server = await RedisServer.start({ requirepass: "right" });
    for (const credentials of [":secret-word@", "nobody:secret-word@", ""]) {
      const failure = (await redisJournal({ url: `redis://${credentials}${server.address}` }).catch((error: unknown) => error)) as Error;
      expect(failure.message).toMatch(/refuses the user or the password/);
      expect(`${failure.message}${failure.stack ?? ""}`).not.toContain("secret-word");
    }
    const journal = await redisJournal({ url: `redis://:right@${server.address}/3?name=n` });
    await journal.append([update("x")]);
    await journal.close();
  });

  it("says that a server is too old, a replica, or drops keys at will", async () => {
    const old = await startFake(`redis_version:5.0.14\r\nrole:master`);
    await expect(redisJournal({ url: `redis://127.0.0.1:${old}` })).rejects.toThrow(/is version 5\.0\.14; the journal needs 6\.2 or newer/);
    const master = await RedisServer.start();
    const replica = await RedisServer.start();
    await replica.run("REPLICAOF", "127.0.0.1", String(master.port));
    await expect(redisJournal({ url: replica.url })).rejects.toThrow(/is a replica/);
    const evicting = await RedisServer.start({ maxmemory: "10mb", "maxmemory-policy": "allkeys-lru" });
    await expect(redisJournal({ url: evicting.url })).rejects.toThrow(/maxmemory-policy allkeys-lru/);
  });

  it("says that a server takes connections and answers nothing", async () => {
    const server = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    await expect(redisJournal({ url: `redis://127.0.0.1:${port}` })).rejects.toThrow(/does not answer within 2000 ms/);
  });

  it("goes over TLS with credentials", async () => {
    const plain = await RedisServer.start();
    const { ca, files } = makeCertificates(plain.directory, (command, args) => void execFileSync(command, args, { stdio: "ignore" }));
    const settings = {
      port: "0",
      "tls-cert-file": files["cert"] ?? "",
      "tls-key-file": files["key"] ?? "",
      "tls-auth-clients": "no",
      requirepass: "secret-word",
    };
    const port = await freePort();
    await RedisServer.start({ ...settings, "tls-port": String(port) });
    const url = `rediss://default:secret-word@127.0.0.1:${port}`;
    await expect(redisJournal({ url })).rejects.toThrow(/cannot be reached: .*self-signed/);
    const journal = await redisJournal({ url, tls: { ca } });
    const followed = follow(journal);
    await journal.append([update("over TLS")]);
    expect(followed.map(({ data }) => data)).toEqual(["over TLS"]);
    await journal.close();
  });

  it.each([
    ["http://127.0.0.1", /not valid/],
    ["redis://a:1,b:2", /several hosts/],
    ["redis://a:99999", /not valid/],
    ["redis+sentinel://a:1,b:2", /which master/],
    ["redis+cluster://a:1/2", /number 0 only/],
    ["redis://a?nam=x", /parameter "nam"/],
    ["redis://a?wait=many", /wait/],
    ["redis://a?name=a%20b", /name of the journal/],
    ["redis://u:50%@a", /% that begins no escape/],
  ])("refuses %s", async (url, message) => {
    await expect(redisJournal({ url })).rejects.toThrow(message);
    await expect(redisJournal({ url })).rejects.toBeInstanceOf(TypeError);
  });

  it.each([
    ["redis://user:p%40ss@host:1/2?name=x", "redis://host:1/2?name=x"],
    ["redis://:a@b:c@host", "redis://host"],
    ["rediss+sentinel://u:p@a:1,b:2/main?sentinelPassword=p&name=x&sentinelUsername=u", "rediss+sentinel://a:1,b:2/main?name=x"],
    ["u:p@host", "host"],
  ])("shows %s without credentials", (url, shown) => {
    expect(withoutCredentials(url)).toBe(shown);
  });
});

/** A server of another version. @returns Its port. */
async function startFake(info: string): Promise<number> {
  const server: Server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (data) => {
      for (const command of data
        .toString()
        .split(/\*\d+\r\n/)
        .slice(1)) {
        socket.write(/INFO/.test(command) && !/SETINFO/.test(command) ? `$${info.length}\r\n${info}\r\n` : "+OK\r\n");
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}
