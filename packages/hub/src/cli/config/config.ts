import type { ZodType } from "zod";
import type { Compat } from "../../http/compat/names.ts";
import type { Algorithm, IssuerChoice, KeyChoice } from "./key-choice.ts";
import type { AUTO, JournalChoice, NONE, OpaqueIdsChoice } from "./values.ts";

/** The levels of the log, from silent to talkative. */
export const LOG_LEVELS = ["silent", "fatal", "error", "warn", "info", "debug", "trace"] as const;

/** Every setting of a server. Times are milliseconds, sizes are bytes. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** Undefined: the address that the server listens on. */
  readonly publicUrl: string | undefined;
  /** The path of a PEM file with the certificate and its chain. Undefined: no TLS. */
  readonly tlsCert: string | undefined;
  /** The path of a PEM file with the certificate's key. */
  readonly tlsKey: string | undefined;
  /** Addresses and networks. */
  readonly trustedProxies: readonly string[];
  readonly apiDescription: boolean;
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
  readonly tokenLeeway: number;
  /** Undefined: only the protocol's version 1.0. */
  readonly compat: Compat | undefined;
  readonly data: string;
  readonly journal: JournalChoice;
  readonly retentionAge: number | typeof NONE;
  /** Undefined: the default, which depends on the journal. */
  readonly retentionBytes: number | typeof NONE | undefined;
  readonly retentionCount: number | typeof NONE;
  readonly opaqueIds: OpaqueIdsChoice;
  readonly noCompression: boolean;
  readonly noStrictReader: boolean;
  /** Undefined: no second listener. */
  readonly adminPort: number | undefined;
  readonly adminHost: string;
  readonly heartbeat: number;
  readonly maxLifetime: number;
  readonly retryMin: number;
  readonly retryMax: number;
  readonly publishedRetryMin: number;
  readonly publishedRetryMax: number;
  readonly asciiIds: boolean;
  readonly writeStall: number;
  readonly drain: number;
  /** Undefined: the default, which depends on the network in front of the server. */
  readonly lameDuck: number | undefined;
  readonly maxBodyBytes: number;
  readonly maxFormFields: number;
  readonly maxQueryBytes: number;
  readonly maxPendingBodyBytes: number;
  readonly maxTopics: number;
  readonly maxBatch: number;
  readonly maxBatchTopics: number;
  readonly maxMatchers: number;
  readonly maxPatterns: number;
  readonly maxPatternsPerAddress: number;
  readonly maxTopicLength: number;
  readonly maxIdLength: number;
  readonly maxIdempotencyKeyLength: number;
  readonly maxTokenLength: number;
  readonly maxGrants: number;
  readonly maxRevocations: number;
  readonly maxScheduled: number;
  readonly maxScheduledBytes: number;
  readonly maxSnapshot: number;
  readonly maxSnapshotScans: number;
  readonly maxWaitingScans: number;
  readonly maxWaitingScansPerAddress: number;
  readonly maxReplayUpdates: number;
  readonly maxReplayBytes: number;
  readonly maxPollWait: number;
  readonly maxHeldBytes: number;
  readonly maxPresenceRate: number;
  readonly maxPresenceRatePerAddress: number;
  readonly maxPresenceHistory: number;
  /** Undefined: the default, which depends on the descriptor limit. */
  readonly maxConnections: number | undefined;
  readonly maxConnectionsPerAddress: number;
  readonly maxConnectionRate: number | typeof NONE;
  readonly maxConnectionRatePerAddress: number;
  /** Undefined: the default, which depends on the descriptor limit. */
  readonly maxSockets: number | undefined;
  /** Undefined: the default, twice `maxConnectionsPerAddress`. */
  readonly maxSocketsPerAddress: number | undefined;
  readonly maxHttp2Streams: number;
  readonly maxHeaderBytes: number;
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly workers: number | typeof AUTO;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly accessLog: boolean;
  readonly tracing: boolean;
  readonly bot: string;
  readonly botFirstToken: number;
  readonly botNextToken: number;
  readonly botAnswer: number;
  readonly quotes: string;
  readonly feed: readonly string[];
  readonly privateFeeds: boolean;
  /** Only in the file, because one flag can't express an issuer. */
  readonly issuers: readonly IssuerChoice[];
}

/**
 * A key of the configuration file. The flag is the same in kebab-case, the variable in upper case
 * after `ARTESIAN_`.
 */
export type Key = Exclude<keyof Config, "issuers">;

/** One thing that can be set. */
export interface Setting<T> {
  /** Heading in `--help`. */
  readonly group: "Address" | "Authorization" | "Storage" | "Streams" | "Limits" | "Other";
  /** The value's name in `--help`, or undefined for a flag without a value. */
  readonly placeholder: string | undefined;
  /** Whether its flag may be given several times. */
  readonly repeatable?: boolean;
  readonly schema: ZodType<NonNullable<T>>;
  readonly fallback: T;
  readonly help: string;
  /** The default in words. Needed only if the value itself does not tell. */
  readonly shown?: string;
}
