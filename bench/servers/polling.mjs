// What a page does without push: it asks again and again. `polling-app.mjs` answers.
import { inRepository } from "../lib/machine.mjs";
import { startCommand } from "./server.mjs";

/** @type {import("./server.mjs").Server} */
export const polling = {
  name: "polling",
  title: "node:http that answers with the newest update as JSON, or with 304 where the client's ETag is its",
  prepare: () => undefined,
  start: (options) =>
    startCommand({
      ...options,
      name: "polling",
      argv: [process.execPath, inRepository("bench/servers/polling-app.mjs")],
      env: { NODE_ENV: "production" },
      speak: () => ({ subscribe: "/state", publish: "/state" }),
    }),
};
