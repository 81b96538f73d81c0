import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import type { HubOptions } from "artesian";
import type { IssuerOptions } from "artesian/http";
import { onTestFinished } from "vitest";
import { startHub, type TestHub } from "../../support/server.ts";
import { openStream, type TestStream } from "../../support/stream.ts";
import { forge, HUB, ISSUER, SECRET } from "../../http/auth/support.ts";

export { ec, ed, encode, forge, HUB, ISSUER, otherEc, pem, rsa, SECRET } from "../../http/auth/support.ts";

export const PATH = "/.well-known/mercure";
export const FORM = "application/x-www-form-urlencoded";
export const DETAIL = "https://mercure.rocks/authorization-detail";
export const METADATA = "https://hub.example/.well-known/oauth-protected-resource/.well-known/mercure";

/** A matcher as a token writes it; text stands for an exact one. */
export type Topic = string | { readonly match: unknown; readonly match_type?: unknown };

/** One entry of `authorization_details`. */
export function grant(actions: unknown, topics: readonly Topic[], members: object = {}): object {
  return { type: DETAIL, actions, topics: topics.map((topic) => (typeof topic === "string" ? { match: topic } : topic)), ...members };
}

/** All claims of a good token, with changes; what is undefined is left out. */
export function claimsNow(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  const all: Record<string, unknown> = {
    iss: ISSUER,
    aud: HUB,
    sub: "someone",
    client_id: ISSUER,
    iat: now,
    exp: now + 600,
    jti: `urn:uuid:${randomUUID()}`,
    authorization_details: [grant(["publish", "subscribe"], ["*"])],
    ...changes,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** A token that is good but for these claims. */
export function token(changes: Record<string, unknown> = {}): string {
  return forge({ claims: claimsNow(changes) });
}

/** A token with these details. */
export function tokenWith(...details: readonly unknown[]): string {
  return token({ authorization_details: details });
}

export const publisher = (...topics: readonly Topic[]): string => tokenWith(grant(["publish"], topics));
export const subscriber = (...topics: readonly Topic[]): string => tokenWith(grant(["subscribe"], topics));
export const bearer = (value: string): { Authorization: string } => ({ Authorization: `Bearer ${value}` });

/** An open hub at the default path. */
export async function startOpen(options: HubOptions = {}): Promise<TestHub> {
  const started = await startHub({ url: HUB, ...options });
  return { ...started, url: started.origin + PATH };
}

/** A hub that wants tokens, of the issuer with the shared secret unless told otherwise. */
export function startSecured(options: HubOptions & { issuers?: readonly IssuerOptions[]; leewayMs?: number } = {}): Promise<TestHub> {
  const { issuers = [{ issuer: ISSUER, keys: [{ secret: SECRET, algorithms: ["HS256"] }] }], leewayMs, ...rest } = options;
  return startOpen({ anonymousPublish: false, authorization: { issuers, leewayMs }, ...rest });
}

/** Publishes a form; text is sent byte by byte as it is. */
export function post(
  url: string,
  form: string | Record<string, string> | readonly (readonly [string, string])[] | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> {
  const body =
    typeof form === "string" || form instanceof Uint8Array ? form : new URLSearchParams(form as Record<string, string>).toString();
  return fetch(url, { method: "POST", body, headers: { "Content-Type": FORM, ...headers } });
}

/** The status and the code of a refusal. */
export async function refusalOf(response: Response): Promise<readonly [status: number, code: unknown]> {
  const problem = (await response.json()) as { code?: unknown };
  return [response.status, problem.code];
}

/** What a stream gets of these updates, found out by a last one that every test stream matches. */
export async function dataUntilEnd(stream: TestStream): Promise<readonly string[]> {
  const data: string[] = [];
  for (;;) {
    const event = await stream.next();
    if (event.data === "END") return data;
    data.push(event.data);
  }
}

/** Opens a stream with these parameters, and one more matcher for `END`. */
export function follow(url: string, query: string, init?: RequestInit): Promise<TestStream> {
  return openStream(`${url}?match=END${query === "" ? "" : `&${query}`}`, init);
}

/** Which of these topics matchers select, as a live subscriber finds out. */
export async function selected(started: TestHub, query: string, topics: readonly string[]): Promise<readonly string[]> {
  const stream = await follow(started.url, query);
  for (const topic of topics) await started.hub.publish({ topic, data: topic });
  await started.hub.publish({ topic: "END", data: "END" });
  return dataUntilEnd(stream);
}

/** Sends bytes over a socket, and collects what comes back, until the peer closes or the text has what is waited for. */
export async function raw(origin: string, request: string | Uint8Array, until?: string): Promise<string> {
  const { port } = new URL(origin);
  const socket = connect(Number(port), "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  socket.write(request);
  let received = "";
  for await (const chunk of socket) {
    received += String(chunk);
    if (until !== undefined && received.includes(until)) break;
  }
  return received;
}
