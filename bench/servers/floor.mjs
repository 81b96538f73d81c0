// The floor: `native/floor.c`, one write per subscriber and nothing else.
import { compileNative, nativeProgram } from "../lib/native.mjs";
import { startCommand } from "./server.mjs";

/** @type {import("./server.mjs").Server} */
export const floor = {
  name: "floor",
  title: "C on epoll: one write per subscriber, no history, no topics (`bench/native/floor.c`)",
  prepare: compileNative,
  lacks: (ability) =>
    ({
      topics: "the floor has no topics",
      replay: "the floor keeps no history",
      // Its memory would say nothing.
      memory: "the floor takes 16 kB for each connection to keep its code short",
      workers: "the floor is one process",
      gzip: "the floor does not compress",
    })[ability],
  start: (options) =>
    startCommand({
      ...options,
      name: "floor",
      argv: [nativeProgram("floor"), "0"],
      speak: () => ({ subscribe: "/?{topics}", publish: "/" }),
    }),
};
