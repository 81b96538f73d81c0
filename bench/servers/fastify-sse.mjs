// @fastify/sse, as its documentation shows it: `fastify-sse-app.mjs`.
import { inRepository, installPeers, versionIn } from "../lib/machine.mjs";
import { startCommand } from "./server.mjs";

/** @type {import("./server.mjs").Server} */
export const fastifySse = {
  name: "fastify-sse",
  get title() {
    const version = (/** @type {string} */ name) => versionIn(`bench/node_modules/${name}`);
    return `@fastify/sse ${version("@fastify/sse")} on Fastify ${version("fastify")}: \`reply.sse.send\` to each subscriber, history in an array`;
  },
  prepare: installPeers,
  start: (options) =>
    startCommand({
      ...options,
      name: "fastify-sse",
      argv: [process.execPath, inRepository("bench/servers/fastify-sse-app.mjs")],
      env: { NODE_ENV: "production" },
      speak: () => ({
        subscribe: "/events?topic={topics}",
        and: "&topic=",
        publish: "/events",
        "content-type": "application/json",
        body: '{"topic":"{topic}","data":"{data}"}',
      }),
    }),
};
