import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HubError, type Journal } from "artesian";
import { logJournal } from "artesian/journals/log";
import { describe, expect, it, onTestFinished } from "vitest";
import { verify } from "../../../packages/hub/src/journals/log/tools/verify.ts";
import { startHub } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";
import { newDirectory, update } from "./support.ts";

const ALL = { maxRecords: Infinity, maxBytes: Infinity };
const SOON = { timeout: 20_000 };
const SEGMENT = "0000000000000001.log";

type Role = "writer" | "follower";
const ROLES: readonly Role[] = ["writer", "follower"];

interface Opened {
  /** Has the role. */
  readonly journal: Journal;
  /** The other instance on the directory, which has the other role. */
  readonly other: Journal;
  readonly directory: string;
  /** A path beside the directory. */
  readonly beside: string;
}

/** A journal with three updates, open twice. */
async function open(role: Role): Promise<Opened> {
  const directory = newDirectory();
  const writer = await logJournal({ directory });
  const follower = await logJournal({ directory });
  onTestFinished(async () => {
    await follower.close();
    await writer.close();
  });
  const [journal, other] = role === "writer" ? [writer, follower] : [follower, writer];
  for (const data of ["1", "2", "3"]) await journal.append([update(data)]);
  return { journal, other, directory, beside: `${directory}-beside` };
}

/** Sockets can't be copied. */
const copy = (from: string, to: string): void => cpSync(from, to, { recursive: true, filter: (path) => !/writer-\d+$/.test(path) });

const filesIn = (directory: string): readonly string[] | undefined =>
  existsSync(directory)
    ? readdirSync(directory)
        .filter((name) => name !== "mark.new")
        .toSorted()
    : undefined;

/** The journal may write while its files are removed. */
const remove = (directory: string): void => rmSync(directory, { recursive: true, maxRetries: 10 });

const WAYS: Readonly<Record<string, (directory: string, beside: string) => void | Promise<void>>> = {
  "the directory is removed": remove,
  "the directory is moved away": (directory, beside) => renameSync(directory, beside),
  "the identity is removed": (directory) => rmSync(join(directory, "identity")),
  "the newest segment is removed": (directory) => rmSync(join(directory, SEGMENT)),
  "an empty directory takes its place": (directory) => {
    remove(directory);
    mkdirSync(directory);
  },
  "a copy takes its place": (directory, beside) => {
    copy(directory, beside);
    remove(directory);
    renameSync(beside, directory);
  },
  "another journal takes its place": async (directory, beside) => {
    renameSync(directory, beside);
    const another = await logJournal({ directory });
    await another.close();
  },
};

