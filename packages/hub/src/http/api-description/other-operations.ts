import { MAX_LEEWAY_MS } from "../../core/matching/authorization.ts";
import { problemsOf, PUBLISHER_CODES, TOKEN_CODES, WRITE_CODES } from "./problems.ts";
import { securityOf } from "./security.ts";
import { type DescribedHub, type Header, object, type Operation, type Parameter, ref, type Response, type Schema } from "./types.ts";

const NO_CONTENT: Response = { description: "Done." };
const TEXT = { type: "string" };
const MS = { type: "integer", minimum: 0 };

function json(description: string, schema: Schema, headers: Readonly<Record<string, Header>> = {}): Response {
  return { description, headers, content: { "application/json": { schema } } };
}

function inPath(name: string, description: string, schema: Schema = { type: "string", minLength: 1 }): Parameter {
  return { name, in: "path", required: true, description, schema };
}

/** `POST` to `HUB/subscribers/ID`. */
export function renewOperation(hub: DescribedHub): Operation {
  return {
    operationId: "renew",
    tags: ["Subscribe"],
    summary: "Renew a subscriber's token",
    description: "The subscriber's stream continues with the token of this request, which has the issuer and the subject of the old one.",
    parameters: [inPath("id", "The `subscriber` of `hub:expiring`.")],
    responses: {
      200: json(
        "The stream continues.",
        object({ expiresInMs: { type: ["integer", "null"], minimum: 0, description: "Time until the new token ends. Null: never." } }, [
          "expiresInMs",
        ]),
      ),
      ...problemsOf([...TOKEN_CODES, "not_found"]),
    },
    security: securityOf(hub, false),
  };
}

const COMPAT_NOTE = `

For clients of Mercure 0.x, the list is also at \`/subscriptions/{topic}\`, and one subscription at \`/subscriptions/{topic}/{subscriber}\`. They and requests that accept \`application/ld+json\` get JSON-LD.`;

/** `GET` of `HUB/subscriptions` and of the paths below, by their paths below the hub's. */
export function subscriptionsOperations(hub: DescribedHub): Readonly<Record<string, Operation>> {
  const matchType = inPath("match_type", "The kind of the matcher.", { enum: ["exact", "urlpattern"] });
  const match = inPath("match", "The topic or the URL pattern, percent-encoded once.");
  const subscriber = inPath("subscriber", "The name of the subscriber.");
  const after: Parameter = {
    name: "after",
    in: "query",
    description: "The place of a further page, from the `next` link.",
    schema: TEXT,
  };
  return {
    "/subscriptions": listOperation(hub, "listSubscriptions", "List all subscriptions", [after]),
    "/subscriptions/{match_type}/{match}": listOperation(hub, "listSubscriptionsOfMatcher", "List the subscriptions of a matcher", [
      matchType,
      match,
      after,
    ]),
    "/subscriptions/{match_type}/{match}/{subscriber}": {
      ...listOperation(hub, "getSubscription", "Get one subscription", [matchType, match, subscriber], ref("Subscription")),
    },
  };
}

function listOperation(
  hub: DescribedHub,
  operationId: string,
  summary: string,
  parameters: readonly Parameter[],
  schema: Schema = ref("Subscriptions"),
): Operation {
  const headers = {
    ETag: { description: "Changes with each update of the hub.", schema: TEXT },
    Link: { description: 'The hub with the event id to subscribe after. `rel="next"`: the next page.', schema: TEXT },
  };
  const found = json("The subscriptions.", schema, headers);
  return {
    operationId,
    tags: ["Presence"],
    summary,
    description: `The token needs a grant to subscribe to the path of the request.${hub.compat === undefined ? "" : COMPAT_NOTE}`,
    parameters: [...parameters, { name: "If-None-Match", in: "header", description: "The `ETag` of an earlier answer.", schema: TEXT }],
    responses: {
      200:
        hub.compat === undefined
          ? found
          : { ...found, content: { ...found.content, "application/ld+json": { schema: { type: "object" } } } },
      304: { description: "Nothing has changed.", headers },
      ...problemsOf([
        ...TOKEN_CODES,
        "insufficient_scope",
        "not_found",
        "invalid_page",
        "invalid_body",
        "too_large",
        "journal_unavailable",
      ]),
    },
    security: securityOf(hub, false),
  };
}

/** `GET` of `HUB/scheduled`. */
export function listScheduledOperation(hub: DescribedHub): Operation {
  return {
    operationId: "listScheduled",
    tags: ["Publish"],
    summary: "List the updates that wait for their time",
    description: "Only updates that the client may publish. Without a token, only updates that are not private.",
    responses: {
      200: json("The updates.", object({ scheduled: { type: "array", items: ref("ScheduledUpdate") } }, ["scheduled"])),
      ...problemsOf([...withoutScope, "journal_unavailable"]),
    },
    security: securityOf(hub, hub.anonymousPublish),
  };
}

/** `DELETE` of `HUB/scheduled/ID`. */
export function cancelOperation(hub: DescribedHub): Operation {
  return {
    operationId: "cancelScheduled",
    tags: ["Publish"],
    summary: "Cancel an update that waits for its time",
    parameters: [inPath("id", "The event id of the update.")],
    responses: { 204: NO_CONTENT, ...problemsOf([...withoutScope, ...WRITE_CODES, "not_found"]) },
    security: securityOf(hub, hub.anonymousPublish),
  };
}

const withoutScope = PUBLISHER_CODES.filter((code) => code !== "insufficient_scope");

