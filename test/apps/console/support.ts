import { createServer } from "node:http";
import { createHub, type Hub, type HubOptions, type Logger } from "artesian";
import { mintToken } from "artesian/http";
import { onTestFinished } from "vitest";
import {
  CONSOLE_TOPICS,
  type Console,
  consoleIssuer,
  type ConsoleKey,
  createConsole,
} from "../../../packages/hub/src/console/server/index.ts";
import type { Sample, StatsToken } from "../../../packages/hub/src/console/server/wire.ts";
import { listen } from "../../support/server.ts";
import { openStream, type TestStream } from "../../support/stream.ts";
import { exact, HUB_URL, ISSUER, mint, type Rights, TRUSTING, urlpattern } from "../../support/tokens.ts";

export const KEY: ConsoleKey = { issuer: "https://console.example", secret: Buffer.alloc(32, 7) };

export interface TestConsole {
  readonly hub: Hub;
  readonly console: Console;
  readonly origin: string;
  /** Asks the console as its page does. */
  get(path: string, token?: string): Promise<Response>;
  post(path: string, headers?: Record<string, string>): Promise<Response>;
  /** Opens a stream of the hub. */
  open(query: string, token?: string): Promise<TestStream>;
  /** Opens the stream of the figures, with what reads it. */
  watch(): Promise<TestStream>;
}

/** What `artesian token mint --admin` gives. */
export function mintAdmin(rights: Rights = {}): Promise<string> {
  return mint({ publish: [exact("/.well-known/mercure/admin")], subscribe: [urlpattern("/console/*")], ...rights });
}

export async function startConsole(options: {
  open: boolean;
  sampleMs?: number;
  topics?: number;
  hub?: HubOptions;
  logger?: Logger;
}): Promise<TestConsole> {
  const { open, sampleMs = 50, topics } = options;
  const hub = createHub({
    ...TRUSTING,
    authorization: { issuers: [...(TRUSTING.authorization?.issuers ?? []), consoleIssuer(KEY)] },
    anonymous: true,
    anonymousPublish: true,
    reservedTopics: CONSOLE_TOPICS,
    drainMs: 200,
    ...options.hub,
  });
  const console = createConsole({ hub, open, key: open ? KEY : undefined, sampleMs, topics, logger: options.logger });
  const origin = await listen(createServer(hub.handler));
  onTestFinished(async () => {
    console.close();
    await hub.close();
  });
  const bearer = (token: string | undefined): Record<string, string> => (token === undefined ? {} : { Authorization: `Bearer ${token}` });
  const site: TestConsole = {
    hub,
    console,
    origin,
    get: (path, token) => console.fetch(new Request(`http://host/console/api/${path}`, { headers: bearer(token) })),
    post: (path, headers = { "Content-Type": "application/json" }) =>
      console.fetch(new Request(`http://host/console/api/${path}`, { method: "POST", headers, body: "{}" })),
    // What is counted must not depend on how well it compresses.
    open: (query, token) =>
      openStream(`${origin}/events/stream?${query}`, { headers: { ...bearer(token), "Accept-Encoding": "identity" } }),
    async watch() {
      const token = open ? ((await (await site.post("token")).json()) as StatsToken).token : await mintAdmin();
      return site.open("match=/console/stats", token);
    },
  };
  return site;
}

/** The next figures that fit. */
export async function sampleOf(stream: TestStream, fits: (sample: Sample) => boolean = () => true): Promise<Sample> {
  for (;;) {
    const sample = JSON.parse((await stream.next()).data) as Sample;
    if (fits(sample)) return sample;
  }
}

/** A token for everything but this hub. */
export function mintForAnother(): Promise<string> {
  return mintToken({
    key: { secret: Buffer.alloc(32, 9), algorithm: "HS256" },
    issuer: ISSUER,
    audience: HUB_URL,
    subject: "stranger",
    publish: [exact("/.well-known/mercure/admin")],
    subscribe: [],
    lifetimeSeconds: 600,
  });
}
