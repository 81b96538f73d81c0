// A hub of the library on HTTP/2, as it is built: the command listens on HTTP/1.1 alone.
import { createServer } from "node:http2";
import { createHub } from "artesian";

const hub = createHub({ anonymousPublish: true, heartbeatMs: Number(process.argv[2]) });
const server = createServer(hub.handler);
server.listen(0, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
