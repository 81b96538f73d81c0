import type { ZodType } from "zod";
import { DEFAULT_LIMITS } from "../../core/limits.ts";
import type { Compat } from "../../http/compat.ts";
import { ALGORITHMS, algorithm, keyChoice, type Algorithm, type IssuerChoice, type KeyChoice } from "./key-choice.ts";
import {
  cookieName,
  count,
  duration,
  hubPath,
  identifier,
  journalChoice,
  oneOf,
  origins,
  orNone,
  publicOrigin,
  size,
  text,
  texts,
  toggle,
  workerCount,
  type AUTO,
  type JournalChoice,
  type NONE,
} from "./values.ts";

/** The levels of the log, from silent to talkative. */
export const LOG_LEVELS = ["silent", "fatal", "error", "warn", "info", "debug", "trace"] as const;

/** Everything that can be set for a server. Times are milliseconds, sizes are bytes. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** Undefined: the address that the server listens on. */
  readonly publicUrl: string | undefined;
  readonly issuer: string | undefined;
  readonly jwtKey: KeyChoice | undefined;
  readonly jwtAlg: Algorithm;
  readonly publisherJwtKey: KeyChoice | undefined;
  readonly subscriberJwtKey: KeyChoice | undefined;
  /** Undefined: the hub's public URL. */
  readonly resourceIdentifier: string | undefined;
  readonly anonymous: boolean;
  readonly anonymousPublish: boolean;
  readonly subscriptions: boolean;
  readonly subscriptionLease: number;
  readonly corsOrigin: readonly string[];
  readonly publishOrigin: readonly string[];
  readonly cookieName: string;
  /** Undefined: only the protocol's version 1.0. */
  readonly compat: Compat | undefined;
  readonly data: string;
  readonly journal: JournalChoice;
  readonly retentionAge: number | typeof NONE;
  /** Undefined: the default, which depends on the journal. */
  readonly retentionBytes: number | typeof NONE | undefined;
  readonly retentionCount: number | typeof NONE;
  readonly noCompression: boolean;
  readonly heartbeat: number;
  readonly maxLifetime: number;
  readonly retryMin: number;
  readonly retryMax: number;
  readonly writeStall: number;
  readonly drain: number;
  readonly maxBodyBytes: number;
  readonly maxTopics: number;
  readonly maxBatch: number;
  readonly maxMatchers: number;
  readonly maxTopicLength: number;
  readonly maxIdLength: number;
  readonly maxTokenLength: number;
  readonly maxGrants: number;
  readonly maxRevocations: number;
  readonly maxScheduled: number;
  readonly maxSnapshot: number;
  /** Undefined: the default, which depends on the descriptor limit. */
  readonly maxConnections: number | undefined;
  readonly maxConnectionsPerAddress: number;
  readonly workers: number | typeof AUTO;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly bot: string;
  readonly quotes: string;
  readonly feed: readonly string[];
  /** Only in the file: what one flag can't say. */
  readonly issuers: readonly IssuerChoice[];
}

/** A key of the configuration file. The flag is the same in kebab-case, the variable in upper case after `ARTESIAN_`. */
export type Key = Exclude<keyof Config, "issuers">;

/** One thing that can be set. */
export interface Setting<T> {
  /** Heading in the help. */
  readonly group: "Address" | "Authorization" | "Storage" | "Streams" | "Limits" | "Other";
  /** How the value is called in the help; undefined for a flag without one. */
  readonly placeholder: string | undefined;
  /** Whether its flag may be given several times. */
  readonly repeatable?: boolean;
  readonly schema: ZodType<NonNullable<T>>;
  readonly fallback: T;
  readonly help: string;
  /** How the help writes the default. */
  readonly shown: string;
}

const DAY = 86_400_000;
const HOUR = 3_600_000;
const TIB = 2 ** 40;

