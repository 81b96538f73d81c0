import type { Range } from "./core/range.ts";
import type { z } from "zod";
import { MAX_LEEWAY_MS } from "./core/matching/authorization.ts";
import { TIME_RANGES } from "./core/hub-options.ts";
import { LIMIT_RANGES } from "./core/limits.ts";
import type { AuthorizationOptions, HubOptions } from "./hub-options.ts";
import type { IssuerOptions, KeyOptions } from "./http/auth/index.ts";
import { mistakenSecret } from "./http/auth/mistaken-secret.ts";
import { CONNECTION_RANGES } from "./http/admission/connections.ts";
import { MIN_SECRET_BYTES } from "./http/opaque-ids.ts";
import { originOfReferer, parseOrigin } from "./http/auth/origin.ts";
import { isPath } from "./http/routes/paths.ts";
import { ADDRESS_OR_NETWORK, isAddressOrNetwork } from "./http/admission/trusted-proxies.ts";
import { isCookieName, isHubPath, isIdentifier } from "./http/valid.ts";
import { checked, checkOptions, filledText, flag, list, record, whole, withMethods } from "./option-schema.ts";
import { parseUrl } from "./core/parse-url.ts";

const AUTHORIZATION = {
  issuers: list(issuerSchema(), '[{ issuer: "https://example.com", keys: [{ algorithms: ["ES256"], jwksUrl: "https://…" }] }]', {
    least: 1,
    ifEmpty: "Every token would be refused. Name whose tokens are accepted, or leave `authorization` out.",
  }),
  resourceIdentifier: checked(isIdentifierText, "a URL, such as https://example.com/.well-known/mercure."),
  cookieName: checked((value) => typeof value === "string" && isCookieName(value), "a name for a cookie: letters, digits, - and _."),
  leewayMs: whole([0, MAX_LEEWAY_MS], "milliseconds"),
} satisfies Record<keyof AuthorizationOptions, z.ZodType>;

/**
 * The rules of a hub's options. The ranges are the same as for the command, and unknown names are
 * refused.
 */
const HUB_OPTIONS = {
  journal: withMethods(
    ["append", "read", "follow", "find", "tail", "head", "close"],
    'a journal, such as memoryJournal() or await logJournal({ directory: "data" }).',
  ),
  url: checked(
    isHubUrl,
    "the hub's public URL with a path and nothing after that, absolute, such as https://example.com/.well-known/mercure.",
  ),
  limits: record(limitSchemas(), "{ bodyBytes: 65536 }"),
  heartbeatMs: whole(TIME_RANGES.heartbeatMs, "milliseconds"),
  lifetimeMs: whole(TIME_RANGES.lifetimeMs, "milliseconds"),
  retryMs: timeRange(TIME_RANGES.retryMs, "{ min: 1000, max: 5000 }"),
  publishedRetryMs: timeRange(TIME_RANGES.publishedRetryMs, "{ min: 500, max: 300000 }"),
  asciiIds: flag(),
  writeStallMs: whole(TIME_RANGES.writeStallMs, "milliseconds"),
  drainMs: whole(TIME_RANGES.drainMs, "milliseconds"),
  subscriptions: flag(),
  subscriptionLeaseMs: whole(TIME_RANGES.subscriptionLeaseMs, "milliseconds"),
  workers: withMethods(["ask", "answer"], "what asks the other processes of this server, such as `journal.peers` of a log."),
  tracing: withMethods(["begin"], "what `openTelemetry()` of artesian/opentelemetry gives."),
  logger: withMethods(
    ["debug", "info", "warn", "error"],
    "a logger with the methods debug, info, warn and error, such as pino() or console.",
  ),
  connections: whole(CONNECTION_RANGES.connections, "streams"),
  connectionsPerAddress: whole(CONNECTION_RANGES.connectionsPerAddress, "streams"),
  connectionsPerSecond: whole(CONNECTION_RANGES.connectionsPerSecond, "new connections", { endless: true }),
  connectionsPerSecondPerAddress: whole(CONNECTION_RANGES.connectionsPerSecondPerAddress, "new connections"),
  authorization: record(AUTHORIZATION, "{ issuers: [{ issuer, keys }] }", ["issuers"]),
  authorize: checked((value) => typeof value === "function", "a function of the request, such as (req) => ({ subject: req.user.id })."),
  anonymous: flag(),
  anonymousPublish: flag(),
  reservedTopics: list(
    record({ type: checked(isMatcherType, '"exact" or "urlpattern".'), pattern: filledText() }, '{ type: "exact", pattern: "/prices" }', [
      "type",
      "pattern",
    ]),
    '[{ type: "urlpattern", pattern: "/prices/*" }]',
  ),
  compression: checked(isCompression, "true, false, or the smallest frame to compress, in bytes."),
  corsOrigins: list(origin({ any: true }), '["https://example.com"]'),
  publishOrigins: list(origin({ any: false }), '["https://example.com"]'),
  trustedProxies: list(checked(isAddressOrNetwork, ADDRESS_OR_NETWORK), '["10.0.0.0/8"]'),
  streamResets: record(
    {
      burst: whole([1, 1_000_000], "streams", { endless: true }),
      perSecond: checked((value) => typeof value === "number" && value > 0 && value <= 1_000_000, "a number from 0 to 1000000."),
    },
    "{ burst: 100, perSecond: 33 }",
    ["burst", "perSecond"],
  ),
  path: checked(
    (value) => typeof value === "string" && isPath(value),
    "a path that begins with a slash, ends with none, and is as browsers send it, such as /live.",
  ),
  opaqueIds: checked(isSecret, `a secret of at least ${MIN_SECRET_BYTES} bytes, and not the path of a file.`, { isSecret: true }),
  compat: checked((value) => value === "0.x", '"0.x".'),
  apiDescription: flag(),
} satisfies Record<keyof HubOptions, z.ZodType>;

