import { spawnSync } from "node:child_process";
import { runAttack } from "../lib/attack.ts";
import type { Scenario } from "../lib/scenario.ts";

/** Usual for a service. Nine tenths of them are for connections. */
const DESCRIPTORS = 1024;

export const idleFlood: Scenario = {
  name: "idle-flood",
  promise: "R18",
  what: `a server with ${DESCRIPTORS} descriptors is flooded with idle connections from ten addresses, which come back when they are closed, while others read, publish and come`,
  run: async (options) => {
    if (spawnSync("prlimit", ["--version"]).status !== 0) options.notRun("there is no prlimit");
    const addresses = 10;
    const perAddress = 200;
    await runAttack(
      {
        attackers: { kind: "idle", addresses, perAddress, staysMs: 600_000, pauseMs: 4000 },
        prefix: ["prlimit", `--nofile=${DESCRIPTORS}:${DESCRIPTORS}`],
        isOn: ({ made }) => made > addresses * perAddress,
        logged: /"address":"203\.0\.1\.\d+".*as many connections as there may be/,
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
        attackers: { kind: "patterns", addresses: 10, perAddress: 100, staysMs: 2000, pauseMs: 8000 },
        isOn: ({ made }) => made > 1000,
        logged: /"code":"(?:too_many_patterns|overloaded)".*"address":"203\.0\.1\./,
      },
      options,
    ),
};
