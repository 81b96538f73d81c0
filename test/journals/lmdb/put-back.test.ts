import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import type { Journal } from "artesian";
import { lmdbJournal } from "artesian/journals/lmdb";
import { open } from "lmdb";
import { describe, expect, it, onTestFinished } from "vitest";
import { backUp } from "../../../packages/hub/src/journals/lmdb/backup.ts";
import { isSameFile, readSelfNamed, writeSelfNamed } from "../../../packages/hub/src/journals/shared/file-identity.ts";
import { Mark } from "../../../packages/hub/src/journals/shared/mark.ts";
import { openRoot } from "../../../packages/hub/src/journals/lmdb/open-root.ts";
import { removeDirectory } from "../../support/directory.ts";

const update = (data: string, id?: string) => ({ topics: ["t"], data, id, type: undefined, retry: undefined, private: false });

/** A journal's directory among others, and what was told when it was opened. */
class Place {
  readonly root: string = mkdtempSync(join(tmpdir(), "artesian-put-back-"));
  readonly directory: string = join(this.root, "journal");
  readonly backup: string = join(this.root, "backup");
  readonly told: string[] = [];
  readonly #markFile: string | undefined;

  constructor(mark: "inside" | "beside") {
    this.#markFile = mark === "beside" ? join(this.root, "journal.mark") : undefined;
    onTestFinished(() => removeDirectory(this.root));
  }

  get mark(): string {
    return this.#markFile ?? join(this.directory, "mark");
  }

