// A server as Socket.IO's documentation writes one: a socket joins a room for each of its topics, and an update is emitted to a room.
// Usage: node socket-io-app.mjs [--recovery]
import { createServer } from "node:http";

import express from "express";
import { Server } from "socket.io";

const app = express();
const server = createServer(app);
const io = new Server(
  server,
  process.argv.includes("--recovery") ? { connectionStateRecovery: { maxDisconnectionDuration: 120_000 } } : {},
);

io.on("connection", (socket) => {
  if (socket.recovered) return;
  for (const topic of [socket.handshake.query.topic].flat()) void socket.join(String(topic));
});

app.post("/publish", express.urlencoded({ extended: false }), (request, response) => {
  io.to(request.body.topic).emit("update", request.body.data);
  response.type("text/plain").send("published");
});

server.listen(0, "127.0.0.1", () => {
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  console.log(`listening on http://127.0.0.1:${address.port}`);
});
