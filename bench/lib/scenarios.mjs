// What is measured, each time on a freshly started server: a table a scenario, a row a run.
import { jsonData } from "./json-data.mjs";
import { missingZlib } from "./native.mjs";
import { PRIVATE_TOPIC } from "./tokens.mjs";

/** @typedef {import("../servers/server.mjs").LoadOptions} LoadOptions */
/** @typedef {import("../servers/server.mjs").Ability} Ability */

/**
 * @typedef {object} Run A row.
 * @property {string} label
 * @property {string} server
 * @property {"load" | "herd" | "poll" | "hold"} mode Of the load generator; `hold` is for memory.
 * @property {LoadOptions} load
 * @property {number} connections
 * @property {readonly Ability[]} abilities What the server must be able to do.
 * @property {boolean} [patterns]
 * @property {boolean} [private]
 * @property {number} [workers]
 */

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} title
 * @property {string} [about] What the reader should know beyond the title.
 * @property {"fan-out" | "latency" | "memory" | "herd" | "publish" | "topics" | "workers" | "gzip" | "polling"} table What its table shows.
 * @property {number} most Connections.
 * @property {(servers: readonly string[]) => readonly Run[]} runs For the servers selected.
 * @property {() => string | undefined} [missing] Why it can't be measured on this machine.
 */

const text = (/** @type {number} */ n) => n.toLocaleString("en");

/** Servers that take part in what all take part in. */
const PUSH = new Set(["floor", "nchan", "pushpin", "better-sse", "fastify-sse", "socket.io", "artesian"]);

/**
 * A run for each server that pushes.
 *
 * @param {Omit<Run, "label" | "server" | "abilities"> & { abilities?: readonly Ability[] }} run
 * @returns {Scenario["runs"]}
 */
const forEach =
  ({ abilities = [], ...run }) =>
  (servers) =>
    servers.filter((name) => PUSH.has(name)).map((server) => ({ label: server, server, abilities, ...run }));

/**
 * Runs of Artesian alone.
 *
 * @param {readonly (Omit<Run, "server">)[]} runs
 * @returns {Scenario["runs"]}
 */
const artesianOnly = (runs) => (servers) => (servers.includes("artesian") ? runs.map((run) => ({ ...run, server: "artesian" })) : []);

/**
 * @param {{ quick: boolean, seconds: number }} options
 * @returns {readonly Scenario[]}
 */
export function listScenarios({ quick, seconds }) {
  return [...fanOut(quick), ...paced(quick, seconds), ...held(quick), ...published(quick), ...ofArtesian(quick), polled(quick)];
}

/** @param {boolean} quick @returns {readonly Scenario[]} */
function fanOut(quick) {
  const few = quick ? 200 : 1_000;
  const many = quick ? 1_000 : 10_000;
  const patterns = quick ? 20 : 100;
  const each = few / patterns;
  /** @param {number} subscribers @param {number} window */
  const load = (subscribers, window) => forEach({ mode: "load", load: { subscribers, window }, connections: subscribers });
  return [
    { name: "one", title: `${text(few)} subscribers, one update at a time`, table: "fan-out", most: few, runs: load(few, 1) },
    { name: "wide", title: `${text(many)} subscribers, one update at a time`, table: "fan-out", most: many, runs: load(many, 1) },
    { name: "burst", title: `${text(few)} subscribers, 64 updates in flight`, table: "fan-out", most: few, runs: load(few, 64) },
    {
      name: "private",
      title: `${text(few)} topics with one subscriber each, 64 updates in flight`,
      about: "On Artesian the updates are private, and each token grants its own topic alone; the others have no such thing.",
      table: "fan-out",
      most: few,
      runs: forEach({
        mode: "load",
        load: { subscribers: few, topics: few, window: 64, topic: PRIVATE_TOPIC },
        connections: few,
        abilities: ["topics"],
        private: true,
      }),
    },
    {
      name: "patterns",
      title: `${patterns} URL patterns with ${each} subscribers each, one update at a time`,
      about:
        "Each update has a topic that was never seen, and one pattern selects it. Servers without patterns are told a channel for each instead.",
      table: "fan-out",
      most: few,
      runs: (servers) =>
        forEach({ mode: "load", load: { subscribers: few, topics: patterns, window: 1 }, connections: few, abilities: ["topics"] })(
          servers,
        ).map((run) =>
          run.server === "artesian"
            ? { ...run, patterns: true, load: { ...run.load, topic: "/bench/{group}/{update}", subscribed: "/bench/{group}/:item" } }
            : { ...run, load: { ...run.load, topic: "bench-{group}" } },
        ),
    },
  ];
}

/** @param {boolean} quick @param {number} seconds @returns {readonly Scenario[]} */
function paced(quick, seconds) {
  const few = quick ? 200 : 1_000;
  return [
    {
      name: "steady",
      title: `${text(few)} subscribers, 10 updates a second`,
      about: "Updates are sent at their times, whatever the server does; latency counts from then.",
      table: "latency",
      most: few,
      runs: forEach({
        mode: "load",
        load: { subscribers: few, window: 64, rate: 10, seconds: quick ? 1 : Math.max(10, seconds) },
        connections: few,
      }),
    },
  ];
}