describe.each(ROLES)("files that are removed or replaced under an open journal, a %s", (role) => {
  it.each(Object.keys(WAYS))("are noticed, and nothing more is taken: %s", async (way) => {
    const { journal, directory, beside } = await open(role);
    const noticed = new Promise<void>((resolve) => void journal.watchFailure?.(resolve));
    await WAYS[way]?.(directory, beside);
    const files = filesIn(directory);
    // While idle, and without being asked.
    await noticed;
    expect(journal.failure).toMatchObject({ code: "journal_unavailable" });
    expect(String(journal.failure?.cause)).toMatch(
      /removed or replaced while it was open: .* (gone|another file)\..*Move the same directory back/,
    );
    await expect(journal.append([update("4")])).rejects.toBe(journal.failure);
    await expect(journal.read(0, ALL)).rejects.toBe(journal.failure);
    await expect(journal.find("id")).rejects.toBe(journal.failure);
    await expect(journal.state?.entries("", { limit: 1 })).rejects.toBe(journal.failure);
    await expect(journal.idempotency?.find({ key: "k", request: "r" })).rejects.toBe(journal.failure);
    // Timers ask for these.
    expect([journal.head(), journal.tail()]).toEqual([1, 3]);
    expect(filesIn(directory)).toEqual(files);
  });

  it("are noticed by an append at once, before it is taken", async () => {
    const { journal, directory } = await open(role);
    remove(directory);
    await expect(journal.append([update("4")])).rejects.toMatchObject({ code: "journal_unavailable" });
    expect(journal.tail()).toBe(3);
  });

  it("that are back are gone on with, and followers get what comes", async () => {
    const { journal, other, directory, beside } = await open(role);
    const followed: string[] = [];
    journal.follow(3, (records) => followed.push(...records.map(({ data }) => data)));
    for (let i = 4; i < 7; i++) {
      renameSync(directory, beside);
      await expect(journal.append([update("lost")])).rejects.toBeInstanceOf(HubError);
      renameSync(beside, directory);
      await expect.poll(() => journal.failure ?? other.failure, SOON).toBeUndefined();
      expect(await journal.append([update(String(i))])).toEqual([i]);
    }
    expect(followed).toEqual(["4", "5", "6"]);
  });

  it("leave no mark and no socket in what took their place", async () => {
    const { journal, other, directory, beside } = await open(role);
    renameSync(directory, beside);
    mkdirSync(directory);
    await expect(journal.append([update("4")])).rejects.toBeInstanceOf(HubError);
    await journal.close();
    await other.close();
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe("a file that only the writer watches", () => {
  it("is missed in all processes, in those that join later too, until it is back", async () => {
    const { journal: writer, other: follower, directory, beside } = await open("writer");
    const segment = join(directory, SEGMENT);
    renameSync(segment, beside);
    await expect.poll(() => follower.failure, SOON).toBeDefined();
    expect(String(follower.failure?.cause)).toContain(`${SEGMENT} is gone`);
    await expect(writer.append([update("4")])).rejects.toBe(writer.failure);
    const later = await logJournal({ directory });
    onTestFinished(() => later.close());
    await expect.poll(() => later.failure, SOON).toBeDefined();
    renameSync(beside, segment);
    await expect.poll(() => [writer, follower, later].map(({ failure }) => failure), SOON).toEqual([undefined, undefined, undefined]);
    expect(await later.append([update("4")])).toEqual([4]);
  });

  it("is no longer missed once another process writes", async () => {
    const { journal: writer, other: follower, directory, beside } = await open("writer");
    const segment = join(directory, SEGMENT);
    renameSync(segment, beside);
    await expect.poll(() => follower.failure, SOON).toBeDefined();
    await writer.close();
    renameSync(beside, segment);
    await expect.poll(() => follower.failure, SOON).toBeUndefined();
    expect(await follower.append([update("4")])).toEqual([4]);
  });
});

describe("a process that joins the others of a journal", () => {
  it("opens the journal that they have, begins none, and takes no other", async () => {
    const { journal, directory, beside } = await open("writer");
    const { epoch } = journal;
    const joined = await logJournal({ directory, epoch });
    expect(joined.tail()).toBe(3);
    await joined.close();
    renameSync(directory, beside);
    await expect(logJournal({ directory, epoch })).rejects.toThrow(
      /not the one that the hub began with.*Move the same directory back, or restart/,
    );
    expect(existsSync(directory)).toBe(false);
    mkdirSync(directory);
    await expect(logJournal({ directory, epoch })).rejects.toThrow(/not the one/);
    expect(readdirSync(directory)).toEqual([]);
    copy(beside, directory);
    const files = filesIn(directory);
    await expect(logJournal({ directory, epoch })).rejects.toThrow(/not the one/);
    expect(filesIn(directory)).toEqual(files);
    remove(directory);
    await (await logJournal({ directory })).close();
    await expect(logJournal({ directory, epoch })).rejects.toThrow(/not the one/);
  });
});

describe("a directory with a journal of another kind", () => {
  it("is refused, and stays as it is", async () => {
    const directory = newDirectory();
    mkdirSync(directory);
    cpSync(new URL(import.meta.url), join(directory, "data.mdb"));
    await expect(logJournal({ directory })).rejects.toThrow(/was written with LMDB.*Move it away/);
    expect(readdirSync(directory)).toEqual(["data.mdb"]);
    await expect(logJournal({ directory: join(directory, "data.mdb") })).rejects.toThrow(/directory \S+ cannot be made/);
  });
});

/** Longest time in which a journal is refused. To open a pipe takes until somebody writes into it. */
const REFUSED_MS = 20_000;

describe("a directory with files that are not what their names say", () => {
  it.each([
    ["identity", "identity is no file"],
    ["mark", "mark is no file"],
    ["0000000000000001.log", "0000000000000001.log is no file"],
    ["0000000000000001.index", "0000000000000001.index is no file"],
    ["0000000000000001.table.new", "0000000000000001.table.new is no file"],
  ])(
    "is refused if %s is a pipe or a directory, by the hub and by the tools",
    async (name, why) => {
      for (const make of [(path: string) => execFileSync("mkfifo", [path]), (path: string) => mkdirSync(path)]) {
        const directory = newDirectory();
        mkdirSync(directory);
        make(join(directory, name));
        await expect(logJournal({ directory })).rejects.toThrow(why);
        await expect(verify(directory)).rejects.toThrow(why);
        expect(readdirSync(directory)).toEqual([name]);
      }
    },
    REFUSED_MS,
  );

  it("is refused if a socket's name is a directory, or a segment begins where no record can be", async () => {
    const directory = newDirectory();
    await (await logJournal({ directory })).close();
    const segment = join(directory, "9999999999999999.log");
    writeFileSync(segment, "");
    await expect(logJournal({ directory })).rejects.toThrow("9999999999999999.log is no segment");
    rmSync(segment);
    mkdirSync(join(directory, "writer-9"));
    await expect(logJournal({ directory })).rejects.toThrow("writer-9 is a directory");
    rmSync(join(directory, "writer-9"), { recursive: true });
    await (await logJournal({ directory })).close();
  });

  it("opens through links, also to a file that is missing for now", async () => {
    const directory = newDirectory();
    await (await logJournal({ directory })).close();
    for (const name of ["mark", "0000000000000001.log"]) {
      renameSync(join(directory, name), `${directory}-${name}`);
      symlinkSync(`${directory}-${name}`, join(directory, name));
    }
    await (await logJournal({ directory })).close();
    rmSync(`${directory}-mark`);
    await (await logJournal({ directory })).close();
  });
});

describe("a hub whose journal's directory is removed", () => {
  it.each(ROLES)("refuses updates, tells each subscriber to come back, and logs it once (%s)", async (role) => {
    const { journal, directory, beside } = await open(role);
    const lines: [object, string][] = [];
    const log = (fields: object, text: string): void => void lines.push([fields, text]);
    const logger = { debug: () => undefined, info: log, warn: log, error: log };
    const { hub, url } = await startHub({ journal, anonymous: true, logger });
    const stream = await openStream(`${url}?match=t`);
    const publish = (data: string) => fetch(url, { method: "POST", body: new URLSearchParams({ topic: "t", data }) });
    expect((await publish("4")).status).toBe(200);
    expect((await stream.next()).data).toBe("4");
    renameSync(directory, beside);
    await stream.ended;
    await expect.poll(async () => (await stream.nextOfAny()).event).toBe("hub:drain");
    const refused = await publish("5");
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ code: "journal_unavailable" });
    const { journal: check } = (await hub.ready()).checks;
    expect(check).toMatchObject({ status: "fail", detail: expect.stringContaining("not where they were") as string });
    expect(JSON.stringify(check)).not.toContain(directory);
    // An EventSource would stop at a failure status.
    const turnedAway = await openStream(`${url}?match=t`, { headers: { accept: "text/event-stream" } });
    expect(turnedAway.response.status).toBe(200);
    expect(await turnedAway.nextOfAny()).toMatchObject({ event: "hub:drain" });
    await turnedAway.ended;
    expect(lines.filter(([, text]) => text.startsWith("the journal cannot be used"))).toEqual([
      [{ subscribers: 1, why: expect.stringContaining("Move the same directory back") as string }, expect.any(String)],
    ]);
    renameSync(beside, directory);
    await expect.poll(async () => (await hub.ready()).checks.journal.status, SOON).toBe("pass");
    await expect.poll(async () => (await publish("6")).status, SOON).toBe(200);
    const resumed = await openStream(`${url}?match=t`, { headers: { "last-event-id": "earliest" } });
    expect((await resumed.take(5)).map(({ data }) => data)).toEqual(["1", "2", "3", "4", "6"]);
  });
});
