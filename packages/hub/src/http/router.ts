import type { Action, Authorization } from "../core/matching/authorization.ts";
import { HubError } from "../core/errors.ts";
import { andThen } from "../core/scheduler.ts";
import type { DescriptionFormat } from "./api-description/api-description.ts";
import type { AccessRequest } from "./auth/access.ts";
import { isAdmin, isMonitor } from "./auth/admin.ts";
import type { HttpContext } from "./context.ts";
import type { HubRequest } from "./request.ts";
import { metrics } from "./routes/metrics.ts";
import { publish } from "./routes/publish.ts";
import { renew } from "./routes/renew.ts";
import { ALIAS_PATH, type Reply, type StreamReply } from "./reply/reply.ts";
import { listRevocations, revoke, withdraw } from "./routes/revocations.ts";
import { cancel, listScheduled } from "./routes/scheduled.ts";
import { decodeSegment } from "./segment.ts";
import { subscribe } from "./routes/subscribe.ts";
import { listsSubscriptions, subscriptions } from "./routes/subscriptions.ts";

/**
 * A route's requirement on a request's token. `nothing`: the token is ignored. `admin`: a grant to
 * publish to exactly `HUB/admin`. `monitor`: this grant, or one for exactly `HUB/monitor`. An action:
 * a token for it, or none if anonymous requests are allowed. With `refusal`, a token is always required.
 */
type Need = "nothing" | "admin" | "monitor" | { readonly action: Action; readonly refusal?: string };

/** The handler of a route's requests. */
type Handler = (
  context: HttpContext,
  request: HubRequest,
  authorization: Authorization | undefined,
  /** The decoded segment that `:id` stands for. Empty if the path has none. */
  id: string,
) => Reply | Promise<Reply> | Promise<StreamReply>;

/** One resource of the hub. */
export interface Route {
  /**
   * Below the path of the hub's URL. `:id` stands for one segment, `*` for the rest of the path.
   */
  readonly path: string;
  readonly methods: readonly string[];
  /** The remedy in the refusal of another method. */
  readonly hint: string;
  readonly needs: Need;
  readonly handler: Handler;
  /** Whether a matching path is served. Default: always. */
  readonly exists?: (context: HttpContext, request: HubRequest) => boolean;
}

const READ = ["GET", "HEAD"] as const;

/** The metrics. A process that waits for its journal serves them by the same rules. */
export const METRICS: Route & { readonly needs: "monitor"; readonly handler: typeof metrics } = {
  path: "/metrics",
  methods: READ,
  hint: "Use GET to read the metrics.",
  needs: "monitor",
  handler: metrics,
};

const DESCRIPTION = { methods: READ, hint: "Use GET to read the description.", needs: "nothing" } as const;

/** All resources of the hub. Routes with the same path are adjacent. */
export const ROUTES: readonly Route[] = [
  {
    path: "",
    methods: [...READ, "QUERY"],
    hint: "Use GET or QUERY to subscribe, or POST to publish.",
    needs: { action: "subscribe" },
    handler: subscribe,
  },
  { path: "", methods: ["POST"], hint: "", needs: { action: "publish" }, handler: publish },
  {
    path: "/subscribers/:id",
    methods: ["POST"],
    hint: "Use POST to renew a subscriber's token.",
    needs: { action: "subscribe", refusal: "Renewing needs the new access token." },
    handler: renew,
  },
  {
    path: "/subscriptions*",
    methods: READ,
    hint: "Use GET to list subscriptions.",
    needs: { action: "subscribe", refusal: "Listing subscriptions needs an access token." },
    handler: subscriptions,
    exists: listsSubscriptions,
  },
  {
    path: "/scheduled",
    methods: READ,
    hint: "Use GET to list updates that wait for their time.",
    needs: { action: "publish" },
    handler: listScheduled,
  },
  {
    path: "/scheduled/:id",
    methods: ["DELETE"],
    hint: "Use DELETE to cancel an update.",
    needs: { action: "publish" },
    handler: cancel,
  },
  METRICS,
  {
    path: "/revocations",
    methods: READ,
    hint: "Use POST to revoke tokens, or GET to list the revocations.",
    needs: "admin",
    handler: listRevocations,
  },
  { path: "/revocations", methods: ["POST"], hint: "", needs: "admin", handler: revoke },
  {
    path: "/revocations/:id",
    methods: ["DELETE"],
    hint: "Use DELETE to withdraw a revocation.",
    needs: "admin",
    handler: withdraw,
  },
  { path: "/openapi.json", ...DESCRIPTION, handler: describe("openapi"), exists: describesItself },
  { path: "/asyncapi.json", ...DESCRIPTION, handler: describe("asyncapi"), exists: describesItself },
];

function describesItself({ apiDescription }: HttpContext): boolean {
  return apiDescription !== undefined;
}

/** The handler of one of the hub's documents about itself. */
function describe(format: DescriptionFormat): Handler {
  return ({ apiDescription }, request) => {
    if (apiDescription === undefined) throw nothingHere();
    return apiDescription.reply(format, request.header("host"));
  };
}

/** The metadata of the hub, which has its own path. */
const METADATA: Route = {
  path: "",
  methods: READ,
  hint: "Use GET.",
  needs: "nothing",
  handler: ({ metadata, cors }, request) => {
    const reply = metadata.reply();
    return { ...reply, headers: { ...cors.open(request.header("origin")), ...reply.headers } };
  },
};

