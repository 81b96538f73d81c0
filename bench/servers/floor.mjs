// The floor: `native/floor.c`, one write per subscriber and nothing else.
import { compileNative, nativeProgram } from "../lib/machine.mjs";
import { startCommand } from "./server.mjs";

/** @type {import("./server.mjs").Server} */
export const floor = {
  name: "floor",
  title: "C on epoll: one write per subscriber, no history, no topics (`bench/native/floor.c`)",
  prepare: compileNative,
  start: (options) => startCommand({ ...options, name: "floor", argv: [nativeProgram("floor"), String(options.port ?? 0)] }),
};