  open(): Journal {
    const journal = lmdbJournal({ directory: this.directory, markFile: this.#markFile, onPutBack: (what) => this.told.push(what) });
    onTestFinished(() => journal.close());
    return journal;
  }

  /** Opens the journal, appends, and closes it. @returns Its epoch. */
  async use(count: number): Promise<string> {
    const journal = this.open();
    for (let i = 0; i < count; i++) await journal.append([update(String(i))]);
    await journal.close();
    return journal.epoch;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }
}

const copy = (from: string, to: string): void => cpSync(from, to, { recursive: true, preserveTimestamps: true });

describe.each(["inside", "beside"] as const)("a journal with its mark %s", (mark) => {
  const ways: Readonly<Record<string, (place: Place) => void>> = {
    "a copy in its place": (place) => {
      place.remove();
      copy(place.backup, place.directory);
    },
    "a copy in its place, whose data file has the same inode number": (place) => {
      const file = join(place.directory, "data.mdb");
      const { ino } = statSync(file);
      const bytes = readFileSync(join(place.backup, "data.mdb"));
      // A filesystem gives numbers again that became free; where it gives others, this is the case before.
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
    "the data file replaced alone": ({ directory, backup }) => {
      const temporary = join(directory, "data.mdb.tmp");
      copyFileSync(join(backup, "data.mdb"), temporary);
      renameSync(temporary, join(directory, "data.mdb"));
    },
    "the data file written over alone": ({ directory, backup }) =>
      writeFileSync(join(directory, "data.mdb"), readFileSync(join(backup, "data.mdb"))),
  };

  it.each(Object.keys(ways))("begins a new epoch, once, and keeps what is there: %s", async (way) => {
    const place = new Place(mark);
    const first = await place.use(3);
    copy(place.directory, place.backup);
    expect(await place.use(2)).toBe(first);
    ways[way]?.(place);
    const journal = place.open();
    expect(place.told).toEqual([expect.stringContaining(`The data in ${place.directory} were put back`)]);
    expect(journal.epoch).not.toBe(first);
    expect([journal.tail(), journal.restoredUpTo]).toEqual([3, 3]);
    await journal.append([update("new")]);
    await journal.close();
    const again = place.open();
    expect(again.epoch).toBe(journal.epoch);
    expect([again.tail(), again.restoredUpTo]).toEqual([4, 3]);
    expect(place.told).toHaveLength(1);
  });

  it("takes a copy that was made while it was open for one, and looks at its file", async () => {
    const place = new Place(mark);
    const journal = place.open();
    await journal.append([update("1")]);
    copy(place.directory, place.backup);
    await journal.append([update("2")]);
    // As a backup on the same machine is tried out: the process that it was copied from still runs.
    const directory = place.backup;
    const copied = lmdbJournal({ directory, onPutBack: (what) => place.told.push(what) });
    expect(place.told).toHaveLength(1);
    expect([copied.epoch === journal.epoch, copied.tail()]).toEqual([false, 1]);
    await copied.close();
    expect(readdirSync(directory)).not.toContain("unclean");
    expect(await journal.append([update("3")])).toEqual([3]);
  });

  it("keeps its epoch when it is moved, linked to, or changed beside its content", async () => {
    const place = new Place(mark);
    const first = await place.use(3);
    renameSync(place.directory, `${place.directory}-2`);
    renameSync(`${place.directory}-2`, place.directory);
    expect(await place.use(1)).toBe(first);
    linkSync(join(place.directory, "data.mdb"), join(place.root, "link"));
    utimesSync(join(place.directory, "data.mdb"), 1, 1);
    utimesSync(place.mark, 1, 1);
    expect(await place.use(1)).toBe(first);
    rmSync(place.mark);
    expect(await place.use(1)).toBe(first);
    writeFileSync(place.mark, "");
    expect(await place.use(1)).toBe(first);
    // Neither a directory that was moved, with another name, nor one that can't have a mark.
    renameSync(place.directory, `${place.directory}-3`);
    const moved = lmdbJournal({ directory: `${place.directory}-3`, markFile: join(place.root, "missing", "mark") });
    expect(moved.epoch).toBe(first);
    await moved.close();
    expect(place.told).toEqual([]);
  });

  it("keeps its epoch when its process is killed, and when several open it at once", async () => {
    const place = new Place(mark);
    const first = await place.use(3);
    const script = `
      import { lmdbJournal } from "artesian/journals/lmdb";
      const journal = lmdbJournal(${JSON.stringify({ directory: place.directory, ...(mark === "beside" ? { markFile: place.mark } : {}) })});
      await journal.append([{ topics: ["t"], data: "x", id: undefined, type: undefined, retry: undefined, private: false }]);
      console.log(journal.epoch);
      setInterval(() => undefined, 1000);
    `;
    const children = Array.from({ length: 3 }, () =>
      spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] }),
    );
    const ended = Promise.all(children.map((child) => once(child, "close")));
    onTestFinished(() => children.forEach((child) => void child.kill("SIGKILL")));
    const epochs = await Promise.all(children.map(async ({ stdout }) => (await once(createInterface(stdout), "line"))[0] as string));
    expect(epochs).toEqual([first, first, first]);
    for (const child of children) child.kill("SIGKILL");
    await ended;
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
    const script = `
      import { lmdbJournal } from "artesian/journals/lmdb";
      const journal = lmdbJournal(${JSON.stringify({ directory: place.directory, ...(mark === "beside" ? { markFile: place.mark } : {}) })});
      process.stdout.write(journal.epoch);
      await journal.close();
    `;
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "ignore"] }),
    );
    const ended = Promise.all(children.map((child) => once(child, "close")));
    const epochs = await Promise.all(children.map(({ stdout }) => text(stdout)));
    await ended;
    expect(new Set(epochs).size).toBe(1);
    expect(epochs).not.toContain(first);
  });
});