const SCHEMA = record(HUB_OPTIONS, '{ url: "https://example.com/.well-known/mercure" }').refine(
  (options) => (options as HubOptions).authorize === undefined || (options as HubOptions).anonymous === undefined,
  { error: () => "has both `authorize` and `anonymous`. For a visitor, `authorize` returns { anonymous: true }." },
);

/**
 * Checks the options of `createHub`.
 *
 * @throws TypeError that lists every option of `createHub` that is misspelt, of the wrong kind or
 *   out of its range.
 */
export function checkHubOptions(options: unknown): void {
  checkOptions("createHub", SCHEMA, options);
}

function timeRange(range: Range, example: string): z.ZodType {
  return record({ min: whole(range, "milliseconds"), max: whole(range, "milliseconds") }, example, ["min", "max"]).refine(isInOrder, {
    error: () => "has a `max` that is less than its `min`.",
  });
}

function limitSchemas(): Record<string, z.ZodType> {
  return Object.fromEntries(
    Object.entries(LIMIT_RANGES).map(([name, range]) => [name, whole(range, name.endsWith("Bytes") ? "bytes" : "")]),
  );
}

/** The parts of a key are checked by the function that reads the key, whose errors say more. */
function issuerSchema(): z.ZodType {
  const isText = (value: unknown): boolean => typeof value === "string";
  const key = {
    actions: list(checked(isText, "a text."), '["publish"]'),
    algorithms: list(checked(isText, "a text."), '["ES256"]'),
    secret: checked((value) => isText(value) || value instanceof Uint8Array, "a text, or bytes.", { isSecret: true }),
    publicKey: checked(isText, "the text of a PEM.", { isSecret: true }),
    jwks: checked((value) => typeof value === "object" && value !== null, "an object with a list of `keys`.", { isSecret: true }),
    jwksUrl: checked(isText, "the text of a URL."),
    keyId: filledText(),
  } satisfies Record<keyof KeyOptions, z.ZodType>;
  const issuer = {
    issuer: filledText(),
    keys: list(record(key, '{ algorithms: ["ES256"], publicKey }', ["algorithms"]), '[{ algorithms: ["ES256"], publicKey }]', {
      least: 1,
      ifEmpty: "Give the issuer at least one key.",
    }),
  } satisfies Record<keyof IssuerOptions, z.ZodType>;
  return record(issuer, '{ issuer: "https://example.com", keys }', ["issuer", "keys"]);
}

function isHubUrl(value: unknown): boolean {
  const url = typeof value === "string" ? parseUrl(value) : undefined;
  if (url === undefined) return false;
  const { protocol, pathname, search, hash, username, password } = url;
  return /^https?:$/.test(protocol) && isHubPath(pathname) && search + hash + username + password === "";
}

function isIdentifierText(value: unknown): boolean {
  return typeof value === "string" && isIdentifier(value);
}

function isMatcherType(value: unknown): boolean {
  return value === "exact" || value === "urlpattern" || value === "uritemplate";
}

function isCompression(value: unknown): boolean {
  return typeof value === "boolean" || (Number.isSafeInteger(value) && (value as number) >= 0);
}

function isInOrder(value: unknown): boolean {
  const { min, max } = value as { readonly min?: number; readonly max?: number };
  return min === undefined || max === undefined || min <= max;
}

/**
 * Tells whether a value may be a secret. A secret is neither the path of a secret nor a value that
 * others know.
 */
function isSecret(value: unknown): boolean {
  if (typeof value !== "string" && !(value instanceof Uint8Array)) return false;
  return Buffer.from(value as string).length >= MIN_SECRET_BYTES && mistakenSecret(value) === undefined;
}

/** The origin exactly as a browser writes it. Another spelling would never equal an `Origin`. */
function origin({ any }: { readonly any: boolean }): z.ZodType {
  return checked(
    (value) => typeof value === "string" && ((any && value === "*") || parseOrigin(value) === value),
    (value) => {
      const meant = typeof value === "string" ? originOfReferer(value) : undefined;
      const examples = "such as https://example.com or capacitor://localhost";
      return `an origin as browsers write it: scheme, host, and a port that is not the usual one. Write ${meant ?? examples}${any ? ", or * for any" : ""}.`;
    },
  );
}
