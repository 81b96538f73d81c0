// better-sse on Express, as its documentation shows it: `better-sse-app.mjs`.
import { inRepository, installPeers, versionIn } from "../lib/machine.mjs";
import { startCommand } from "./server.mjs";

/** @type {import("./server.mjs").Server} */
export const betterSse = {
  name: "better-sse",
  get title() {
    const version = (/** @type {string} */ name) => versionIn(`bench/node_modules/${name}`);
    return `better-sse ${version("better-sse")} on Express ${version("express")}: \`channel.broadcast\`, no journal`;
  },
  prepare: installPeers,
  lacks: (ability) => (ability === "replay" ? "better-sse leaves history to the application" : undefined),
  start: (options) =>
    startCommand({
      ...options,
      name: "better-sse",
      argv: [process.execPath, inRepository("bench/servers/better-sse-app.mjs")],
      env: { NODE_ENV: "production" },
      speak: () => ({ subscribe: "/events?topic={topics}", and: "&topic=", publish: "/events" }),
    }),
};
