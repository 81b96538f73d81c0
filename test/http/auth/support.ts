import { createHmac, generateKeyPairSync, type KeyObject, sign as signBytes } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished } from "vitest";
import { HubError } from "../../../packages/hub/src/core/errors.ts";
import { DEFAULT_LIMITS } from "../../../packages/hub/src/core/limits.ts";
import { SILENT } from "../../../packages/hub/src/core/logger.ts";
import { MatcherCompiler } from "../../../packages/hub/src/core/matching/matcher.ts";
import {
  type Authorizer,
  type AuthorizerOptions,
  createAuthorizer,
  DETAIL_TYPE,
  type IssuerOptions,
} from "../../../packages/hub/src/http/auth/index.ts";

export const HUB = "https://hub.example/.well-known/mercure";
export const ISSUER = "https://issuer.example";
export const SECRET = "a shared secret of thirty-two bytes or a few more";
/** The time of the tests, in milliseconds: a whole second. */
export const NOW = 1_800_000_000_000;

export const rsa: { publicKey: KeyObject; privateKey: KeyObject } = generateKeyPairSync("rsa", { modulusLength: 2048 });
export const ec: { publicKey: KeyObject; privateKey: KeyObject } = generateKeyPairSync("ec", { namedCurve: "P-256" });
export const otherEc: { publicKey: KeyObject; privateKey: KeyObject } = generateKeyPairSync("ec", { namedCurve: "P-256" });
export const ed: { publicKey: KeyObject; privateKey: KeyObject } = generateKeyPairSync("ed25519");

export function pem(key: KeyObject): string {
  return key.export({ format: "pem", type: key.type === "private" ? "pkcs8" : "spki" }) as string;
}

export function claims(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const all: Record<string, unknown> = {
    iss: ISSUER,
    aud: HUB,
    sub: "alice",
    client_id: "https://app.example",
    iat: NOW / 1000 - 10,
    exp: NOW / 1000 + 300,
    jti: "urn:uuid:1",
    authorization_details: [detail({ actions: ["publish", "subscribe"], topics: [{ match: "greeting" }] })],
    ...changes,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

export function detail(members: Record<string, unknown>): Record<string, unknown> {
  return { type: DETAIL_TYPE, actions: ["subscribe"], topics: [{ match: "greeting" }], ...members };
}

export function encode(value: unknown): string {
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
  return bytes.toString("base64url");
}

/** Signs with Node's own cryptography, so that the tests do not judge `jose` by itself. A header or claims given as text or bytes go in as they are. */
export function forge(options: { header?: object | string; claims?: object | string; key?: KeyObject | string } = {}): string {
  const { header = {}, claims: body = claims(), key = SECRET } = options;
  const alg = typeof key === "string" ? "HS256" : { rsa: "RS256", ec: "ES256", ed25519: "EdDSA" }[key.asymmetricKeyType as string];
  const fields = typeof header === "string" ? header : { alg, typ: "at+jwt", ...header };
  const input = `${encode(fields)}.${encode(body)}`;
  if (typeof key === "string") return `${input}.${createHmac("sha256", key).update(input).digest("base64url")}`;
  const digest = key.asymmetricKeyType === "ed25519" ? undefined : "sha256";
  return `${input}.${signBytes(digest, Buffer.from(input), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

const compiler = new MatcherCompiler(HUB, DEFAULT_LIMITS);

export function authorizer(changes: Partial<AuthorizerOptions> & { keys?: IssuerOptions["keys"] } = {}): Authorizer {
  const { keys = [{ secret: SECRET, algorithms: ["HS256"] }], ...options } = changes;
  return createAuthorizer({
    issuers: [{ issuer: ISSUER, keys }],
    resourceIdentifier: HUB,
    leewayMs: 0,
    limits: { tokenBytes: 8192, grantsPerToken: 100, topicBytes: 2048 },
    compilePattern: (matcher) => void compiler.compileAll([matcher]),
    now: () => NOW,
    logger: SILENT,
    ...options,
  });
}

/** What a token is refused with, whatever is wrong with it. */
export async function refusal(judge: Authorizer, token: string, action: "publish" | "subscribe" = "subscribe"): Promise<string> {
  const error = await errorOf(judge, token, action);
  expect(error.code).toBe("invalid_token");
  return error.message;
}

/** The error that a token gets. */
export async function errorOf(judge: Authorizer, token: string, action: "publish" | "subscribe" = "subscribe"): Promise<HubError> {
  let answer: unknown;
  try {
    answer = await judge.verify(token, action);
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    return error;
  }
  throw new Error(`It was accepted: ${JSON.stringify(answer)}`);
}

/** The names of the checks that a token fails, without those that could not be run. */
export async function failures(judge: Authorizer, token: string, action: "publish" | "subscribe" = "subscribe"): Promise<string[]> {
  const verdicts = await judge.explain(token, action);
  return verdicts.filter(({ ok, detail: text }) => !ok && !text.startsWith("Not checked")).map(({ check }) => check);
}

/** A server on the loopback that ends with the test. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
