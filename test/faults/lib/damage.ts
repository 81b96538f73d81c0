import { closeSync, fstatSync, ftruncateSync, openSync, readSync, rmSync, statSync, truncateSync, writeSync } from "node:fs";
import type { Random } from "../../support/random.ts";
import { journalFiles } from "./journal.ts";

const PAGE_BYTES = 4096;
const SECTOR_BYTES = 512;

/** What a disk, or someone, does to the files of a journal. Each changes one file in place. */
export const DAMAGES: Readonly<Record<string, (journal: string, random: Random) => void>> = {
  "one flipped bit": (journal, random) => withData(journal, random, (fd, size) => flip(fd, size, 1, random)),
  "flipped bits": (journal, random) => withData(journal, random, (fd, size) => flip(fd, size, random.between(2, 64), random)),
  "flipped bits at the beginning": (journal, random) =>
    withData(journal, random, (fd, size) => flip(fd, Math.min(size, 2 * 200), random.between(1, 4), random)),
  "a sector of zeros": (journal, random) =>
    withData(journal, random, (fd, size) =>
      writeSync(fd, Buffer.alloc(SECTOR_BYTES), 0, SECTOR_BYTES, SECTOR_BYTES * random.below(Math.ceil(size / SECTOR_BYTES))),
    ),
  "a page of noise": (journal, random) =>
    withData(journal, random, (fd, size) => {
      const noise = Buffer.from(Array.from({ length: PAGE_BYTES }, () => random.below(256)));
      writeSync(fd, noise, 0, PAGE_BYTES, PAGE_BYTES * random.below(Math.ceil(size / PAGE_BYTES)));
    }),
  "a page in the place of another": (journal, random) =>
    withData(journal, random, (fd, size) => {
      const page = Buffer.alloc(PAGE_BYTES);
      readSync(fd, page, 0, PAGE_BYTES, PAGE_BYTES * random.below(Math.ceil(size / PAGE_BYTES)));
      writeSync(fd, page, 0, PAGE_BYTES, PAGE_BYTES * random.below(Math.ceil(size / PAGE_BYTES)));
    }),
  "a missing end": (journal, random) => withData(journal, random, (fd, size) => ftruncateSync(fd, random.between(1, size - 1))),
  "a missing file": (journal, random) => rmSync(random.pick(journalFiles(journal))),
  "an empty file": (journal, random) => truncateSync(random.pick(journalFiles(journal))),
};

function flip(fd: number, size: number, count: number, random: Random): void {
  const byte = Buffer.alloc(1);
  for (let i = 0; i < count; i++) {
    const at = random.below(size);
    readSync(fd, byte, 0, 1, at);
    byte.writeUInt8(byte.readUInt8() ^ (1 << random.below(8)));
    writeSync(fd, byte, 0, 1, at);
  }
}

function withData(journal: string, random: Random, change: (fd: number, size: number) => unknown): void {
  const files = journalFiles(journal).filter((path) => statSync(path).size > 0);
  withFile(random.pick(files), change);
}

function withFile(path: string, change: (fd: number, size: number) => unknown): void {
  const fd = openSync(path, "r+");
  change(fd, fstatSync(fd).size);
  closeSync(fd);
}
