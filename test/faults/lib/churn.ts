// Connects and disconnects: a program of its own. Each visit is one of the ways in which clients come and go.
import { connect, type Socket } from "node:net";
import { createRandom } from "../../support/random.ts";
import type { FromChurn, ToChurn } from "./churn-process.ts";

const AT_ONCE = 100;
/** After the answer, how long a visitor stays, in milliseconds. Most leave at once. */
const STAY_MS = 5;

const count = { visits: 0, answered: 0, failed: 0 };

interface Visit {
  readonly request: string;
  /** When it leaves: with the first bytes of the answer, or without waiting for any. */
  readonly waits: boolean;
  readonly staysMs: number;
  /** With a reset, which leaves no port behind in the state of one who waits; or in order. */
  readonly resets: boolean;
}

function makeVisits(hub: URL, token: string): readonly Visit[] {
  const host = `Host: ${hub.host}\r\n`;
  const get = (query: string, more = ""): string => `GET ${hub.pathname}${query} HTTP/1.1\r\n${host}${more}\r\n`;
  const body = "topic=soak&data=x";
  const stream = { request: get("?match=soak"), waits: true, staysMs: 0, resets: true };
  return [
    stream,
    stream,
    { ...stream, staysMs: STAY_MS },
    { ...stream, request: get("?match=soak&match_urlpattern=/soak/:id&interval=100", "Accept-Encoding: gzip\r\n") },
    { ...stream, request: get("?match=soak&last_event_id=earliest", `Authorization: Bearer ${token}\r\n`) },
    { ...stream, waits: false },
    // In the middle of its header.
    { ...stream, request: get("?match=soak").slice(0, 20), waits: false },
    { ...stream, request: get(""), resets: false },
    {
      ...stream,
      request: `POST ${hub.pathname} HTTP/1.1\r\n${host}Authorization: Bearer ${token}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    },
    // Refused.
    { ...stream, request: get("?matchh=soak") },
  ];
}

function visit({ request, waits, staysMs, resets }: Visit, hub: URL): Promise<void> {
  return new Promise((resolve) => {
    const socket: Socket = connect(Number(hub.port), hub.hostname);
    const leave = (): void => void (resets ? socket.resetAndDestroy() : socket.end());
    socket.once("connect", () => {
      socket.write(request, () => {
        if (!waits) leave();
      });
    });
    socket.once("data", () => {
      count.answered++;
      if (staysMs === 0) leave();
      else setTimeout(leave, staysMs);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED" || error.code === "EADDRNOTAVAIL") count.failed++;
    });
    socket.once("close", () => {
      count.visits++;
      resolve();
    });
  });
}

async function run({ hub, token, visits, seed }: ToChurn): Promise<void> {
  const url = new URL(hub);
  const kinds = makeVisits(url, token);
  const random = createRandom(seed);
  let begun = 0;
  const report = (done: boolean): void => void process.send?.({ ...count, done } satisfies FromChurn);
  const timer = setInterval(() => report(false), 100);
  const visitor = async (): Promise<void> => {
    while (begun++ < visits) await visit(random.pick(kinds), url);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, visitor));
  clearInterval(timer);
  report(true);
  process.disconnect();
}

process.on("message", (message: ToChurn) => void run(message));
// With whoever started it, it ends.
process.on("disconnect", () => process.exit());
