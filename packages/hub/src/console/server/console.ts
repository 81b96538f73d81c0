import { type ErrorCode, HubError, type Logger } from "../../index.ts";
import { problemReply } from "../../http/index.ts";
import { requireAdmin, requireOwnPage, requireVisitor, type Visitor } from "./access.ts";
import { type ConsoleOptions, SILENT } from "./options.ts";
import { partsOf } from "../../create-hub.ts";
import { LatencyCounts } from "./latencies.ts";
import { Logins } from "./logins.ts";
import { Processes } from "./processes.ts";
import { Sampler } from "./sampler.ts";
import { StatsTokens } from "./stats-tokens.ts";
import { MOST_TOPICS, TopicCounts } from "./topic-counts.ts";
import { findUpdate, listScheduled } from "./updates.ts";
import { type About, API, STATS_TOPIC, type SubscriberAnswer } from "./wire.ts";

/** The server part of the console. */
export interface Console {
  /**
   * Whether a path is one of the console's own, `/console/api` and below. The pages serve the rest.
   */
  handles(pathname: string): boolean;
  /** Answers a request to one of these paths. Never rejects. */
  fetch(request: Request): Promise<Response>;
  /** Stops measuring the hub. Call it before the hub's `close`. */
  close(): void;
}

/**
 * Makes the console of one hub. The console covers all processes of the hub if they can ask each
 * other. Its measurements are published on the hub itself.
 *
 * @throws TypeError when an option can't be used.
 */
export function createConsole(options: ConsoleOptions): Console {
  return new ConsoleServer(options);
}

/** Challenges for refused tokens. */
const CHALLENGES: ReadonlyMap<ErrorCode, string> = new Map([
  ["unauthorized", "Bearer "],
  ["invalid_token", 'Bearer error="invalid_token", '],
  ["insufficient_scope", 'Bearer error="insufficient_scope", '],
]);

/** Syntax of subscribers' ids. */
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

const NO_UPDATE =
  "The hub has no update with this event id: it was never published, was trimmed from the journal, or is of a journal that was replaced.";

type Answer = () => Promise<object>;

class ConsoleServer implements Console {
  readonly #options: ConsoleOptions;
  readonly #logger: Logger;
  readonly #tokens: StatsTokens | undefined;
  readonly #sampler: Sampler;
  readonly #logins: Logins;
  readonly #topics: TopicCounts;
  readonly #latencies: LatencyCounts;
  readonly #processes: Processes;
  /** Address of the hub's facts for clients without a token. */
  readonly #metadata: string;

