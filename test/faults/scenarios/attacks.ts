import { spawnSync } from "node:child_process";
import { type Asking, startAskers } from "../lib/askers-process.ts";
import { runAttack } from "../lib/attack.ts";
import { startAttackers } from "../lib/attackers-process.ts";
import type { Scenario } from "../lib/scenario.ts";

/** Usual for a service. Nine tenths of them are for connections. */
const DESCRIPTORS = 1024;
const CONNECTIONS = Math.floor(0.9 * DESCRIPTORS);
/** Long enough to make reading all of it dear. */
const JOURNAL = { ci: 50_000, full: 1_000_000 };
const QUERY_BYTES = 256 * 1024;
const FORM = { "content-type": "application/x-www-form-urlencoded" };
const JSON_TYPE = { "content-type": "application/json" };

export const idleFlood: Scenario = {
  name: "idle-flood",
  promise: "R18",
  what: `a server with ${DESCRIPTORS} descriptors is flooded with idle connections from ten addresses, which come back when they are closed, while others read, publish and come`,
  run: async (options) => {
    if (spawnSync("prlimit", ["--version"]).status !== 0) options.notRun("there is no prlimit");
    await runAttack(
      {
        // It asks nothing.
        answeredBy: 503,
        mostConnections: CONNECTIONS,
        start: (hub) => startAttackers({ hub, kind: "idle", addresses: 10, perAddress: 200, staysMs: 600_000, pauseMs: 4000 }),
        prefix: ["prlimit", `--nofile=${DESCRIPTORS}:${DESCRIPTORS}`],
        logged: /"address":"203\.0\.1\.\d+".*limit of connections is reached/,
      },
      options,
    );
  },
};

export const patterns: Scenario = {
  name: "patterns",
  promise: "R18",
  what: "ten addresses open 100 streams each with 100 patterns that have to be tested on every topic, again and again, while others read, publish to new topics and come",
  run: (options) =>
    runAttack(
      {
        answeredBy: 503,
        start: (hub) => startAttackers({ hub, kind: "patterns", addresses: 10, perAddress: 100, staysMs: 2000, pauseMs: 8000 }),
        logged: /"code":"(?:too_many_patterns|overloaded)".*"address":"203\.0\.1\./,
      },
      options,
    ),
};

const many = (count: number, make: (n: number) => string): readonly string[] => Array.from({ length: count }, (_, n) => make(n));

/** The dearest requests that one address may send. */
const DEAREST: readonly {
  readonly name: string;
  readonly asking: Asking;
  readonly answeredBy: number;
  readonly args?: readonly string[];
}[] = [
  {
    name: "a QUERY of stray percent signs",
    answeredBy: 413,
    asking: { requests: [{ method: "QUERY", headers: FORM, body: "%&".repeat(QUERY_BYTES / 2) }], perSecond: 20, holdsMs: 0 },
  },
  {
    name: "a batch of topics",
    answeredBy: 413,
    asking: {
      requests: [{ method: "POST", headers: JSON_TYPE, body: `[${many(2500, () => `{"topic":[${'"a",'.repeat(95)}"a"]}`).join(",")}]` }],
      perSecond: 5,
      holdsMs: 0,
    },
    args: ["--anonymous-publish"],
  },
  {
    name: "HEAD of the whole journal",
    answeredBy: 200,
    asking: {
      requests: [
        { method: "HEAD", query: "?match=none&last=1000" },
        { method: "HEAD", query: "?match=none&last_event_id=earliest" },
      ],
      perSecond: 20,
      holdsMs: 0,
    },
  },
  {
    name: "the newest of a topic that is not there",
    answeredBy: 200,
    asking: { requests: [{ method: "GET", query: "?match=none&last=1000" }], perSecond: 10, holdsMs: 0 },
  },
  {
    name: "subscribers that come and go, with presence",
    answeredBy: 200,
    asking: { requests: many(100, (n) => `?match=${n}`).map((query) => ({ method: "GET", query })), perSecond: 80, holdsMs: 5 },
    args: ["--subscriptions"],
  },
];

export const requests: Scenario = {
  name: "requests",
  promise: "R18",
  what: "one address asks for the dearest that it may, while others read, publish and come",
  run: async (options) => {
    for (const { name, asking, answeredBy, args = [] } of DEAREST) {
      await runAttack(
        {
          name,
          answeredBy,
          start: (hub) => startAskers(hub, asking),
          args: ["--trusted-proxies", "127.0.0.1", ...args],
          journal: options.full ? JOURNAL.full : JOURNAL.ci,
        },
        options,
      );
    }
  },
};
