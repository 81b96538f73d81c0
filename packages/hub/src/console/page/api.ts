import { ClientError } from "artesian-client";
import {
  type About,
  API,
  type History,
  type JournalPage,
  type Latencies,
  type ProcessesPage,
  type ScheduledPage,
  type StatsToken,
  type SubscriberAnswer,
  type SubscriberPage,
  type TopicsPage,
  type UpdateAnswer,
} from "../server/wire.ts";
import { anySignal } from "artesian-ui/stand-ins.ts";
import { consoleTexts } from "./texts.ts";

const TIMEOUT_MS = 20_000;

/**
 * The page's client of the console's server. Every call throws a {@link ClientError} with a
 * sentence for people.
 */
export class ConsoleApi {
  readonly token: string | undefined;
  /** Whether the token's holder may give no orders. Known once {@link about} was answered. */
  isReadOnly = false;
  /** The hub's URL, as the last refusal named it. */
  hubUrl: string | undefined;

  /** @param token - An administrator's token. Undefined if the console is, or may be, open. */
  constructor(token: string | undefined) {
    this.token = token;
  }

  async about(): Promise<About> {
    const about = await this.#ask<About>("GET", "about");
    this.isReadOnly = about.readOnly;
    return about;
  }

  history(): Promise<History> {
    return this.#ask("GET", "history");
  }

  async statsToken(): Promise<string> {
    return (await this.#ask<StatsToken>("POST", "token")).token;
  }

  subscribers(query: { search: string; behind: boolean; after: string | undefined }, signal: AbortSignal): Promise<SubscriberPage> {
    const params = new URLSearchParams();
    if (query.search !== "") params.set("search", query.search);
    if (query.behind) params.set("behind", "on");
    if (query.after !== undefined) params.set("after", query.after);
    return this.#ask("GET", `subscribers?${params}`, signal);
  }

  subscriber(id: string, signal: AbortSignal): Promise<SubscriberAnswer> {
    return this.#ask("GET", `subscribers/${encodeURIComponent(id)}`, signal);
  }

  /** Revokes the token of a subscriber, or all tokens that its subject has had until now. */
  revoke(id: string, which: "token" | "subject"): Promise<unknown> {
    return this.#ask("POST", `subscribers/${encodeURIComponent(id)}/revoke-${which}`);
  }

  topics(signal: AbortSignal): Promise<TopicsPage> {
    return this.#ask("GET", "topics", signal);
  }

  journal(query: { from: string; topic: string; type: string }, signal: AbortSignal): Promise<JournalPage> {
    return this.#ask("GET", `journal?${new URLSearchParams(query)}`, signal);
  }

  latencies(signal: AbortSignal): Promise<Latencies> {
    return this.#ask("GET", "latencies", signal);
  }

  processes(signal: AbortSignal): Promise<ProcessesPage> {
    return this.#ask("GET", "processes", signal);
  }

  disconnect(id: string): Promise<unknown> {
    return this.#ask("POST", `subscribers/${encodeURIComponent(id)}/close`);
  }

  update(id: string, subscriber: string, signal: AbortSignal): Promise<UpdateAnswer> {
    return this.#ask("GET", `updates?${new URLSearchParams({ id, ...(subscriber !== "" && { subscriber }) })}`, signal);
  }

  scheduled(signal: AbortSignal): Promise<ScheduledPage> {
    return this.#ask("GET", "scheduled", signal);
  }

  cancel(id: string): Promise<unknown> {
    return this.#ask("POST", `scheduled/${encodeURIComponent(id)}/cancel`);
  }

  async #ask<T>(method: "GET" | "POST", path: string, signal?: AbortSignal): Promise<T> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (this.token !== undefined) headers["Authorization"] = `Bearer ${this.token}`;
    if (method === "POST") headers["Content-Type"] = "application/json";
    const late = AbortSignal.timeout(TIMEOUT_MS);
    let response: Response;
    let body: unknown;
    try {
      response = await fetch(`${API}/${path}`, {
        method,
        headers,
        cache: "no-store",
        signal: signal === undefined ? late : anySignal(signal, late),
        ...(method === "POST" && { body: "{}" }),
      });
      body = await response.json().catch(() => undefined);
    } catch (cause) {
      throw new ClientError("The hub cannot be reached. Try again when the connection is back.", { code: "unreachable", cause });
    }
    if (response.ok && body !== undefined) return body as T;
    // RFC 9728, 3.1: the path of the resource comes after that of all metadata.
    const metadata = /resource_metadata="([^"]+)"/.exec(response.headers.get("WWW-Authenticate") ?? "")?.[1];
    if (metadata !== undefined) this.hubUrl = metadata.replace("/.well-known/oauth-protected-resource", "");
    const text = (key: string): string | undefined => {
      const value: unknown = typeof body === "object" && body !== null ? Reflect.get(body, key) : undefined;
      return typeof value === "string" ? value : undefined;
    };
    throw new ClientError(text("detail") ?? `The server answered ${response.status}.`, {
      code: text("code") ?? "http_error",
      status: response.status,
    });
  }
}

/** A sentence for people about any error, in the page's language. */
export function sentenceOf(error: unknown): string {
  const texts = consoleTexts();
  if (error instanceof ClientError) return texts.problemOf(error.code) ?? texts.refused(error.status, error.message);
  return error instanceof Error ? error.message : texts.somethingWrong;
}
