// One who attacks a hub from one address: a program of its own. Its pace is bounded, so that the hub is measured, and not the machine.
import { Agent, request } from "node:http";
import { connect } from "node:net";
import type { AttackRequest, FromAttacker, ToAttacker } from "./attacker-process.ts";

const TICK_MS = 20;
const REPORT_MS = 100;

const statuses: Record<number, number> = {};
let sent = 0;

function count(status: number): void {
  statuses[status] = (statuses[status] ?? 0) + 1;
}

function send({ hub, address }: ToAttacker, { method, query = "", headers = {}, body }: AttackRequest, agent: Agent): void {
  sent++;
  const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
  const req = request(`${hub}${query}`, { method, agent, headers: { ...headers, ...length, "x-forwarded-for": address } }, (res) => {
    count(res.statusCode ?? 0);
    res.resume();
    // Where it is a stream, the answer is all that was wanted.
    if (res.headers["content-type"]?.startsWith("text/event-stream") === true) req.destroy();
  });
  req.on("error", () => count(0));
  req.end(body);
}

function stay({ hub, address }: ToAttacker, query: string, staysMs: number | undefined): void {
  sent++;
  const req = request(`${hub}${query}`, { agent: false, headers: { "x-forwarded-for": address } }, (res) => {
    count(res.statusCode ?? 0);
    res.resume();
    if (staysMs !== undefined) setTimeout(() => req.destroy(), staysMs);
  });
  req.on("error", () => count(0));
  req.end();
}

/** Calls something so often a second, in steps. */
function atPace(perSecond: number, most: number, act: (n: number) => void): void {
  const beganMs = performance.now();
  let done = 0;
  const timer = setInterval(() => {
    const due = Math.min(most, Math.floor(((performance.now() - beganMs) / 1000) * perSecond) + 1);
    while (done < due) act(done++);
    if (done >= most) clearInterval(timer);
  }, TICK_MS);
}

function begin(options: ToAttacker): void {
  const { attack } = options;
  if (attack.kind === "requests") {
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    atPace(attack.perSecond, Infinity, (n) => send(options, attack.requests[n % attack.requests.length] as AttackRequest, agent));
  } else if (attack.kind === "streams") {
    const { queries, staysMs } = attack;
    atPace(attack.perSecond, staysMs === undefined ? queries.length : Infinity, (n) =>
      stay(options, queries[n % queries.length] as string, staysMs),
    );
  } else {
    const { hostname, port } = new URL(options.hub);
    for (; sent < attack.sockets; sent++) {
      connect(Number(port), hostname)
        .on("error", () => undefined)
        .once("close", () => count(0));
    }
  }
}

process.on("message", (message: ToAttacker) => begin(message));
setInterval(() => process.send?.({ sent, statuses: { ...statuses } } satisfies FromAttacker), REPORT_MS);
// With its parent it ends.
process.on("disconnect", () => process.exit());
