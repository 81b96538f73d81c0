import { linkSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { elect } from "../../../packages/hub/src/journals/log/processes/election.ts";
import { appendRequest, placeRequest } from "../../../packages/hub/src/journals/log/processes/requests.ts";
import { SocketPlace } from "../../../packages/hub/src/journals/log/processes/socket-place.ts";
import type { WriterLink } from "../../../packages/hub/src/journals/log/processes/writer-link.ts";
import { temporaryDirectory } from "../../support/directory.ts";
import { FakeStore } from "./fake-store.ts";
import { LinkProcess } from "./link-process.ts";
import { openLink } from "./link-support.ts";

const KILLS = Number(process.env["LOG_KILLS"] ?? 5);
const PROGRAM = "link-program.ts";
const SOON = { timeout: 20_000, interval: 2 };

const NOBODY = { take: (socket: Socket) => void socket.destroy(), dismiss: () => undefined };

const append = (text: string) => appendRequest(Buffer.from(text), text.includes("key="));

/** Offsets of the lines in the store, in order. */
function offsetsOf(directory: string): number[] {
  return FakeStore.lines(directory).map((line) => Number.parseInt(line, 10));
}

describe("the election of the process that writes", { timeout: 60_000 }, () => {
  it(`survives ${KILLS} kills of the writer under load: nothing is lost, nothing with a key is doubled`, async () => {
    const directory = temporaryDirectory("election");
    let processes = await Promise.all([0, 1, 2, 3].map(() => LinkProcess.start(PROGRAM, [directory])));
    const all = [...processes];
    let count = 0;
    const done = new AbortController();
    const load = (async () => {
      while (!done.signal.aborted) {
        for (const one of processes) if (one.open < 50) one.send(`key=k${++count}`);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })();
    const takeovers: number[] = [];
    let starting = 0;
    const replace = async (): Promise<void> => {
      const replacement = await LinkProcess.start(PROGRAM, [directory]);
      starting--;
      all.push(replacement);
      processes.push(replacement);
    };
    for (let kill = 0; kill < KILLS; kill++) {
      await expect.poll(() => processes.filter(({ isWriter }) => isWriter).length, SOON).toBe(1);
      const writer = processes.find(({ isWriter }) => isWriter) as LinkProcess;
      await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 50));
      const killedAt = performance.now();
      writer.kill();
      processes = processes.filter((one) => one !== writer);
      await expect.poll(() => processes.some(({ isWriter }) => isWriter), SOON).toBe(true);
      takeovers.push(performance.now() - killedAt);
      starting++;
      void replace();
      await expect.poll(() => processes.length, SOON).toBeGreaterThan(1);
    }
    await expect.poll(() => starting, SOON).toBe(0);
    done.abort();
    await load;
    await expect.poll(() => processes.every(({ open }) => open === 0), SOON).toBe(true);
    const lines = FakeStore.lines(directory);
    expect(offsetsOf(directory)).toEqual(lines.map((_, i) => i + 1));
    const keys = new Map(lines.map((line) => [line.split(" ")[2], Number.parseInt(line, 10)]));
    expect(keys.size).toBe(lines.length);
    let acknowledged = 0;
    for (const line of all.flatMap((one) => one.lines)) {
      const [, kind, offset, key] = /^(ok|repeated) (\d+) (\S+)/.exec(line) ?? [];
      if (kind === undefined) continue;
      acknowledged++;
      expect(keys.get(key)).toBe(Number(offset));
    }
    expect(acknowledged).toBeGreaterThan(KILLS * 10);
    // Keyed appends are sent again to the next writer, so that followers never fail them.
    for (const one of processes) expect(one.lines.filter((line) => line.startsWith("failed"))).toEqual([]);
    const sorted = takeovers.toSorted((a, b) => a - b);
    console.log(
      `${acknowledged} acknowledged; takeover after a kill: median ${sorted[KILLS >> 1]?.toFixed(1)} ms, longest ${sorted.at(-1)?.toFixed(1)} ms`,
    );
  }, 240_000);

  it("fails an append without a key whose writer died, and does not repeat it", async () => {
    const directory = temporaryDirectory("election");
    const writer = await LinkProcess.start(PROGRAM, [directory]);
    const link = await openLink(directory);
    await link.ask(append("first"));
    writer.kill("SIGSTOP");
    const inDoubt = link.ask(append("in doubt")).catch((error: unknown) => error);
    const keyed = link.ask(append("key=once"));
    const read = link.ask(placeRequest());
    await new Promise((resolve) => setTimeout(resolve, 50));
    writer.kill("SIGKILL");
    expect(await inDoubt).toMatchObject({ code: "outcome_unknown", retryAfterMs: expect.any(Number) as number });
    expect(await keyed).toMatchObject({ kind: "appended", first: 2 });
    expect(await read).toMatchObject({ tail: expect.any(Number) as number });
    expect(link.isWriter).toBe(true);
    await link.close();
    expect(FakeStore.lines(directory).map((line) => line.split(" ").slice(2).join(" "))).toEqual(["first", "key=once"]);
  });

  it("hands over when the writer closes, and nobody notices", async () => {
    const directory = temporaryDirectory("election");
    const links = [await openLink(directory), await openLink(directory), await openLink(directory)];
    const done = new AbortController();
    let count = 0;
    const closing = new Set<number>();
    const load = links.map(async (link, i) => {
      while (!done.signal.aborted && !closing.has(i)) expect(await link.ask(append(`${i} ${count++}`))).toMatchObject({ kind: "appended" });
    });
    for (let i = 0; i < 2; i++) {
      const writer = links.findIndex((link, i) => !closing.has(i) && link.isWriter);
      closing.add(writer);
      await load[writer];
      await links[writer]?.close();
      await expect.poll(() => links.some((link, i) => !closing.has(i) && link.isWriter), SOON).toBe(true);
    }
    done.abort();
    await Promise.all(load);
    await Promise.all(links.map((link) => link.close()));
    expect(FakeStore.lines(directory)).toHaveLength(count);
    expect(offsetsOf(directory)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
  });

  it("hands over to one that connects while the writer closes", async () => {
    const directory = temporaryDirectory("election");
    const load: Promise<WriterLink>[] = [];
    let count = 0;
    const append20 = async (): Promise<WriterLink> => {
      const link = await openLink(directory);
      const appenders = Array.from({ length: 20 }, async () => {
        while (!link.isWriter) expect(await link.ask(append(`${count++}`))).toMatchObject({ kind: "appended" });
      });
      await Promise.all(appenders);
      return link;
    };
    const store = new FakeStore(directory);
    const close = store.close.bind(store);
    store.close = async () => {
      load.push(append20());
      await new Promise((resolve) => setTimeout(resolve, 300));
      await close();
    };
    const writer = await openLink(directory, { openStore: () => Promise.resolve(store) });
    await writer.close();
    for (const link of await Promise.all(load)) await link.close();
    expect(offsetsOf(directory)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
  });

  it("makes one writer of many processes that begin at once, and of many whose writer is killed", async () => {
    const directory = temporaryDirectory("election");
    const links = await Promise.all(Array.from({ length: 12 }, () => openLink(directory)));
    expect(links.filter(({ isWriter }) => isWriter)).toHaveLength(1);
    await Promise.all(links.map((link, i) => link.ask(append(`${i}`))));
    await Promise.all(links.map((link) => link.close()));
    const killed = await LinkProcess.start(PROGRAM, [directory]);
    const followers = await Promise.all(Array.from({ length: 12 }, () => openLink(directory)));
    killed.kill();
    await Promise.all(followers.map((link, i) => link.ask(append(`key=${i}`))));
    expect(followers.filter(({ isWriter }) => isWriter)).toHaveLength(1);
    await Promise.all(followers.map((link) => link.close()));
    expect(offsetsOf(directory)).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
  });

  it("waits for a writer that is suspended, and goes on when it is back", async () => {
    const directory = temporaryDirectory("election");
    const writer = await LinkProcess.start(PROGRAM, [directory]);
    const link = await openLink(directory);
    writer.kill("SIGSTOP");
    const late = openLink(directory);
    const waiting = link.ask(append("waits"));
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(link.isWriter).toBe(false);
    writer.kill("SIGCONT");
    expect(await waiting).toMatchObject({ kind: "appended", first: 1 });
    const third = await late;
    expect(await third.ask(append("third"))).toMatchObject({ kind: "appended", first: 2 });
    expect(writer.isWriter).toBe(true);
    await third.close();
    await link.close();
    expect(await writer.end()).toBe(0);
  });

  it("gives up after 10 s on a suspended writer: an append is in doubt, and no journal is opened", async () => {
    const directory = temporaryDirectory("election");
    const writer = await LinkProcess.start(PROGRAM, [directory]);
    const link = await openLink(directory);
    writer.kill("SIGSTOP");
    const outcomes = await Promise.allSettled([
      link.ask(append("x")),
      link.ask(append("key=x")),
      link.ask(placeRequest()),
      openLink(directory),
    ]);
    expect(outcomes.map((outcome) => (outcome.status === "rejected" ? (outcome.reason as { code: string }).code : outcome.status))).toEqual(
      ["outcome_unknown", "outcome_unknown", "journal_unavailable", "journal_unavailable"],
    );
    writer.kill("SIGCONT");
    await expect.poll(() => link.ask(placeRequest()).then(({ tail }) => tail), SOON).toBe(2);
    await link.close();
  });

  it("withdraws for a process that went on with old knowledge", async () => {
    const directory = temporaryDirectory("election");
    // Suspended after it had seen that nobody answers, while others came and went.
    for (let i = 0; i < 3; i++) await (await openLink(directory)).close();
    const numbers = new SocketPlace(directory);
    onTestFinished(() => numbers.close());
    const [highest = 0] = numbers.numbers();
    expect(highest).toBeGreaterThanOrEqual(6);
    const late = new SocketPlace(directory);
    onTestFinished(() => late.close());
    let asked = 0;
    Object.defineProperty(late, "numbers", { value: () => (asked++ === 0 ? [1] : numbers.numbers()) });
    const elected = await elect(late, NOBODY);
    expect(elected).toMatchObject({ role: "writer", number: highest + 1 });
    expect(readdirSync(directory).filter((name) => name.startsWith("writer"))).toEqual([`writer-${highest + 1}`]);
    if (elected?.role === "writer") await new Promise((resolve) => elected.server.close(resolve));
  });

  it("follows a lower number that answers after all, also beside the stale socket of one that died there", async () => {
    const directory = temporaryDirectory("election");
    const link = await openLink(directory);
    const late = new SocketPlace(directory);
    onTestFinished(() => late.close());
    writeFileSync(join(directory, "writer-5"), "");
    const elected = await elect(late, NOBODY);
    expect(elected).toMatchObject({ role: "follower" });
    if (elected?.role === "follower") elected.socket.destroy();
    expect(readdirSync(directory).toSorted()).toEqual(["lines", "writer-1", "writer-5"]);
    expect(await link.ask(append("still"))).toMatchObject({ first: 1 });
    await link.close();
  });

  it("takes over from stale sockets and from other files of that name", async () => {
    const directory = temporaryDirectory("election");
    for (let i = 0; i < 3; i++) {
      const killed = await LinkProcess.start(PROGRAM, [directory]);
      killed.kill();
      await killed.exit();
    }
    writeFileSync(join(directory, "writer-7"), "");
    writeFileSync(join(directory, "writer-x"), "");
    linkSync(join(directory, "writer-3"), join(directory, "writer-8"));
    const link = await openLink(directory);
    expect(await link.ask(append("x"))).toMatchObject({ first: 1 });
    expect(readdirSync(directory).filter((name) => name.startsWith("writer"))).toEqual(["writer-9", "writer-x"]);
    await link.close();
  });
});

describe("the sockets of a journal", { timeout: 60_000 }, () => {
  it("have room in a directory with a long path", async () => {
    const parent = temporaryDirectory("election");
    const directory = join(parent, "x".repeat(200));
    mkdirSync(directory);
    const writer = await LinkProcess.start(PROGRAM, [directory]);
    const link = await openLink(directory);
    expect([writer.isWriter, link.isWriter]).toEqual([true, false]);
    expect(await link.ask(append("x"))).toMatchObject({ first: 1 });
    await link.close();
    writer.kill();
    await writer.exit();
    const next = await openLink(directory);
    expect([next.isWriter, next.place.tail]).toEqual([true, 1]);
    await next.close();
  });

  it("are in a private directory if the filesystem holds none, and the number is claimed in the journal's", async () => {
    const directory = temporaryDirectory("election");
    const beside = (): SocketPlace => {
      const sockets = new SocketPlace(directory);
      expect(sockets.movesAfter(Object.assign(new Error("no"), { code: "EADDRNOTAVAIL" }))).toBe(false);
      expect(sockets.movesAfter(Object.assign(new Error("no"), { code: "EOPNOTSUPP" }))).toBe(true);
      return sockets;
    };
    const places = [beside(), beside(), beside()];
    onTestFinished(() => places.forEach((place) => place.close()));
    const [writer, follower] = [
      await openLink(directory, { sockets: places[0] as SocketPlace }),
      await openLink(directory, { sockets: places[1] as SocketPlace }),
    ];
    expect([writer.isWriter, follower.isWriter]).toEqual([true, false]);
    expect(await follower.ask(append("x"))).toMatchObject({ first: 1 });
    expect(readdirSync(directory).toSorted()).toEqual(["lines", "writer-1"]);
    await writer.close();
    expect(await follower.ask(append("y"))).toMatchObject({ first: 2 });
    expect(follower.isWriter).toBe(true);
    await follower.close();
    // The temporary files of another process are elsewhere, as in a container.
    const was = process.env["TMPDIR"];
    const elsewhere = join(tmpdir(), `elsewhere-${process.pid}`);
    mkdirSync(elsewhere);
    onTestFinished(() => rmSync(elsewhere, { recursive: true }));
    const again = await openLink(directory, { sockets: places[2] as SocketPlace });
    process.env["TMPDIR"] = elsewhere;
    const foreign = beside();
    process.env["TMPDIR"] = was;
    if (was === undefined) delete process.env["TMPDIR"];
    const other = await openLink(directory, { sockets: foreign });
    expect([again.isWriter, other.isWriter]).toEqual([true, true]);
    // Their processes can't reach each other. The later one takes over, and the other notices before it writes.
    await expect(again.ask(append("deposed"))).rejects.toMatchObject({ code: "journal_unavailable" });
    expect(await other.ask(append("z"))).toMatchObject({ first: 3 });
    await Promise.all([again.close(), other.close()]);
    foreign.close();
    expect(offsetsOf(directory)).toEqual([1, 2, 3]);
  });

  it("notice that theirs was removed, and are made again", async () => {
    const directory = temporaryDirectory("election");
    const [writer, follower] = [await openLink(directory), await openLink(directory)];
    rmSync(join(directory, "writer-1"));
    await expect(follower.ask(append("no"))).rejects.toMatchObject({ code: "journal_unavailable" });
    await expect.poll(() => readdirSync(directory).some((name) => name.startsWith("writer")), SOON).toBe(true);
    await expect
      .poll(
        () =>
          follower.ask(append("yes")).then(
            () => true,
            () => false,
          ),
        SOON,
      )
      .toBe(true);
    expect(FakeStore.lines(directory)).toHaveLength(1);
    await Promise.all([writer.close(), follower.close()]);
  });

  it("of another user's process are told", async () => {
    const directory = temporaryDirectory("election");
    const server = createServer().listen(join(directory, "writer-1"));
    onTestFinished(() => void server.close());
    const sockets = new SocketPlace(directory);
    onTestFinished(() => sockets.close());
    // Root may connect anywhere, so the outcome of the system is what is tried here.
    expect((await elect(sockets, NOBODY))?.role).toBe("follower");
  });
});
