import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Journal } from "artesian";
import { logJournal } from "artesian/journals/log";
import { describe, expect, it, onTestFinished } from "vitest";
import { verify } from "../../../packages/hub/src/journals/log/tools/verify.ts";
import { LinkProcess } from "./link-process.ts";
import { newDirectory, readAll, update } from "./support.ts";

/** A journal's directory among others, and what was told when it was opened. */
class Place {
  readonly directory: string = newDirectory();
  readonly backup: string = `${this.directory}-backup`;
  readonly told: string[] = [];
  readonly markFile: string | undefined;

  constructor(mark: "inside" | "beside") {
    this.markFile = mark === "beside" ? `${this.directory}.mark` : undefined;
  }

  get mark(): string {
    return this.markFile ?? join(this.directory, "mark");
  }

  async open(directory: string = this.directory): Promise<Journal> {
    const journal = await logJournal({ directory, markFile: this.markFile, onPutBack: (what) => this.told.push(what) });
    onTestFinished(() => journal.close());
    return journal;
  }

  /** Opens the journal, appends, and closes it. @returns Its epoch. */
  async use(count: number): Promise<string> {
    const journal = await this.open();
    for (let i = 0; i < count; i++) await journal.append([update(String(i))]);
    await journal.close();
    return journal.epoch;
  }

  async start(): Promise<LinkProcess> {
    return LinkProcess.start("journal-program.ts", [JSON.stringify({ directory: this.directory, markFile: this.markFile })]);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }
}

/** Sockets can't be copied. */
const copy = (from: string, to: string): void =>
  cpSync(from, to, { recursive: true, preserveTimestamps: true, filter: (path) => !/writer-\d+$/.test(path) });

describe.each(["inside", "beside"] as const)("a log with its mark %s", { timeout: 60_000 }, (mark) => {
  const ways: Readonly<Record<string, (place: Place) => void>> = {
    "a copy in its place": (place) => {
      place.remove();
      copy(place.backup, place.directory);
    },
    "a copy in its place, whose identity has the same inode number": (place) => {
      const file = join(place.directory, "identity");
      const { ino } = statSync(file);
      const bytes = readFileSync(join(place.backup, "identity"));
      // A filesystem gives numbers again that became free. If it gives others, this is the case before.
      for (let i = 0; i < 100; i++) {
        rmSync(file);
        writeFileSync(file, bytes);
        if (statSync(file).ino === ino) break;
      }
    },
    "its files written over": (place) => {
      for (const name of readdirSync(place.backup)) {
        const { atime, mtime } = statSync(join(place.backup, name));
        writeFileSync(join(place.directory, name), readFileSync(join(place.backup, name)));
        utimesSync(join(place.directory, name), atime, mtime);
      }
    },
    "the segment written over alone": ({ directory, backup }) => {
      const [segment = ""] = readdirSync(backup).filter((name) => name.endsWith(".log"));
      writeFileSync(join(directory, segment), readFileSync(join(backup, segment)));
    },
  };

  it.each(Object.keys(ways))("begins a new epoch, once, and keeps what is there: %s", async (way) => {
    const place = new Place(mark);
    const first = await place.use(3);
    copy(place.directory, place.backup);
    expect(await place.use(2)).toBe(first);
    ways[way]?.(place);
    // A mark that was put back too does not know of the updates that are gone.
    const isKept = way.includes("identity");
    const tail = isKept || mark === "beside" || way.includes("alone") ? 5 : 3;
    const gone = isKept ? [] : [4, 5].slice(0, tail - 3);
    const journal = await place.open();
    expect(place.told).toEqual([expect.stringContaining(`The data in ${place.directory} were put back`)]);
    expect(journal.epoch).not.toBe(first);
    expect([journal.tail(), journal.restoredUpTo]).toEqual([tail, tail]);
    await journal.append([update("new")]);
    const { records, gaps } = await readAll(journal);
    const all = Array.from({ length: tail + 1 }, (_, i) => i + 1);
    expect(records.map(({ offset }) => offset)).toEqual(all.filter((offset) => !gone.includes(offset)));
    expect(gaps).toEqual(gone.slice(0, 1));
    const { damage, gone: known } = await verify(place.directory, place.markFile);
    expect({ damage, known }).toEqual({ damage: [], known: gone.length === 0 ? [] : [{ from: 4, to: 5 }] });
    await journal.close();
    const again = await place.open();
    expect(again.epoch).toBe(journal.epoch);
    expect([again.tail(), again.restoredUpTo]).toEqual([tail + 1, tail]);
    expect(place.told).toHaveLength(1);
  });

  it("takes a copy that was made while it was open for one", async () => {
    const place = new Place(mark);
    const journal = await place.open();
    await journal.append([update("1")]);
    copy(place.directory, place.backup);
    await journal.append([update("2")]);
    // As a backup on the same machine is tried out: the process that it was copied from still runs.
    const copied = await logJournal({ directory: place.backup, onPutBack: (what) => place.told.push(what) });
    expect(place.told).toHaveLength(1);
    expect([copied.epoch === journal.epoch, copied.tail()]).toEqual([false, 1]);
    await copied.close();
    expect(await journal.append([update("3")])).toEqual([3]);
  });

  it("keeps its epoch when it is moved, linked to, or changed beside its content", async () => {
    const place = new Place(mark);
    const first = await place.use(3);
    renameSync(place.directory, `${place.directory}-2`);
    renameSync(`${place.directory}-2`, place.directory);
    expect(await place.use(1)).toBe(first);
    linkSync(join(place.directory, "identity"), `${place.directory}-link`);
    utimesSync(join(place.directory, "identity"), 1, 1);
    utimesSync(place.mark, 1, 1);
    expect(await place.use(1)).toBe(first);
    rmSync(place.mark);
    expect(await place.use(1)).toBe(first);
    writeFileSync(place.mark, "");
    expect(await place.use(1)).toBe(first);
    // A directory with another name, which can't have a mark.
    renameSync(place.directory, `${place.directory}-3`);
    const moved = await logJournal({ directory: `${place.directory}-3`, markFile: `${place.directory}-missing/mark` });
    expect(moved.epoch).toBe(first);
    await moved.close();
    expect(place.told).toEqual([]);
  });

  it("keeps its epoch when its processes are killed, and when several open it at once", async () => {
    const place = new Place(mark);
    const first = await place.use(3);
    const processes = await Promise.all([0, 1, 2].map(() => place.start()));
    expect(processes.map(({ lines }) => lines[0]?.split(" ")[1])).toEqual([first, first, first]);
    for (const one of processes) {
      one.send("x");
      await one.line(/^ok /);
    }
    for (const one of processes) one.kill();
    await Promise.all(processes.map((one) => one.exit()));
    expect(await place.use(0)).toBe(first);
    expect(place.told).toEqual([]);
  });

  it("is one epoch for all that open what was put back at once", async () => {
    const place = new Place(mark);
    const first = await place.use(3);
    copy(place.directory, place.backup);
    await place.use(2);
    place.remove();
    copy(place.backup, place.directory);
    const processes = await Promise.all([0, 1, 2].map(() => place.start()));
    const epochs = new Set(processes.map(({ lines }) => lines[0]?.split(" ")[1]));
    expect(epochs.size).toBe(1);
    expect(epochs).not.toContain(first);
    await Promise.all(processes.map((one) => one.end()));
  });
});

