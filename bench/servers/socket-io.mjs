// Socket.IO, the same fan-out over WebSocket: `socket-io-app.mjs`.
import { inRepository, installPeers, versionIn } from "../lib/machine.mjs";
import { startCommand } from "./server.mjs";

/** @type {import("./server.mjs").Server} */
export const socketIo = {
  name: "socket.io",
  get title() {
    const version = (/** @type {string} */ name) => versionIn(`bench/node_modules/${name}`);
    return `Socket.IO ${version("socket.io")} on Express ${version("express")}, over WebSocket alone: \`io.to(topic).emit\`; with its connection state recovery where updates are missed`;
  },
  prepare: installPeers,
  start: (options) =>
    startCommand({
      ...options,
      name: "socket.io",
      argv: [process.execPath, inRepository("bench/servers/socket-io-app.mjs"), ...(options.replay ? ["--recovery"] : [])],
      env: { NODE_ENV: "production" },
      speak: () => ({
        "socket-io": true,
        subscribe: "/socket.io/?EIO=4&transport=websocket&topic={topics}",
        and: "&topic=",
        publish: "/publish",
      }),
    }),
};
