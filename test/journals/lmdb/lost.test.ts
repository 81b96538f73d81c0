import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HubError, type Journal } from "artesian";
import { lmdbJournal } from "artesian/journals/lmdb";
import { describe, expect, it, onTestFinished } from "vitest";
import { startHub } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";

const update = (data: string) => ({ topics: ["t"], data, id: undefined, type: undefined, retry: undefined, private: false });
const ALL = { maxRecords: Infinity, maxBytes: Infinity };
const SOON = { timeout: 20_000 };

/** A journal with three updates, and a place beside it. */
async function open(): Promise<{ journal: Journal; directory: string; beside: string }> {
  const parent = mkdtempSync(join(tmpdir(), "artesian-lost-"));
  const directory = join(parent, "journal");
  const journal = lmdbJournal({ directory });
  onTestFinished(async () => {
    await journal.close();
    rmSync(parent, { recursive: true, force: true });
  });
  for (const data of ["1", "2", "3"]) await journal.append([update(data)]);
  return { journal, directory, beside: join(parent, "beside") };
}

const WAYS: Readonly<Record<string, (directory: string, beside: string) => void | Promise<void>>> = {
  "the directory is removed": (directory) => rmSync(directory, { recursive: true }),
  "the directory is moved away": (directory, beside) => renameSync(directory, beside),
  "the data file is removed": (directory) => rmSync(join(directory, "data.mdb")),
  "the locks are removed": (directory) => rmSync(join(directory, "lock.mdb")),
  "an empty directory takes its place": (directory) => {
    rmSync(directory, { recursive: true });
    mkdirSync(directory);
  },
  "a copy takes its place": (directory, beside) => {
    cpSync(directory, beside, { recursive: true });
    rmSync(directory, { recursive: true });
    renameSync(beside, directory);
  },
  "another journal takes its place": async (directory, beside) => {
    renameSync(directory, beside);
    await lmdbJournal({ directory }).close();
  },
};

describe("files that are removed or replaced under an open journal", () => {
  it.each(Object.keys(WAYS))("are noticed, and nothing more is taken: %s", async (way) => {
    const { journal, directory, beside } = await open();
    const noticed = new Promise<void>((resolve) => void journal.watchFailure?.(resolve));
    await WAYS[way]?.(directory, beside);
    const files = existsSync(directory) ? readdirSync(directory).toSorted() : undefined;
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
    expect(existsSync(directory) ? readdirSync(directory).toSorted() : undefined).toEqual(files);
  });

  it("are noticed by an append at once, before it is taken", async () => {
    const { journal, directory } = await open();
    rmSync(directory, { recursive: true });
    await expect(journal.append([update("4")])).rejects.toMatchObject({ code: "journal_unavailable" });
    expect(journal.tail()).toBe(3);
  });

  it("that are back are gone on with, and followers get what comes", async () => {
    const { journal, directory, beside } = await open();
    const followed: string[] = [];
    journal.follow(3, (records) => followed.push(...records.map(({ data }) => data)));
    for (let i = 4; i < 7; i++) {
      renameSync(directory, beside);
      await expect(journal.append([update("lost")])).rejects.toBeInstanceOf(HubError);
      renameSync(beside, directory);
      await expect.poll(() => journal.failure, SOON).toBeUndefined();
      expect(await journal.append([update(String(i))])).toEqual([i]);
    }
    expect(followed).toEqual(["4", "5", "6"]);
  });

  it("leave no mark in what took their place", async () => {
    const { journal, directory, beside } = await open();
    renameSync(directory, beside);
    mkdirSync(directory);
    await expect(journal.append([update("4")])).rejects.toBeInstanceOf(HubError);
    await journal.close();
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe("a process that joins the others of a journal", () => {
  it("opens the journal that they have, begins none, and takes no other", async () => {
    const { journal, directory, beside } = await open();
    const { epoch } = journal;
    const joined = lmdbJournal({ directory, epoch });
    expect(joined.tail()).toBe(3);
    await joined.close();
    renameSync(directory, beside);
    expect(() => lmdbJournal({ directory, epoch })).toThrow(
      /not the one that the hub began with.*Move the same directory back, or restart/,
    );
    expect(existsSync(directory)).toBe(false);
    mkdirSync(directory);
    expect(() => lmdbJournal({ directory, epoch })).toThrow(/not the one/);
    expect(readdirSync(directory)).toEqual([]);
    cpSync(beside, directory, { recursive: true });
    expect(() => lmdbJournal({ directory, epoch })).toThrow(/not the one/);
    rmSync(directory, { recursive: true });
    await lmdbJournal({ directory }).close();
    expect(() => lmdbJournal({ directory, epoch })).toThrow(/not the one/);
  });
});

describe("a hub whose journal's directory is removed", () => {
  it("refuses updates, tells each subscriber to come back, and logs it once", async () => {
    const { journal, directory, beside } = await open();
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
    expect((await publish("6")).status).toBe(200);
    const resumed = await openStream(`${url}?match=t`, { headers: { "last-event-id": "earliest" } });
    expect((await resumed.take(5)).map(({ data }) => data)).toEqual(["1", "2", "3", "4", "6"]);
  });
});