describe("a log with its mark beside it", () => {
  it("begins a new epoch where an older one is moved back", async () => {
    const place = new Place("beside");
    const first = await place.use(3);
    renameSync(place.directory, place.backup);
    const second = await place.use(2);
    expect(second).not.toBe(first);
    place.remove();
    renameSync(place.backup, place.directory);
    const third = await place.use(2);
    expect([first, second]).not.toContain(third);
    expect(place.told).toEqual([expect.stringContaining("tells of another journal")]);
  });

  it("begins an empty journal without a word where the old one is gone", async () => {
    const place = new Place("beside");
    const first = await place.use(3);
    place.remove();
    const second = await place.use(1);
    expect(second).not.toBe(first);
    expect(await place.use(1)).toBe(second);
    expect(place.told).toEqual([]);
  });
});

describe("a process of a log whose data were put back meanwhile", () => {
  it("refuses updates, and has to be restarted", async () => {
    const place = new Place("inside");
    const writer = await place.start();
    writer.send("1");
    await writer.line(/^ok 1/);
    const journal = await place.open();
    // A writer notes marks from time to time, whose file would be gone while it is copied.
    writer.kill("SIGSTOP");
    // The directory and its sockets are the same, but its identity is that of a restored journal.
    copy(place.directory, place.backup);
    const { epoch } = journal;
    writer.kill();
    await writer.exit();
    await journal.append([update("2")]);
    expect(journal.epoch).toBe(epoch);
    const beside = `${place.directory}-beside`;
    renameSync(place.directory, beside);
    renameSync(place.backup, place.directory);
    const other = await place.open();
    expect(other.epoch).not.toBe(epoch);
    await expect(journal.append([update("3")])).rejects.toMatchObject({ code: "journal_unavailable" });
    expect(String(journal.failure?.cause)).toContain("Move the same directory back");
    expect(existsSync(join(place.directory, "identity"))).toBe(true);
    expect(await other.append([update("theirs")])).toEqual([2]);
  });
});

describe("the files of a log", () => {
  it("are for their user alone, also in a directory that others may read", async () => {
    const directory = newDirectory();
    mkdirSync(directory, { mode: 0o755 });
    const journal = await logJournal({ directory });
    await journal.append([update("private")]);
    for (const name of readdirSync(directory)) expect([name, statSync(join(directory, name)).mode & 0o777]).toEqual([name, 0o600]);
    await journal.close();
  });
});