describe("a journal with its mark beside it", () => {
  it("begins a new epoch where an older one is moved back, or one of the version before is put back", async () => {
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
    // As a journal is that the version before has written: it does not say which file it is in.
    copy(place.directory, place.backup);
    const root = open({ path: place.backup, noSubdir: false, overlappingSync: false });
    await root.openDB({ name: "meta", encoding: "msgpack" }).remove("file");
    await root.close();
    expect(await place.use(1)).toBe(third);
    place.remove();
    copy(place.backup, place.directory);
    expect(await place.use(1)).not.toBe(third);
    expect(place.told.at(-1)).toMatch(/tells of update \d+, and the newest is/);
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

describe("a journal of the version before", () => {
  it("keeps its epoch, and names its file from then on", async () => {
    const place = new Place("inside");
    const first = await place.use(3);
    const root = open({ path: place.directory, noSubdir: false, overlappingSync: false });
    await root.openDB({ name: "meta", encoding: "msgpack" }).remove("file");
    await root.close();
    rmSync(place.mark);
    expect(await place.use(0)).toBe(first);
    copy(place.directory, place.backup);
    place.remove();
    copy(place.backup, place.directory);
    rmSync(place.mark);
    expect(await place.use(0)).not.toBe(first);
    expect(place.told).toEqual([expect.stringContaining("data.mdb is a copy")]);
  });
});

describe("a declaration", () => {
  it("begins a new epoch, and is refused while the journal is open", async () => {
    const place = new Place("inside");
    const journal = place.open();
    await journal.append([update("1", "own")]);
    const declare = () =>
      openRoot({ directory: place.directory, isDeclared: true, isAlone: true, onPutBack: (what) => place.told.push(what) });
    expect(declare).toThrow(/in use by this process\. Stop the hub/);
    await journal.close();
    const declared = declare();
    await declared.close(true);
    expect(declared.epoch).not.toBe(journal.epoch);
    const again = place.open();
    expect(again.epoch).toBe(declared.epoch);
    expect(again.restoredUpTo).toBe(1);
    expect(place.told).toEqual([expect.stringContaining("this was declared")]);
  });

  it("that a process does not hear of, in a container of its own, makes it refuse updates", async () => {
    const place = new Place("inside");
    const journal = place.open();
    await journal.append([update("1")]);
    const root = open({ path: place.directory, noSubdir: false, overlappingSync: false });
    await root.openDB({ name: "meta", encoding: "msgpack" }).put("epoch", "AAAAAAAA");
    await expect(journal.append([update("2")])).rejects.toMatchObject({
      code: "journal_unavailable",
      message: expect.stringContaining("restarted") as string,
    });
    expect(journal.tail()).toBe(1);
    await root.close();
  });
});

describe("a file that names itself", () => {
  it("is told from its copies", () => {
    const place = new Place("inside");
    const [file, other] = [join(place.root, "a"), join(place.root, "b")];
    writeSelfNamed(file, "text");
    expect(readSelfNamed(file)).toEqual({ text: "text", isOwn: true });
    renameSync(file, other);
    expect(readSelfNamed(other)).toEqual({ text: "text", isOwn: true });
    copyFileSync(other, file);
    expect(readSelfNamed(file)).toEqual({ text: "text", isOwn: false });
    expect(() => writeSelfNamed(file, "")).toThrow(/EEXIST/);
    writeFileSync(file, "");
    expect(readSelfNamed(file)).toBeUndefined();
    expect(readSelfNamed(join(place.root, "missing"))).toBeUndefined();
  });

  it("fits by its inode alone where no time of birth is known", () => {
    expect(isSameFile("5:0", "5:123")).toBe(true);
    expect(isSameFile("5:123", "5:0")).toBe(true);
    expect(isSameFile("5:123", "5:124")).toBe(false);
    expect(isSameFile("5:123", "6:123")).toBe(false);
  });
});

describe("a mark", () => {
  it("never tells of less than another process has noted, and gives up where it can't be written", () => {
    const place = new Place("inside");
    mkdirSync(place.directory);
    const mark = new Mark(place.mark);
    mark.begin("AAAAAAAA", 5);
    mark.note("AAAAAAAA", 3);
    expect(mark.whyOther("AAAAAAAA", 4)).toMatch(/tells of update \d+, and the newest is/);
    expect(mark.whyOther("AAAAAAAA", 5)).toBeUndefined();
    expect(mark.whyOther("BBBBBBBB", 9)).toContain("another journal");
    mark.begin("BBBBBBBB", 1);
    expect(mark.whyOther("BBBBBBBB", 1)).toBeUndefined();
    rmSync(place.mark);
    mkdirSync(place.mark);
    mark.note("BBBBBBBB", 2);
    expect(mark.whyOther("BBBBBBBB", 0)).toBeUndefined();
    expect(readdirSync(place.directory)).toEqual(["mark"]);
  });
});

describe("the files of a journal and of its backup", () => {
  it("are for their user alone, also in a directory that others may read", async () => {
    const parent = mkdtempSync(join(tmpdir(), "artesian-rights-"));
    onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
    const [directory, copy] = ["journal", "copy"].map((name) => join(parent, name)) as [string, string];
    for (const one of [directory, copy]) mkdirSync(one, { mode: 0o755 });
    const journal = lmdbJournal({ directory });
    await journal.append([update("private")]);
    await backUp(directory, copy);
    await journal.close();
    for (const one of [directory, copy]) expect(statSync(join(one, "data.mdb")).mode & 0o777).toBe(0o600);
  });
});
