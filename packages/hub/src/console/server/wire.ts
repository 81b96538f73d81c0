/** The protocol between the console's page and its server. */

/**
 * The topic of the figures: an update of type `stats` a second, while somebody watches. Its data is
 * a {@link Sample}.
 */
export const STATS_TOPIC = "/console/stats";
export const STATS_TYPE = "stats";

/** Base path of the API. */
export const API = "/console/api";

/**
 * The figures of one second. Rates are per second. The console's own traffic is subtracted from the
 * first two.
 */
export interface Sample {
  /** Time of the sample, in milliseconds since 1970 by the server's clock. */
  readonly at: number;
  /** Updates published, and updates given to sockets, a second. */
  readonly published: number;
  readonly delivered: number;
  /** Bytes of events given to sockets, a second, as they are on the wire. */
  readonly sentBytes: number;
  readonly subscribers: number;
  /** Subscribers whose cursor is behind the tail. */
  readonly behind: number;
  readonly cohorts: number;
  /**
   * Bytes and updates in the journal, and its growth in bytes a second, which is negative after
   * trimming.
   */
  readonly journalBytes: number;
  readonly journalUpdates: number;
  readonly journalGrowth: number;
}

/** An update of type `stats`. */
export interface StatsData extends Sample {
  /**
   * The source of the figures: `all`, or one process if the journal's processes do not ask each
   * other.
   */
  readonly process: string;
}

/** The figures in the order in which {@link History} has them. */
export const SAMPLE_FIELDS: readonly (keyof Sample)[] = [
  "at",
  "published",
  "delivered",
  "sentBytes",
  "subscribers",
  "behind",
  "cohorts",
  "journalBytes",
  "journalUpdates",
  "journalGrowth",
];

/** Reads a row of the history. */
export function sampleOf(row: readonly number[]): Sample {
  return Object.fromEntries(SAMPLE_FIELDS.map((field, i) => [field, row[i] ?? 0])) as unknown as Sample;
}

/** Writes a row of the history. */
export function rowOf(sample: Sample): readonly number[] {
  return SAMPLE_FIELDS.map((field) => sample[field]);
}

/** The answer of `GET history`: up to 15 minutes, the oldest first. */
export interface History {
  /** See {@link StatsData}. */
  readonly process: string;
  /** One row a sample, in the order of {@link SAMPLE_FIELDS}. */
  readonly samples: readonly (readonly number[])[];
}

/** The answer of `GET about`. */
export interface About {
  /** Whether everyone who reaches the console may use it. */
  readonly open: boolean;
  /** Whether the token's holder may only watch. */
  readonly readOnly: boolean;
  /** The hub's public URL. */
  readonly hub: string;
  /** The hub's resource identifier, which tokens must name. */
  readonly audience: string;
}

/**
 * The answer of `POST token` if the console is open. The token reads the figures and nothing else.
 */
export interface StatsToken {
  readonly token: string;
  readonly expiresInMs: number;
}

/** One open stream. */
export interface Subscriber {
  readonly id: string;
  readonly matchers: readonly { readonly type: string; readonly pattern: string }[];
  /** The `iss` and `sub` claims of its token. Absent without a token. */
  readonly issuer?: string | undefined;
  readonly subject?: string | undefined;
  /** The client's address. Absent if the hub knows none. */
  readonly address?: string | undefined;
  readonly intervalMs: number;
  readonly latest: boolean;
  readonly openMs: number;
  readonly state: "live" | "replaying" | "stalled";
  /** Number of updates in the journal after the last one sent, whether they match or not. */
  readonly lag: number;
  /** Age of the first of these updates, in milliseconds. */
  readonly lagMs: number;
}

/** The answer of `GET subscribers`: the matching subscribers, in the order of their ids. */
export interface SubscriberPage {
  readonly subscribers: readonly Subscriber[];
  /** Number of matching subscribers, and of all. */
  readonly matched: number;
  readonly total: number;
  /** Value of `after` for the next page. Absent on the last page. */
  readonly next?: string | undefined;
}

/** Longest search, in characters. */
export const SEARCH_LENGTH = 200;

/** Fates of an update for one subscriber, in the hub's words. */
export const FATES = ["delivered", "paced", "behind", "replaced", "expired", "earlier", "not_allowed", "not_selected"] as const;
export type Fate = (typeof FATES)[number];