/** `GET` of `HUB/metrics`. */
export function metricsOperation(hub: DescribedHub): Operation {
  return {
    operationId: "readMetrics",
    tags: ["Administer"],
    summary: "Read the metrics",
    description: `For monitors and administrators: the token allows publishing to exactly \`${hub.hubPath}/monitor\` or \`${hub.hubPath}/admin\`.`,
    responses: {
      200: { description: "The figures in Prometheus' text format.", content: { "text/plain": { schema: TEXT } } },
      ...problemsOf(PUBLISHER_CODES),
    },
    security: securityOf(hub, false),
  };
}

/** `POST` to `HUB/revocations`. */
export function revokeOperation(hub: DescribedHub): Operation {
  const text = { type: "string", minLength: 1 };
  return {
    operationId: "revoke",
    tags: ["Administer"],
    summary: "Revoke tokens",
    description: `Refuses the tokens from now on, and ends their streams. ${forAdministrators(hub)}`,
    requestBody: {
      required: true,
      content: {
        "application/x-www-form-urlencoded": {
          schema: {
            type: "object",
            properties: {
              jti: { ...text, description: "The id of one token." },
              sub: { ...text, description: "The subject whose tokens issued up to now are meant." },
              iss: { ...text, description: "The issuer of the tokens. Default: that of the administrator's token." },
              exp: {
                type: "integer",
                minimum: 0,
                description: `The latest end of the tokens, in seconds since 1970, after which the revocation is forgotten. Not more than ${MAX_LEEWAY_MS / 1000} seconds ago. Default: never.`,
              },
            },
            oneOf: [{ required: ["jti"] }, { required: ["sub"] }],
          },
        },
      },
    },
    responses: {
      204: NO_CONTENT,
      ...problemsOf([
        ...PUBLISHER_CODES,
        ...WRITE_CODES,
        "invalid_body",
        "too_large",
        "unsupported_media_type",
        "unsupported_encoding",
        "too_many_revocations",
        "draining",
      ]),
    },
    security: securityOf(hub, false),
  };
}

/** `GET` of `HUB/revocations`. */
export function listRevocationsOperation(hub: DescribedHub): Operation {
  const revocation = object(
    {
      id: { type: "string", description: "Names the revocation, to withdraw it." },
      iss: { type: "string", description: "The issuer of the tokens." },
      jti: { type: "string", description: "The id of one token." },
      sub: { type: "string", description: "The subject whose tokens issued up to `at` are refused." },
      at: { type: "string", format: "date-time" },
      exp: { type: "integer", minimum: 0, description: "When the revocation is forgotten, in seconds since 1970. Missing: never." },
    },
    ["id", "iss", "at"],
  );
  return {
    operationId: "listRevocations",
    tags: ["Administer"],
    summary: "List the revocations that hold",
    description: `The newest first. ${forAdministrators(hub)}`,
    responses: {
      200: json("The revocations.", object({ revocations: { type: "array", items: revocation } }, ["revocations"])),
      ...problemsOf(PUBLISHER_CODES),
    },
    security: securityOf(hub, false),
  };
}

/** `DELETE` of `HUB/revocations/ID`. */
export function withdrawOperation(hub: DescribedHub): Operation {
  return {
    operationId: "withdrawRevocation",
    tags: ["Administer"],
    summary: "Withdraw a revocation",
    description: `The tokens are accepted again. ${forAdministrators(hub)}`,
    parameters: [inPath("id", "The `id` of the list.")],
    responses: { 204: NO_CONTENT, ...problemsOf([...PUBLISHER_CODES, ...WRITE_CODES, "not_found", "draining"]) },
    security: securityOf(hub, false),
  };
}

function forAdministrators({ hubPath }: DescribedHub): string {
  return `For administrators: the token allows publishing to exactly \`${hubPath}/admin\`.`;
}

/** `GET` of the hub's metadata. */
export function metadataOperation(): Operation {
  return documentOperation(
    "readMetadata",
    "Read the hub's metadata",
    "OAuth 2.0 Protected Resource Metadata (RFC 9728), with members of Mercure.",
    {
      type: "object",
      properties: {
        resource: { type: "string", description: "The value that tokens have in `aud`." },
        authorization_details_types_supported: { type: "array", items: TEXT },
        bearer_methods_supported: { type: "array", items: TEXT },
        mercure_cookie: { type: "string", description: "The name of the cookie for tokens." },
        mercure_matcher_types_supported: { type: "array", items: TEXT },
        mercure_subscriptions: { const: true },
      },
      required: ["resource", "mercure_cookie", "mercure_matcher_types_supported"],
    },
  );
}

/** `GET` of a document that everyone may read. */
export function documentOperation(
  operationId: string,
  summary: string,
  description: string,
  schema: Schema = { type: "object" },
): Operation {
  return {
    operationId,
    tags: ["Describe"],
    summary,
    responses: { 200: json(description, schema), ...problemsOf([]) },
    security: [],
  };
}

/** The schema of an update that waits for its time. */
export const SCHEDULED_UPDATE: Schema = object(
  {
    id: TEXT,
    topics: { type: "array", items: TEXT },
    type: TEXT,
    private: { type: "boolean" },
    deliver_at: { type: "string", format: "date-time" },
    ttl: { ...MS, description: "Time to live after the delivery, in milliseconds." },
  },
  ["id", "topics", "private", "deliver_at"],
);

/** The schema of a list of subscriptions. */
export const SUBSCRIPTIONS: Schema = object(
  {
    id: { type: "string", description: "The path of the request." },
    type: { const: "subscriptions" },
    subscriptions: { type: "array", items: ref("Subscription") },
  },
  ["id", "type", "subscriptions"],
);
