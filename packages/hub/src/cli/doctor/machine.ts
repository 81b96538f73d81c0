import { statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { totalmem } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Config } from "../config/config.ts";
import { formatCount, roundedSize } from "../config/units.ts";
import { NONE } from "../config/values.ts";
import { descriptorLimit } from "../descriptor-limit.ts";
import { retentionOf } from "../serve/data.ts";
import { capacity } from "../serve/descriptors.ts";
import { type Finding, ok, problem, warning } from "./findings.ts";

/** Bytes of the disk for a byte of the retention, with small updates, their index and a new segment. */
const DISK_PER_BYTE = 2;
/** Less room than this is soon gone, in bytes. */
const LEAST_ROOM_BYTES: number = 64 * 1024 * 1024;
/** Less memory than this leaves little for streams, in bytes. */
const LEAST_MEMORY_BYTES: number = 256 * 1024 * 1024;

/** How many streams the limit of open files allows. */
export function checkDescriptors(): Finding {
  const limit = descriptorLimit();
  const { streams, warning: few } = capacity(limit);
  if (limit === undefined) return ok("files", "This system does not tell its limit of open files.");
  if (few !== undefined) return warning("files", `${few[0]?.toUpperCase()}${few.slice(1)}.`);
  return ok("files", `A process may have ${formatCount(limit)} files open, enough for ${formatCount(streams)} streams.`);
}

/** The memory that the process may use. */
export function checkMemory(): Finding {
  const bound = process.constrainedMemory();
  // Without a bound, some systems tell a number beyond all memory.
  const bytes = bound > 0 && bound < totalmem() ? bound : totalmem();
  const size = roundedSize(bytes);
  if (bytes < LEAST_MEMORY_BYTES)
    return warning("memory", `The process may use ${size}. Give it 256 MiB or more, or lower --max-connections.`);
  return ok("memory", `The process may use ${size}.`);
}

/** The rights of the data directory and of the secrets there. */
export function checkRights({ data }: Config): readonly Finding[] {
  if (process.platform === "win32") return [];
  const directory = resolve(data);
  if (statSync(directory, { throwIfNoEntry: false }) === undefined) return [];
  const open = [directory, join(directory, "journal"), join(directory, "keys.json"), join(directory, "ids-keys.json")].filter((path) => {
    const found = statSync(path, { throwIfNoEntry: false });
    return found !== undefined && (found.mode & 0o077) !== 0;
  });
  // Files in a directory that others may not enter are closed to them.
  if (!open.includes(directory)) return [ok("data", `Other users cannot read ${directory}.`)];
  return [
    warning("data", `Other users may read ${open.join(" and ")}. Updates may be private, and keys are secret:  chmod -R go= ${directory}`),
  ];
}

/** Whether the disk has room for the retention. */
export async function checkDisk(config: Config): Promise<readonly Finding[]> {
  if (config.journal.kind !== "log") return [];
  const directory = existing(resolve(config.journal.directory ?? config.data));
  const { bavail, bsize, ffree, files } = await statfs(directory);
  const room = bavail * bsize;
  const free = `The disk of ${directory} has ${roundedSize(room)} left`;
  if (files > 0 && ffree === 0) return [problem("disk", `The disk of ${directory} has no inodes left. Remove files from it.`)];
  if (room < LEAST_ROOM_BYTES)
    return [problem("disk", `${free}, and publishing ends with 507 when it is full. Make room, or lower --retention-bytes.`)];
  const { maxBytes } = retentionOf(config);
  if (maxBytes === undefined) {
    return [warning("disk", `${free}. With --retention-bytes ${NONE} the journal may fill it. Bound the journal by bytes.`)];
  }
  if (room < maxBytes * DISK_PER_BYTE) {
    const wanted = roundedSize(maxBytes * DISK_PER_BYTE);
    return [
      warning("disk", `${free}. The journal may need up to ${wanted}, with all that it has now. Make room, or lower --retention-bytes.`),
    ];
  }
  return [ok("disk", `${free}.`)];
}

/** The nearest directory that exists. */
function existing(path: string): string {
  for (let at = path; ; at = dirname(at)) if (dirname(at) === at || statSync(at, { throwIfNoEntry: false }) !== undefined) return at;
}