  constructor(options: ConsoleOptions) {
    const { hub, open = false, key, audience = hub.url, logger = SILENT, sampleMs = 1000, topics = MOST_TOPICS } = options;
    if (open && key === undefined)
      throw new TypeError("createConsole: an open console needs a `key`, for its pages' tokens for the figures.");
    if (!Number.isSafeInteger(sampleMs) || sampleMs < 10)
      throw new TypeError(`createConsole: sampleMs must be a whole number from 10; it is ${sampleMs}.`);
    const tokens = open && key !== undefined ? new StatsTokens(key, audience) : undefined;
    if (!Number.isSafeInteger(topics) || topics < 1)
      throw new TypeError(`createConsole: topics must be a whole number from 1; it is ${topics}.`);
    this.#options = options;
    const { origin, pathname } = new URL(hub.url);
    this.#metadata = `${origin}/.well-known/oauth-protected-resource${pathname}`;
    this.#topics = new TopicCounts(hub, topics);
    this.#latencies = new LatencyCounts(hub);
    this.#processes = new Processes(hub);
    this.#logger = logger;
    this.#tokens = tokens;
    this.#logins = new Logins(logger);
    this.#sampler = new Sampler({
      hub,
      sampleMs,
      logger,
      mayWatch: ({ authorization }) => authorization !== undefined && (tokens?.isOurs(authorization) ?? hub.isMonitor(authorization)),
    });
  }

  handles(pathname: string): boolean {
    return pathname === API || pathname.startsWith(`${API}/`);
  }

  async fetch(request: Request): Promise<Response> {
    try {
      // The token is checked first, so that strangers learn nothing, not even which addresses
      // exist.
      const visitor = this.#tokens === undefined ? await this.#logIn(request) : undefined;
      const method = request.method === "HEAD" ? "GET" : request.method;
      const methods = this.#route(request, visitor);
      const answer = method === "GET" ? methods.GET : method === "POST" ? methods.POST : undefined;
      if (answer === undefined)
        return this.#refuse(new HubError("method_not_allowed", "The address does not accept this method."), methods);
      if (method === "POST") {
        requireOwnPage(this.#options.hub, request);
        if (visitor !== undefined) requireAdmin(visitor);
      }
      return Response.json(await answer(), { headers: { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" } });
    } catch (error) {
      return this.#refuse(error);
    }
  }

  close(): void {
    this.#sampler.close();
    this.#topics.close();
    this.#latencies.close();
    this.#processes.close();
  }

  /** @throws HubError unless the request is an administrator's or a monitor's. */
  async #logIn(request: Request): Promise<Visitor> {
    try {
      const visitor = await requireVisitor(this.#options.hub, request);
      this.#logins.came(visitor);
      return visitor;
    } catch (error) {
      if (error instanceof HubError) this.#logins.refused(error);
      throw error;
    }
  }

  /** @throws HubError `not_found`. */
  #route(request: Request, visitor: Visitor | undefined): { readonly GET?: Answer; readonly POST?: Answer } {
    const { hub } = this.#options;
    const { pathname, searchParams } = new URL(request.url);
    const [resource, encodedId, action, ...rest] = pathname.slice(API.length + 1).split("/");
    if (encodedId === undefined) {
      switch (resource) {
        case "about":
          return {
            GET: async (): Promise<About> => ({
              open: this.#tokens !== undefined,
              readOnly: visitor?.isAdmin === false,
              hub: hub.url,
              audience: this.#options.audience ?? hub.url,
            }),
          };
        case "history":
          return { GET: () => this.#sampler.history() };
        case "token": {
          const tokens = this.#tokens;
          if (tokens !== undefined) return { POST: () => tokens.issue() };
          break;
        }
        case "subscribers":
          return { GET: () => this.#subscribers(searchParams, request.signal) };
        case "updates":
          return { GET: () => this.#update(searchParams) };
        case "scheduled":
          return { GET: () => listScheduled(hub) };
        case "topics":
          return { GET: async () => this.#topics.read() };
        case "journal":
          return { GET: () => this.#journal(searchParams) };
        case "latencies":
          return { GET: () => this.#latencies.read() };
        case "processes":
          return { GET: () => this.#processes.read() };
      }
    } else if (rest.length === 0 && resource === "subscribers") {
      const id = decode(encodedId);
      switch (action) {
        case undefined:
          return { GET: () => this.#subscriber(id) };
        case "close":
          return { POST: () => this.#disconnect(id) };
        case "revoke-token":
          return { POST: () => this.#revoke(id, "tokenId") };
        case "revoke-subject":
          return { POST: () => this.#revoke(id, "subject") };
      }
    } else if (rest.length === 0 && resource === "scheduled" && action === "cancel") {
      return { POST: () => this.#cancel(decode(encodedId)) };
    }
    throw new HubError("not_found", "The console has nothing at this address.");
  }

  async #subscribers(query: URLSearchParams, signal: AbortSignal): Promise<object> {
    const search = query.get("search") ?? "";
    const behind = query.get("behind") === "on";
    const after = query.get("after") ?? "";
    if (after !== "" && !UUID.test(after)) throw new HubError("invalid_page", "The page does not begin after the id of a subscriber.");
    return this.#options.hub.fleet.findSubscribers({ search, behind, after }, signal);
  }

  async #subscriber(id: string): Promise<SubscriberAnswer> {
    const found = await partsOf(this.#options.hub).fleet.findSubscriber(id);
    if (found === undefined) throw new HubError("not_found", "This subscriber is not connected any more.");
    return found;
  }

  /** Revokes by the claims that the hub itself has of the subscriber, never by a page's. */
  async #revoke(id: string, by: "tokenId" | "subject"): Promise<object> {
    const { token } = await this.#subscriber(id);
    const value = token?.[by];
    if (token === undefined || value === undefined)
      throw new HubError("not_found", "The subscriber's token has no such claim, so it can't be revoked by it.");
    const which = by === "tokenId" ? { tokenId: value, until: token.expiresAt } : { subject: value };
    await this.#options.hub.revoke({ issuer: token.issuer, ...which });
    this.#logger.info({ subscriber: id, issuer: token.issuer, [by]: value }, "the console revoked a subscriber's token");
    return { revoked: value };
  }

  async #journal(query: URLSearchParams): Promise<object> {
    const page = await partsOf(this.#options.hub).process.listUpdates({
      from: query.get("from") || undefined,
      topic: query.get("topic") ?? "",
      type: query.get("type") ?? "",
      without: STATS_TOPIC,
    });
    if (page !== undefined) return page;
    throw new HubError("not_found", NO_UPDATE);
  }

  async #update(query: URLSearchParams): Promise<object> {
    const id = query.get("id") ?? "";
    const update = id === "" ? undefined : await findUpdate(this.#options.hub, id, query.get("subscriber") || undefined);
    if (update !== undefined) return update;
    throw new HubError("not_found", NO_UPDATE);
  }

  async #disconnect(id: string): Promise<object> {
    if (!(await this.#options.hub.fleet.disconnect(id))) throw new HubError("not_found", "This subscriber is not connected any more.");
    this.#logger.info({ subscriber: id }, "the console closed a subscriber's stream");
    return { closed: id };
  }

  async #cancel(id: string): Promise<object> {
    if (!(await this.#options.hub.cancel(id))) throw new HubError("not_found", "No such update waits for its time.");
    this.#logger.info({ update: id }, "the console cancelled a scheduled update");
    return { cancelled: id };
  }

  #refuse(error: unknown, methods?: object): Response {
    const { status, headers, body } = problemReply(error, this.#logger);
    const challenge = error instanceof HubError ? CHALLENGES.get(error.code) : undefined;
    return new Response(body, {
      status,
      headers: {
        ...headers,
        ...(challenge === undefined ? {} : { "WWW-Authenticate": `${challenge}resource_metadata="${this.#metadata}"` }),
        ...(methods === undefined ? {} : { Allow: "GET" in methods ? "GET, HEAD" : "POST" }),
      },
    });
  }
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // No id has this spelling, so none is found.
    return "";
  }
}