/** An update that is in the journal. */
export interface KnownUpdate {
  readonly state: "published";
  readonly id: string;
  readonly topics: readonly string[];
  readonly type?: string | undefined;
  readonly private: boolean;
  /** Characters of its data, which the console does not show. */
  readonly size: number;
  /** When it was appended, in milliseconds since 1970. */
  readonly at: number;
  readonly ttlMs?: number | undefined;
  readonly isExpired: boolean;
  /** How many subscribers have each fate. */
  readonly counts: Readonly<Partial<Record<Fate, number>>>;
  /** The fate for the requested subscriber. Absent if it is not connected. */
  readonly fate?: Fate | undefined;
}

/** An update that waits for its time. */
export interface WaitingUpdate {
  readonly state: "scheduled";
  readonly id: string;
  readonly topics: readonly string[];
  readonly type?: string | undefined;
  readonly private: boolean;
  /** Characters of its data. */
  readonly size: number;
  /** In milliseconds since 1970. */
  readonly deliverAt: number;
  readonly ttlMs?: number | undefined;
}

/** The answer of `GET updates?id=…`. */
export type UpdateAnswer = KnownUpdate | WaitingUpdate;

/** The answer of `GET scheduled`: the next ones first. */
export interface ScheduledPage {
  readonly scheduled: readonly WaitingUpdate[];
  /** Number of waiting updates in all. */
  readonly total: number;
}

/** Most updates that `GET scheduled` lists. */
export const SCHEDULED_LISTED = 100;

/**
 * A topic and its updates: the topic, updates and characters of data since the count began, both a
 * second, and the time of the last update in milliseconds since 1970.
 */
export type TopicRow = readonly [
  topic: string,
  updates: number,
  characters: number,
  updatesPerSecond: number,
  charactersPerSecond: number,
  lastAt: number,
];

/** The answer of `GET topics`: the topics of the newest updates, and of all since somebody looks. */
export interface TopicsPage {
  /** Time of the first update counted, in milliseconds since 1970. */
  readonly since: number;
  readonly topics: readonly TopicRow[];
  /** How often a topic was left out, because more had updates than are counted. */
  readonly left: number;
}

/** An update in the journal's list. Its data is not shown. */
export interface JournalUpdate {
  readonly id: string;
  /** Event id after which a stream begins with this update. */
  readonly after: string;
  readonly topics: readonly string[];
  readonly type?: string | undefined;
  readonly private: boolean;
  /** Characters of its data. */
  readonly size: number;
  readonly at: number;
  readonly ttlMs?: number | undefined;
  readonly isExpired: boolean;
}

/** The answer of `GET journal`: the newest first. */
export interface JournalPage {
  readonly updates: readonly JournalUpdate[];
  /** Value of `from` for older updates. Absent at the end of the journal. */
  readonly next?: string | undefined;
}

/** The claims of a subscriber's token. */
export interface SubscriberToken {
  readonly issuer: string;
  readonly subject?: string | undefined;
  readonly tokenId?: string | undefined;
  /** In milliseconds since 1970, as is the end. */
  readonly issuedAt?: number | undefined;
  readonly expiresAt?: number | undefined;
  readonly publish: Subscriber["matchers"];
  readonly subscribe: Subscriber["matchers"];
}

/** The answer of `GET subscribers/ID`. */
export interface SubscriberAnswer extends Subscriber {
  /** Id of the process that holds the stream. */
  readonly process: string;
  readonly token?: SubscriberToken | undefined;
  readonly heldBytes: number;
  /** The updates of the last minute that are for this subscriber. */
  readonly recent: { readonly updates: number; readonly characters: number; readonly spanMs: number };
}

/** Upper bounds of the latencies that are counted together, in milliseconds. */
export const LATENCY_BOUNDS: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, Infinity];
/** Time span of a column, in milliseconds, and most columns. */
export const LATENCY_COLUMN_MS = 2000;
export const LATENCY_COLUMNS = 60;

/** The start of a column's span, and its number of updates below each bound of {@link LATENCY_BOUNDS}. */
export type LatencyColumn = readonly [at: number, ...counts: number[]];

/** The answer of `GET latencies`: how long updates took from the append to the sockets. */
export interface Latencies {
  /** By the server's clock. */
  readonly now: number;
  /** The oldest first. Spans without updates are left out. */
  readonly columns: readonly LatencyColumn[];
}

/** A running process of the hub. Numbers are since its start. */
export interface FleetProcess {
  /** Id among the processes of the journal. */
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly upMs: number;
  readonly memoryBytes: number;
  readonly subscribers: number;
  readonly behind: number;
  readonly published: number;
  readonly delivered: number;
  readonly heldBytes: number;
}

/** The answer of `GET processes`, in the order of their ids. */
export interface ProcessesPage {
  /** Id of the process that answered. */
  readonly answeredBy: string;
  readonly processes: readonly FleetProcess[];
  /** Processes that did not answer in time. */
  readonly silent: number;
}