/**
 * Passes a request to its route, after checks of the method and the token.
 *
 * @throws HubError `not_found`, `method_not_allowed`, an error of {@link HttpContext.access}, or an
 *   error of the handler.
 */
export function route(context: HttpContext, request: HubRequest): Routed | Promise<Routed> {
  if (request.pathname === "") throw nothingHere();
  request.admit();
  const found = routesTo(context, request.pathname);
  if (request.method === "OPTIONS") return preflight(context, request, found);
  const [first] = found;
  if (first === undefined || first.route.exists?.(context, request) === false) throw nothingHere();
  const match = found.find(({ route: { methods } }) => methods.includes(request.method));
  if (match === undefined) throw new HubError("method_not_allowed", first.route.hint);
  const { needs, handler } = match.route;
  if (needs === "nothing") return handler(context, request, undefined, match.id);
  return andThen<Authorization | undefined, Routed>(authorize(context, request, needs), (authorization) =>
    handler(context, request, authorization, match.id),
  );
}

/** A handler's answer. */
export type Routed = Reply | StreamReply;

/** The value of the `Allow` field for a path. */
export function allowedMethods(context: HttpContext, pathname: string): string {
  return allow(routesTo(context, pathname));
}

/** Whether a path is for administrators and monitors only. */
export function isForAdmin(context: HttpContext, pathname: string): boolean {
  return routesTo(context, pathname).some(({ route: { needs } }) => typeof needs === "string" && needs !== "nothing");
}

interface Match {
  readonly route: Route;
  readonly id: string;
}

function routesTo({ hubPath, metadata }: HttpContext, pathname: string): readonly Match[] {
  if (pathname === metadata.path) return [{ route: METADATA, id: "" }];
  const path = pathname === ALIAS_PATH ? "" : pathname.slice(hubPath.length);
  return path === "" ? TO_HUB : matchesOf(path);
}

function matchesOf(path: string): readonly Match[] {
  return ROUTES.flatMap((candidate) => {
    const id = matchPath(candidate.path, path);
    return id === undefined ? [] : [{ route: candidate, id }];
  });
}

/**
 * @returns The decoded segment that `:id` stands for, or an empty text. Undefined if the path does
 *   not match.
 */
function matchPath(pattern: string, path: string): string | undefined {
  if (pattern.endsWith("*")) {
    const start = pattern.slice(0, -1);
    return path === start || path.startsWith(`${start}/`) ? "" : undefined;
  }
  if (!pattern.endsWith(":id")) return path === pattern ? "" : undefined;
  const start = pattern.slice(0, -":id".length);
  return path.startsWith(start) && !path.includes("/", start.length) ? decodeSegment(path.slice(start.length)) : undefined;
}

/** Routes of the hub's own path, found once. A publish must not pay for a search. */
const TO_HUB = matchesOf("");

function allow(found: readonly Match[]): string {
  return [...found.flatMap(({ route: { methods } }) => methods), "OPTIONS"].join(", ");
}

function preflight({ cors }: HttpContext, request: HubRequest, found: readonly Match[]): Reply {
  const methods = allow(found);
  const asked = request.header("access-control-request-headers");
  return { status: 204, headers: { Allow: methods, ...cors.preflight(request.header("origin"), methods, asked) }, body: "" };
}

/**
 * @returns A promise only for a token that was not seen before.
 * @throws HubError if the token does not satisfy the route.
 */
export function authorize(
  { access, hubPath }: Pick<HttpContext, "access" | "hubPath">,
  request: AccessRequest,
  needs: Exclude<Need, "nothing">,
): Authorization | undefined | Promise<Authorization | undefined> {
  const { action, refusal, role }: Demand = typeof needs === "string" ? ROLES[needs] : needs;
  return andThen<Authorization | undefined, Authorization | undefined>(access.authorize(request, action), (authorization) => {
    if (authorization === undefined) {
      if (refusal !== undefined) throw new HubError("unauthorized", refusal);
    } else if (role?.fits(authorization, hubPath) === false) {
      const topics = role.topics.map((topic) => hubPath + topic).join(" or ");
      throw new HubError("insufficient_scope", `The access token, or the session, does not allow publishing to exactly ${topics}.`);
    }
    return authorization;
  });
}

/** What a request's token must allow. */
interface Demand {
  readonly action: Action;
  /** Set if a token is always required. */
  readonly refusal?: string;
  /** The role that the token must give. It names one of the topics, to which nobody can publish. */
  readonly role?: {
    readonly fits: (authorization: Authorization, hubPath: string) => boolean;
    /** Below the path of the hub's URL. */
    readonly topics: readonly string[];
  };
}

/** The demands on those who run the hub. */
const ROLES: Readonly<Record<"admin" | "monitor", Demand>> = {
  admin: { action: "publish", refusal: "This needs an administrator's access token.", role: { fits: isAdmin, topics: ["/admin"] } },
  monitor: {
    action: "publish",
    refusal: "This needs the access token of a monitor or an administrator.",
    role: { fits: isMonitor, topics: ["/monitor", "/admin"] },
  },
};

function nothingHere(): HubError {
  return new HubError("not_found", "Nothing is served at this address.");
}
