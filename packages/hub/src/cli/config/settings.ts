import { DEFAULT_LEEWAY_MS, MAX_LEEWAY_MS } from "../../core/matching/authorization.ts";
import { DEFAULT_PUBLISHED_RETRY_MS, DEFAULT_RETRY_MS } from "../../core/update/retry.ts";
import { DEFAULT_TIMES, TIME_RANGES } from "../../core/hub-options.ts";
import { ADDRESS_SETTINGS } from "./address-settings.ts";
import { LOG_LEVELS, type Config, type Key, type Setting } from "./config.ts";
import { DEMO_SETTINGS } from "./demo-settings.ts";
import { ALGORITHMS, algorithm, keyChoice } from "./key-choice.ts";
import { LIMIT_SETTINGS } from "./limit-settings.ts";
import { formatCount, formatDuration, formatSize } from "./units.ts";
import {
  cookieName,
  count,
  directory,
  duration,
  identifier,
  journalChoice,
  oneOf,
  opaqueIdsChoice,
  origins,
  orNone,
  size,
  toggle,
  workerCount,
} from "./values.ts";

const DAY = 86_400_000;
const HOUR = 3_600_000;
const TIB = 2 ** 40;

/** The one table from which flags, variables, file keys and `--help` are made. */
export const SETTINGS: { readonly [K in Key]: Setting<Config[K]> } = {
  ...ADDRESS_SETTINGS,
  issuer: {
    group: "Authorization",
    placeholder: "<url>",
    schema: identifier("an issuer. Write the `iss` claim of its tokens, a URL such as https://example.com."),
    fallback: undefined,
    shown: "that of <data>/keys.json",
    help: "issuer of the tokens: their `iss` claim (several issuers only in the file)",
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
    help: `the only algorithm accepted for tokens: ${ALGORITHMS.join(", ")}`,
  },
  publisherJwtKey: {
    group: "Authorization",
    placeholder: "<key>",
    schema: keyChoice(),
    fallback: undefined,
    shown: "--jwt-key",
    help: "key for publishers' tokens alone",
  },
  subscriberJwtKey: {
    group: "Authorization",
    placeholder: "<key>",
    schema: keyChoice(),
    fallback: undefined,
    shown: "--jwt-key",
    help: "key for subscribers' tokens alone",
  },
  resourceIdentifier: {
    group: "Authorization",
    placeholder: "<url>",
    schema: identifier("a resource identifier. Write the hub's URL, such as https://example.com/.well-known/mercure."),
    fallback: undefined,
    shown: "the hub's public URL",
    help: "value required in a token's `aud` claim",
  },
  anonymous: {
    group: "Authorization",
    placeholder: undefined,
    schema: toggle(),
    fallback: false,
    help: "accept subscribers without a token, who receive public updates only",
  },
  anonymousPublish: {
    group: "Authorization",
    placeholder: undefined,
    schema: toggle(),
    fallback: false,
    help: "let everyone who reaches the server publish (only for closed networks)",
  },
  subscriptions: {
    group: "Authorization",
    placeholder: undefined,
    schema: toggle(),
    fallback: false,
    help: "publish an update when a subscription begins or ends, and list the subscriptions, for tokens with a grant",
  },
  subscriptionLease: {
    group: "Authorization",
    placeholder: "<duration>",
    schema: duration(...TIME_RANGES.subscriptionLeaseMs),
    fallback: DEFAULT_TIMES.subscriptionLeaseMs,
    help: "how long the subscriptions of a dead process stay listed, at most",
  },
  corsOrigin: {
    group: "Authorization",
    placeholder: "<origin>",
    repeatable: true,
    schema: origins({ any: true }),
    fallback: [],
    shown: "none",
    help: "origin whose pages may read the hub, with their cookies (*: any, without cookies; repeatable)",
  },
  publishOrigin: {
    group: "Authorization",
    placeholder: "<origin>",
    repeatable: true,
    schema: origins({ any: false }),
    fallback: [],
    shown: "none",
    help: "origin whose pages may publish with the cookie (repeatable)",
  },
  cookieName: {
    group: "Authorization",
    placeholder: "<name>",
    schema: cookieName(),
    fallback: "__Secure-mercure_access_token",
    help: "cookie that holds a browser's token",
  },
  tokenLeeway: {
    group: "Authorization",
    placeholder: "<duration>",
    schema: duration(0, MAX_LEEWAY_MS),
    fallback: DEFAULT_LEEWAY_MS,
    help: "tolerance for an issuer's clock: exp counts that much later, nbf that much earlier",
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
    schema: directory(),
    fallback: "./data",
    help: "directory for the journal, keys and state files",
  },
  journal: {
    group: "Storage",
    placeholder: "<memory|log:DIR|URL>",
    schema: journalChoice(),
    fallback: { kind: "log", directory: undefined },
    shown: "log:<data>/journal",
    help: "storage of updates (redis://… or nats://… is shared by hubs on several machines)",
  },
  retentionAge: {
    group: "Storage",
    placeholder: "<duration|none>",
    schema: orNone(duration(1000, 36_500 * DAY)),
    fallback: 7 * DAY,
    help: "keep updates for this long",
  },
  retentionBytes: {
    group: "Storage",
    placeholder: "<size|none>",
    schema: orNone(size(65_536, 16 * TIB)),
    fallback: undefined,
    shown: "1GiB; 64MiB in memory, 256MiB on Redis",
    help: "keep this many bytes of updates",
  },
  retentionCount: {
    group: "Storage",
    placeholder: "<number|none>",
    schema: orNone(count(1, 1e12)),
    fallback: 1_000_000,
    help: "keep this many updates",
  },
  opaqueIds: {
    group: "Storage",
    placeholder: "<on|off|file:PATH>",
    schema: opaqueIdsChoice(),
    fallback: { kind: "off" },
    shown: "off",
    help: "encrypt the hub's own event ids, so that nobody counts updates by them (file:PATH: the secret of a fleet)",
  },
  noCompression: {
    group: "Streams",
    placeholder: undefined,
    schema: toggle(),
    fallback: false,
    help: "send streams uncompressed, also to clients that accept gzip",
  },
  heartbeat: {
    group: "Streams",
    placeholder: "<duration>",
    schema: duration(...TIME_RANGES.heartbeatMs),
    fallback: DEFAULT_TIMES.heartbeatMs,
    help: "longest silence of a stream before a heartbeat",
  },
  maxLifetime: {
    group: "Streams",
    placeholder: "<duration>",
    schema: duration(...TIME_RANGES.lifetimeMs),
    fallback: DEFAULT_TIMES.lifetimeMs,
    help: "end a stream after this long, ±10% (the subscriber resumes by itself)",
  },
  retryMin: {
    group: "Streams",
    placeholder: "<duration>",
    schema: duration(...TIME_RANGES.retryMs),
    fallback: DEFAULT_RETRY_MS.min,
    help: "shortest reconnection delay for subscribers (a delay below 100ms counts as 100ms)",
  },
  retryMax: {
    group: "Streams",
    placeholder: "<duration>",
    schema: duration(...TIME_RANGES.retryMs),
    fallback: DEFAULT_RETRY_MS.max,
    help: "longest reconnection delay for subscribers (each gets a random delay between the two)",
  },
  publishedRetryMin: {
    group: "Streams",
    placeholder: "<duration>",
    schema: duration(...TIME_RANGES.publishedRetryMs),
    fallback: DEFAULT_PUBLISHED_RETRY_MS.min,
    help: "shortest reconnection delay that a publisher's retry may set (a shorter delay is raised to it)",
  },
  publishedRetryMax: {
    group: "Streams",
    placeholder: "<duration>",
    schema: duration(...TIME_RANGES.publishedRetryMs),
    fallback: DEFAULT_PUBLISHED_RETRY_MS.max,
    help: "longest reconnection delay that a publisher's retry may set (a longer delay is cut to it)",
  },
  asciiIds: {
    group: "Streams",
    placeholder: undefined,
    schema: toggle(),
    fallback: false,
    help: "refuse event ids of publishers that are not printable ASCII, which some clients can't resume from",
  },
  writeStall: {
    group: "Streams",
    placeholder: "<duration>",
    schema: duration(...TIME_RANGES.writeStallMs),
    fallback: DEFAULT_TIMES.writeStallMs,
    help: "cut a connection whose peer takes nothing for this long",
  },
  drain: {
    group: "Streams",
    placeholder: "<duration>",
    schema: duration(...TIME_RANGES.drainMs),
    fallback: DEFAULT_TIMES.drainMs,
    help: "on SIGTERM, wait at most this long for streams to end, and spread the subscribers' return over the same time",
  },
  lameDuck: {
    group: "Streams",
    placeholder: "<duration>",
    schema: duration(0, HOUR),
    fallback: undefined,
    shown: "3s behind a balancer, else 0",
    help: "on SIGTERM, answer 503 on /health/ready and keep serving for this long before the drain (a second signal ends the wait)",
  },
  ...LIMIT_SETTINGS,
  headersTimeout: {
    group: "Limits",
    placeholder: "<duration>",
    schema: duration(1000, HOUR),
    fallback: 10_000,
    help: "longest time to receive a request's header",
  },
  requestTimeout: {
    group: "Limits",
    placeholder: "<duration>",
    schema: duration(1000, HOUR),
    fallback: 30_000,
    help: "longest time to receive a whole request",
  },
  workers: {
    group: "Other",
    placeholder: "<number|auto>",
    schema: workerCount(),
    fallback: 1,
    help: "processes that share the port and the journal (auto: one for each processor)",
  },
  logLevel: {
    group: "Other",
    placeholder: "<level>",
    schema: oneOf(LOG_LEVELS),
    fallback: "info",
    help: `level of the log on stderr: ${LOG_LEVELS.join(", ")}`,
  },
  accessLog: {
    group: "Other",
    placeholder: undefined,
    schema: toggle(),
    fallback: false,
    help: "log each request at its end, with an id that the answer carries too (X-Request-Id)",
  },
  tracing: {
    group: "Other",
    placeholder: undefined,
    schema: toggle(),
    fallback: false,
    help: "give spans of publishes, deliveries and subscriptions to OpenTelemetry (needs @opentelemetry/api and an SDK)",
  },
  ...DEMO_SETTINGS,
};

/** The settings in the order of the table. */
export const KEYS: readonly Key[] = Object.keys(SETTINGS) as Key[];

/** The default of a setting, as shown in `--help`. */
export function defaultOf(key: Key): string {
  const { shown, fallback, placeholder = "" }: Setting<unknown> = SETTINGS[key];
  if (shown !== undefined) return shown;
  if (typeof fallback !== "number") return `${fallback as string | boolean}`;
  if (placeholder.startsWith("<duration")) return formatDuration(fallback);
  return placeholder.startsWith("<size") ? formatSize(fallback) : formatCount(fallback);
}

/** `retentionAge` → `--retention-age`. */
export function flagOf(key: Key): string {
  return `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `retentionAge` → `ARTESIAN_RETENTION_AGE`. */
export function variableOf(key: Key): string {
  return `ARTESIAN_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}
