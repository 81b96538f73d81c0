// The floor: `native/floor.c`, one write per subscriber and nothing else; and the same with every update on disk first.
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";

import { compileNative, nativeProgram } from "../lib/native.mjs";
import { atEnd } from "../lib/processes.mjs";
import { startCommand } from "./server.mjs";

/** What neither can do. @type {Partial<Record<import("./server.mjs").Ability, string>>} */
const LACKS = {
  topics: "the floor has no topics",
  replay: "the floor keeps no history",
  // Its memory would say nothing.
  memory: "the floor takes 16 kB for each connection to keep its code short",
  workers: "the floor is one process",
  gzip: "the floor does not compress",
};

const speak = () => ({ subscribe: "/?{topics}", publish: "/" });

/** @type {import("./server.mjs").Server} */
export const floor = {
  name: "floor",
  title: "C on epoll: one write per subscriber, no history, no topics (`bench/native/floor.c`)",
  prepare: compileNative,
  lacks: (ability) => LACKS[ability],
  start: (options) => startCommand({ ...options, name: "floor", argv: [nativeProgram("floor"), "0"], speak }),
};

/** @type {import("./server.mjs").Server} */
export const durableFloor = {
  name: "durable-floor",
  title: "the floor with a file: one write of records and one `fdatasync` for all updates that came meanwhile, then the answers",
  prepare: compileNative,
  lacks: (ability) => LACKS[ability],
  start(options) {
    const folder = mkdtempSync(join(options.journalDirectory, "floor-"));
    const afterwards = atEnd(() => rmSync(folder, { recursive: true, force: true }));
    const argv = [nativeProgram("floor"), "0", join(folder, "journal")];
    return startCommand({ ...options, name: "durable-floor", argv, afterwards, speak });
  },
};