/** @param {boolean} quick @returns {readonly Scenario[]} */
function held(quick) {
  const many = quick ? 1_000 : 10_000;
  const missed = quick ? 20 : 100;
  return [
    {
      name: "memory",
      title: `${text(many)} idle subscribers`,
      table: "memory",
      most: many,
      runs: forEach({ mode: "hold", load: { subscribers: many }, connections: many, abilities: ["memory"] }),
    },
    {
      name: "herd",
      title: `${text(many)} subscribers come back and catch up with ${missed} updates each`,
      about:
        "All are cut off, miss the updates, and come back with the id of the last event that they saw, 400 connecting at a time (more would overflow the accept queues, which costs whole seconds). The time is that from the first connection.",
      table: "herd",
      most: many,
      runs: forEach({
        mode: "herd",
        load: { subscribers: many, missed, window: 8, "opening-at-once": 400 },
        connections: many,
        abilities: ["replay"],
      }),
    },
  ];
}

/** @param {boolean} quick @returns {readonly Scenario[]} */
function published(quick) {
  const many = quick ? 1_000 : 10_000;
  const rate = quick ? 200 : 500;
  const counts = quick ? [100, 1_000, 10_000] : [100, 1_000, 10_000, 100_000];
  return [
    {
      name: "publish",
      title: "32 publishers, no subscriber",
      about:
        "Artesian's are on disk when they are acknowledged; all others keep them in memory at most. Spread over 32 topics, because Nchan acknowledges, and then loses, what comes to a channel after 32,768 messages in a second.",
      table: "publish",
      most: 0,
      runs: forEach({ mode: "load", load: { subscribers: 0, window: 32, topics: 32, topic: "bench-{group}" }, connections: 0 }),
    },
    {
      name: "durable",
      title: "256 publishers, no subscriber",
      about:
        "So many that a flush of the disk is shared by many updates. Nchan keeps them in memory; the durable floor and Artesian have them on disk when they are acknowledged.",
      table: "publish",
      most: 0,
      runs: (servers) =>
        ["nchan", "durable-floor", "artesian"]
          .filter((server) => servers.includes(server))
          .map((server) => ({
            label: server,
            server,
            mode: /** @type {const} */ ("load"),
            load: { subscribers: 0, window: 256, topics: 32, topic: "bench-{group}" },
            connections: 0,
            abilities: [],
          })),
    },
    {
      name: "topics",
      title: `A topic with one subscriber, while ${text(many)} others are on other topics`,
      about: `${rate} updates a second. Where there are more topics than others, each of them is on as many as it takes.`,
      table: "topics",
      most: many + 1,
      runs: (servers) =>
        counts.flatMap((topics) =>
          forEach({
            mode: "load",
            load: { subscribers: 1, bystanders: many, "bystander-topics": topics, window: 64, rate },
            connections: many + 1,
            abilities: ["topics"],
          })(servers).map((run) => ({ ...run, label: `${run.server}, ${text(topics)} topics` })),
        ),
    },
  ];
}

/** @param {boolean} quick @returns {readonly Scenario[]} */
function ofArtesian(quick) {
  const few = quick ? 200 : 1_000;
  const same = { subscribers: few, window: 64, rate: quick ? 10 : 40 };
  const json = { ...same, data: jsonData() };
  return [
    {
      name: "workers",
      title: `Two workers against one: ${text(few)} subscribers, ${same.rate} updates a second`,
      about: "All processes share the server's core, and CPU is that of all of them together.",
      table: "workers",
      most: few,
      runs: artesianOnly(
        [1, 2].map((workers) => ({
          label: `artesian, ${workers} worker${workers === 1 ? "" : "s"}`,
          mode: /** @type {const} */ ("load"),
          load: same,
          connections: few,
          abilities: /** @type {const} */ (["workers"]),
          workers,
        })),
      ),
    },
    {
      name: "gzip",
      title: `${text(few)} subscribers, 1 kB of JSON, ${same.rate} updates a second`,
      about:
        "Every subscriber decodes its own stream, in the load generator. Both have the same load: one update at a time, the server would wait for the generator to decode, and a server that waits more pays more for each delivery.",
      table: "gzip",
      most: few,
      missing: missingZlib,
      runs: artesianOnly([
        { label: "artesian, identity", mode: "load", load: json, connections: few, abilities: [] },
        { label: "artesian, gzip", mode: "load", load: { ...json, gzip: true }, connections: few, abilities: ["gzip"] },
      ]),
    },
  ];
}

/** @param {boolean} quick @returns {Scenario} */
function polled(quick) {
  const few = quick ? 200 : 1_000;
  const rate = quick ? 1 : 0.1;
  const intervals = quick ? [200, 1_000] : [1_000, 5_000];
  const common = { subscribers: few, window: 4, rate, seconds: quick ? 2 : 30 };
  return {
    name: "polling",
    title: `${text(few)} clients, an update of 100 bytes ${rate === 1 ? "a second" : `each ${1 / rate} s`}, pushed and polled`,
    about:
      "Polling is as cheap as it gets: keep-alive connections, an ETag, requests much shorter than a browser's. Bytes are those of HTTP in both directions once the connections are open, and staleness is the time until a client has the update.",
    table: "polling",
    most: few,
    runs: (servers) => [
      ...artesianOnly([{ label: "artesian, pushed", mode: "load", load: { ...common, "warm-up": 1 }, connections: few, abilities: [] }])(
        servers,
      ),
      ...(servers.includes("polling")
        ? intervals.map((interval) => ({
            label: `polling each ${interval / 1000} s`,
            server: "polling",
            mode: /** @type {const} */ ("poll"),
            load: { ...common, "poll-ms": interval },
            connections: few,
            abilities: [],
          }))
        : []),
    ],
  };
}
