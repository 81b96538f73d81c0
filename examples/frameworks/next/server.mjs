// A server of your own, instead of `next start`: its streams are gzipped.
//
//   NODE_ENV=production node server.mjs
import { createServer } from "node:http";
import next from "next";
import { hub } from "./lib/live.mjs";

const app = next({ dev: process.env.NODE_ENV !== "production" });
await app.prepare();
const handle = app.getRequestHandler();
const server = createServer((req, res) => hub.handler(req, res, () => handle(req, res)));
server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});

hub.closeOnSignals({ server });