/** The one table: flags, variables, the file and the help are made of it. */
export const SETTINGS: { readonly [K in Key]: Setting<Config[K]> } = {
  host: {
    group: "Address",
    placeholder: "<address>",
    schema: text("an address or host name to listen on."),
    fallback: "127.0.0.1",
    shown: "127.0.0.1",
    help: "address to listen on",
  },
  port: {
    group: "Address",
    placeholder: "<number>",
    schema: count(0, 65_535, "a port: a whole number"),
    fallback: 3000,
    shown: "3000",
    help: "port to listen on; 0 is any free one",
  },
  path: {
    group: "Address",
    placeholder: "<path>",
    schema: hubPath(),
    fallback: "/.well-known/mercure",
    shown: "/.well-known/mercure",
    help: "path of the hub, beside /events/stream",
  },
  publicUrl: {
    group: "Address",
    placeholder: "<url>",
    schema: publicOrigin(),
    fallback: undefined,
    shown: "the address listened on",
    help: "scheme and host that clients use, when a proxy is in front",
  },
  issuer: {
    group: "Authorization",
    placeholder: "<url>",
    schema: identifier("an issuer. Write the `iss` claim of its tokens, a URL such as https://example.com."),
    fallback: undefined,
    shown: "that of <data>/keys.json",
    help: "who signs the tokens: their `iss` claim; several issuers only in the file",
  },
  jwtKey: {
    group: "Authorization",
    placeholder: "<key>",
    schema: keyChoice(),
    fallback: undefined,
    shown: "<data>/keys.json, which artesian keys create makes",
    help: "the issuer's key: file:PATH (PEM, JWK set or secret), the https URL of a JWK set, a PEM text, or a shared secret",
  },
  jwtAlg: {
    group: "Authorization",
    placeholder: "<algorithm>",
    schema: algorithm(),
    fallback: "HS256",
    shown: "HS256",
    help: `the only algorithm that tokens may be signed with: ${ALGORITHMS.join(", ")}`,
  },
  publisherJwtKey: {
    group: "Authorization",
    placeholder: "<key>",
    schema: keyChoice(),
    fallback: undefined,
    shown: "--jwt-key",
    help: "a key for publishers' tokens alone",
  },
  subscriberJwtKey: {
    group: "Authorization",
    placeholder: "<key>",
    schema: keyChoice(),
    fallback: undefined,
    shown: "--jwt-key",
    help: "a key for subscribers' tokens alone",
  },
  resourceIdentifier: {
    group: "Authorization",
    placeholder: "<url>",
    schema: identifier("a resource identifier. Write the hub's URL, such as https://example.com/.well-known/mercure."),
    fallback: undefined,
    shown: "the hub's public URL",
    help: "what a token's `aud` claim must have",
  },
  anonymous: {
    group: "Authorization",
    placeholder: undefined,
    schema: toggle(),
    fallback: false,
    shown: "false",
    help: "let subscribers in without a token; they get what is not private",
  },
  anonymousPublish: {
    group: "Authorization",
    placeholder: undefined,
    schema: toggle(),
    fallback: false,
    shown: "false",
    help: "let everyone who reaches the server publish; only for closed networks",
  },
  subscriptions: {
    group: "Authorization",
    placeholder: undefined,
    schema: toggle(),
    fallback: false,
    shown: "false",
    help: "tell who is subscribed: an update for each subscription that begins or ends, and a list; needs a grant",
  },
  subscriptionLease: {
    group: "Authorization",
    placeholder: "<duration>",
    schema: duration(1000, HOUR),
    fallback: 15_000,
    shown: "15s",
    help: "longest time that the subscriptions of a process that died stay listed",
  },
  corsOrigin: {
    group: "Authorization",
    placeholder: "<origin>",
    repeatable: true,
    schema: origins({ any: true }),
    fallback: [],
    shown: "none",
    help: "origin whose pages may read the hub, with their cookies; * is any, without cookies; repeatable",
  },
  publishOrigin: {
    group: "Authorization",
    placeholder: "<origin>",
    repeatable: true,
    schema: origins({ any: false }),
    fallback: [],
    shown: "none",
    help: "origin whose pages may publish with the cookie; repeatable",
  },
  cookieName: {
    group: "Authorization",
    placeholder: "<name>",
    schema: cookieName(),
    fallback: "__Secure-mercure_access_token",
    shown: "__Secure-mercure_access_token",
    help: "cookie that a browser's token is in",
  },
  compat: {
    group: "Authorization",
    placeholder: "<version>",
    schema: oneOf(["0.x"]),
    fallback: undefined,
    shown: "only 1.0",
    help: "0.x also serves clients and tokens of Mercure 0.x, which weakens authorization",
  },
  data: {
    group: "Storage",
    placeholder: "<directory>",
    schema: text("a directory."),
    fallback: "./data",
    shown: "./data",
    help: "where everything that is kept is kept",
  },
  journal: {
    group: "Storage",
    placeholder: "<memory|lmdb:DIR>",
    schema: journalChoice(),
    fallback: { kind: "lmdb", directory: undefined },
    shown: "lmdb:<data>/journal",
    help: "where updates are kept",
  },
  retentionAge: {
    group: "Storage",
    placeholder: "<duration|none>",
    schema: orNone(duration(1000, 36_500 * DAY)),
    fallback: 7 * DAY,
    shown: "7d",
    help: "keep updates for this long",
  },
  retentionBytes: {
    group: "Storage",
    placeholder: "<size|none>",
    schema: orNone(size(65_536, 16 * TIB)),
    fallback: undefined,
    shown: "1GiB; 64MiB in memory",
    help: "keep this many bytes of updates",
  },
  retentionCount: {
    group: "Storage",
    placeholder: "<number|none>",
    schema: orNone(count(1, 1e12)),
    fallback: 1_000_000,
    shown: "1,000,000",
    help: "keep this many updates",
  },
  noCompression: {
    group: "Streams",
    placeholder: undefined,
    schema: toggle(),
    fallback: false,
    shown: "false",
    help: "send streams as they are, also to those who take gzip",
  },
  heartbeat: {
    group: "Streams",
    placeholder: "<duration>",
    // The client takes a stream that is silent for 60 s for dead, and so do many proxies.
    schema: duration(100, 55_000),
    fallback: 25_000,
    shown: "25s",
    help: "no stream is silent for longer",
  },
  maxLifetime: {
    group: "Streams",
    placeholder: "<duration>",
    schema: duration(1000, 7 * DAY),
    fallback: 600_000,
    shown: "10m",
    help: "end a stream after this long, ±10%; it resumes by itself",
  },
  retryMin: {
    group: "Streams",
    placeholder: "<duration>",
    schema: duration(0, HOUR),
    fallback: 1000,
    shown: "1s",
    help: "shortest delay that subscribers are told to reconnect after",
  },
  retryMax: {
    group: "Streams",
    placeholder: "<duration>",
    schema: duration(0, HOUR),
    fallback: 5000,
    shown: "5s",
    help: "longest such delay; each gets a random one between the two",
  },
  writeStall: {
    group: "Streams",
    placeholder: "<duration>",
    schema: duration(100, HOUR),
    fallback: 5000,
    shown: "5s",
    help: "cut a connection that takes nothing for this long",
  },
  drain: {
    group: "Streams",
    placeholder: "<duration>",
    schema: duration(0, HOUR),
    fallback: 5000,
    shown: "5s",
    help: "on SIGTERM, wait this long at most for streams to end",
  },
  maxBodyBytes: {
    group: "Limits",
    placeholder: "<size>",
    schema: size(1024, 2 ** 30),
    fallback: DEFAULT_LIMITS.bodyBytes,
    shown: "1MiB",
    help: "largest request body",
  },
  maxTopics: {
    group: "Limits",
    placeholder: "<number>",
    schema: count(1, 10_000),
    fallback: DEFAULT_LIMITS.topicsPerUpdate,
    shown: "100",
    help: "most topics on an update",
  },
  maxBatch: {
    group: "Limits",
    placeholder: "<number>",
    schema: count(1, 100_000),
    fallback: DEFAULT_LIMITS.updatesPerBatch,
    shown: "1,000",
    help: "most updates in a batch",
  },
  maxMatchers: {
    group: "Limits",
    placeholder: "<number>",
    schema: count(1, 10_000),
    fallback: DEFAULT_LIMITS.matchersPerSubscription,
    shown: "100",
    help: "most matchers on a subscription",
  },
  maxTopicLength: {
    group: "Limits",
    placeholder: "<size>",
    schema: size(1, 65_536),
    fallback: DEFAULT_LIMITS.topicBytes,
    shown: "2KiB",
    help: "longest topic or pattern",
  },
  maxIdLength: {
    group: "Limits",
    placeholder: "<size>",
    schema: size(1, 1024),
    fallback: DEFAULT_LIMITS.idBytes,
    shown: "255B",
    help: "longest event id or type",
  },
  maxTokenLength: {
    group: "Limits",
    placeholder: "<size>",
    schema: size(256, 65_536),
    fallback: DEFAULT_LIMITS.tokenBytes,
    shown: "8KiB",
    help: "longest access token",
  },
  maxGrants: {
    group: "Limits",
    placeholder: "<number>",
    schema: count(1, 10_000),
    fallback: DEFAULT_LIMITS.grantsPerToken,
    shown: "100",
    help: "most topics that one token grants",
  },
  maxRevocations: {
    group: "Limits",
    placeholder: "<number>",
    schema: count(1, 1_000_000),
    fallback: DEFAULT_LIMITS.revocations,
    shown: "100000",
    help: "most revocations that are kept",
  },
  maxScheduled: {
    group: "Limits",
    placeholder: "<number>",
    schema: count(1, 1_000_000),
    fallback: DEFAULT_LIMITS.scheduledUpdates,
    shown: "10000",
    help: "most updates that wait for their time",
  },
  maxSnapshot: {
    group: "Limits",
    placeholder: "<number>",
    schema: count(1, 10_000),
    fallback: DEFAULT_LIMITS.snapshotUpdates,
    shown: "1000",
    help: "most updates of each matcher that a subscription may begin with (last)",
  },
  maxConnections: {
    group: "Limits",
    placeholder: "<number>",
    schema: count(1, 1_000_000),
    fallback: undefined,
    shown: "50,000, or 80% of the descriptor limit",
    help: "most streams at a time",
  },
  maxConnectionsPerAddress: {
    group: "Limits",
    placeholder: "<number>",
    schema: count(1, 1_000_000),
    fallback: 100,
    shown: "100",
    help: "most streams from one address at a time; the loopback is exempt",
  },
  workers: {
    group: "Other",
    placeholder: "<number|auto>",
    schema: workerCount(),
    fallback: 1,
    shown: "1",
    help: "processes that share the port and the journal; auto is one for each processor",
  },
  logLevel: {
    group: "Other",
    placeholder: "<level>",
    schema: oneOf(LOG_LEVELS),
    fallback: "info",
    shown: "info",
    help: `what the log on stderr has: ${LOG_LEVELS.join(", ")}`,
  },
  bot: {
    group: "Other",
    placeholder: "<spec>",
    schema: text("a bot."),
    fallback: "embedded",
    shown: "embedded",
    help: "who answers in the chat: embedded, none, webhook:URL or openai:URL#MODEL; a key for it in ARTESIAN_BOT_KEY",
  },
  quotes: {
    group: "Other",
    placeholder: "<spec>",
    schema: text("where prices come from."),
    fallback: "simulated",
    shown: "simulated",
    help: "prices of the stock ticker: simulated, none, a URL that gives JSON or CSV, a CSV file, or a JSON file of options",
  },
  feed: {
    group: "Other",
    placeholder: "<feed>",
    repeatable: true,
    schema: texts("a feed."),
    fallback: [],
    shown: "sample feeds, which are invented",
    help: "feed of the news ticker: URL, or NAME=URL; repeatable",
  },
};

/** The settings in the order of the table. */
export const KEYS: readonly Key[] = Object.keys(SETTINGS) as Key[];

/** `retentionAge` → `--retention-age`. */
export function flagOf(key: Key): string {
  return `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `retentionAge` → `ARTESIAN_RETENTION_AGE`. */
export function variableOf(key: Key): string {
  return `ARTESIAN_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}
