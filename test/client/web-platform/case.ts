/** A request as a case's server sees it. */
export interface Seen {
  /** The number of earlier requests of this case, preflights not counted. */
  readonly n: number;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The fields that the preflights of this case asked for, in order. */
  readonly preflights: readonly string[];
}

/** The answer to one request. The connection stays open if `stays` is set. */
export interface Answer {
  readonly status?: number;
  /** Default: `text/event-stream`. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly stays?: boolean;
}

/** A step of a test page, of those that can be sent into a page or a worker. */
export interface Plan {
  /** The first argument. Default: the full URL of the case's stream. `PATH` stands for its path. */
  readonly url?: unknown;
  /** The first argument is an object that turns into the URL. */
  readonly asObject?: boolean;
  readonly options?: { readonly withCredentials?: boolean };
  /** The stream is at another origin. */
  readonly crossOrigin?: boolean;
  /** Events to listen for beside `open`, `message` and `error`. */
  readonly named?: readonly string[];
  /** Reports `url` first. */
  readonly tellsUrl?: boolean;
  /** Stops the page's loading in the first event `open`. */
  readonly stopsPage?: boolean;
  /** Closes after so many reports. */
  readonly until: number;
}

/** A scope in which a case runs. */
export type Scope = "node" | "page" | "dedicated worker" | "shared worker";

/** One subtest of a file of the web platform's tests. */
export interface Case {
  readonly file: string;
  readonly title: string;
  readonly plan: Plan;
  readonly answer: (seen: Seen) => Answer;
  /**
   * The reports: `open`, `TYPE "DATA" #ID`, `error connecting`, `error closed`, `throws NAME`.
   * `ORIGIN` stands for the stream's origin, `PATH` for its path, `BASE` for the page's or the
   * worker's URL.
   */
  readonly reports: readonly string[];
  /** The delay before the first reconnection without jitter, in milliseconds. */
  readonly delayMs?: number;
  /** Scopes that have the feature. Default: all. */
  readonly scopes?: readonly Scope[];
  /** The expectation of the web platform's test, where ours differs. */
  readonly theirs?: string;
}

/** The scopes of a browser. */
export const IN_BROWSER: readonly Scope[] = ["page", "dedicated worker", "shared worker"];

/** Answers each request with the same stream, which ends. */
export const always =
  (body: string | Uint8Array, answer: Answer = {}): Case["answer"] =>
  () => ({ ...answer, body });
