import { Agent, request } from "node:http";
import { once } from "node:events";
import { constants } from "node:os";
import { expect, it, onTestFinished } from "vitest";
import type { Example } from "../examples/example.ts";
import { openStream, type TestStream } from "../support/stream.ts";
import { startApp } from "./start.ts";

/** Deno says it once, of any server whose responses are streams. */
const DENO_ADVICE = /^Deno\.serve: request\.signal aborts on successful responses .*\n/;

/** `react-router-serve` prints the error of its server's end, which is none. */
const SERVE_CLOSED = /^\n$/;

/** A route handler of Next.js can't send gzip: Next.js removes `Content-Encoding`. */
const PLAIN: ReadonlySet<string> = new Set(["next"]);

const OWN = "?match_urlpattern=/users/:me";

/** A browser's part of an application: a session and its streams. */
class Visitor {
  readonly #app: Example;
  #cookie = "";

  constructor(app: Example) {
    this.#app = app;
  }

  async login(user: string): Promise<this> {
    const answer = await this.post("/login", new URLSearchParams({ user }));
    // Else the page would stay, whose stream has ended and comes back late.
    expect([answer.status, answer.headers.get("Location")]).toEqual([303, "/"]);
    this.#cookie = answer.headers
      .getSetCookie()
      .map((cookie) => cookie.split(";")[0])
      .join("; ");
    return this;
  }

  /** Posts as a page of the application does. SvelteKit takes forms of its own pages only. */
  post(path: string, body?: BodyInit, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.#app.origin + path, {
      method: "POST",
      redirect: "manual",
      headers: { Cookie: this.#cookie, Origin: this.#app.origin, ...headers },
      ...(body === undefined ? {} : { body }),
    });
  }

  json(path: string, value: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.post(path, JSON.stringify(value), { "Content-Type": "application/json", ...headers });
  }

  open(path: string, headers: Record<string, string> = {}): Promise<TestStream> {
    return openStream(this.#app.origin + path, { headers: { Accept: "text/event-stream", Cookie: this.#cookie, ...headers } });
  }
}

const streamsOf = async (app: Example): Promise<number> =>
  ((await (await fetch(`${app.origin}/health`)).json()) as { streams: number }).streams;

/** Tests the application of a framework in `examples/frameworks`: all of them do the same. */
export function testFramework(file: string): void {
  it("notifies one user, and no other", async () => {
    const app = await startApp(file);
    const [ada, bob] = [await new Visitor(app).login("ada"), await new Visitor(app).login("bob")];
    const [forAda, forBob] = [await ada.open(`/api/live${OWN}`), await bob.open(`/api/live${OWN}&match=/users/ada`)];
    expect((await bob.json("/notify/ada", { text: "for Ada" })).status).toBe(201);
    const answer = await ada.json("/notify/bob", { text: "für Bob" });
    const { id } = (await answer.json()) as { id: string };
    expect((await forAda.next()).data).toBe("for Ada");
    expect(await forBob.next()).toMatchObject({ data: "für Bob", id });
    const nobody = await new Visitor(app).open(`/api/live${OWN}`);
    await nobody.ended;
    expect((await fetch(`${app.origin}/api/live${OWN}`)).status).toBe(401);
  });

  it("sends each event at once to a reader that takes gzip, behind the framework's compression", async () => {
    const app = await startApp(file);
    const ada = await new Visitor(app).login("ada");
    const page = await fetch(`${app.origin}/`, { headers: { "Accept-Encoding": "gzip" } });
    expect(page.headers.get("content-encoding")).toBe("gzip");
    expect(await page.text()).toContain("Notify one user");
    const stream = await ada.open(`/api/live${OWN}`, { "Accept-Encoding": "gzip" });
    expect(stream.response.headers.get("content-encoding")).toBe(PLAIN.has(file) ? null : "gzip");
    for (const text of ["1", "2", "3"]) {
      await ada.json("/notify/ada", { text });
      expect((await stream.next()).data).toBe(text);
    }
  });

  it("resumes, and forgets a stream that its reader has left", async () => {
    const app = await startApp(file);
    const ada = await new Visitor(app).login("ada");
    const stream = await ada.open(`/api/live${OWN}`);
    await ada.json("/notify/ada", { text: "1" });
    const { id = "" } = await stream.next();
    expect(await streamsOf(app)).toBe(1);
    stream.close();
    await expect.poll(() => streamsOf(app), { timeout: 5000 }).toBe(0);
    await ada.json("/notify/ada", { text: "2" });
    expect((await (await ada.open(`/api/live${OWN}`, { "Last-Event-ID": id })).next()).data).toBe("2");
  });

  it("lets a user's page publish by form and by JSON, where it is granted", async () => {
    const app = await startApp(file);
    const ada = await new Visitor(app).login("ada");
    const stream = await ada.open(`/api/live${OWN}`);
    expect((await ada.post("/api/live", new URLSearchParams({ topic: "/users/ada", data: "form" }))).status).toBe(200);
    expect((await ada.json("/api/live", { topic: "/users/ada", data: "JSON" })).status).toBe(200);
    expect((await stream.take(2)).map(({ data }) => data)).toEqual(["form", "JSON"]);
    expect((await ada.json("/api/live", { topic: "/users/bob", data: "x" })).status).toBe(403);
    expect((await ada.json("/api/live", { topic: "/users/ada", data: "x" }, { Origin: "https://evil.example" })).status).toBe(403);
  });

  it("sends at a route of its own what it has chosen, and no more", async () => {
    const app = await startApp(file);
    const ada = await new Visitor(app).login("ada");
    const stream = await ada.open("/orders/7?match=/users/bob");
    await ada.json("/notify/bob", { text: "for Bob" });
    expect((await fetch(`${app.origin}/orders/7`)).status).toBe(401);
    expect(await streamsOf(app)).toBe(1);
    stream.close();
    await expect.poll(() => streamsOf(app), { timeout: 5000 }).toBe(0);
  });

  it("keeps a stream while its session lasts, and ends it at logout within a second", { timeout: 30_000 }, async () => {
    const app = await startApp(file, { SESSION_MS: "5000" });
    const ada = await new Visitor(app).login("ada");
    const stream = await ada.open(`/api/live${OWN}`);
    let isOver = false;
    void stream.ended.then(() => (isOver = true));
    await new Promise((resolve) => setTimeout(resolve, 6500));
    await ada.json("/notify/ada", { text: "still here" });
    expect((await stream.next()).data).toBe("still here");
    expect(isOver).toBe(false);
    const beganMs = performance.now();
    expect((await ada.post("/logout")).status).toBe(204);
    await stream.ended;
    expect(performance.now() - beganMs).toBeLessThan(1000);
    expect((await ada.open(`/api/live${OWN}`)).response.status).toBe(200);
    await expect.poll(() => streamsOf(app)).toBe(0);
  });

  it.each(["SIGTERM", "SIGINT"] as const)("tells its readers at %s, and ends by itself", async (signal) => {
    const app = await startApp(file);
    const ada = await new Visitor(app).login("ada");
    const stream = await ada.open(`/api/live${OWN}`);
    // A connection that waits for its next request.
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    const [answer] = (await once(request(`${app.origin}/health`, { agent }).end(), "response")) as [NodeJS.ReadableStream];
    await once(answer.resume(), "end");
    const events: (string | undefined)[] = [];
    const end = (async () => {
      for (;;) events.push((await stream.nextOfAny()).event);
    })().catch(() => undefined);
    const beganMs = performance.now();
    const { code, signal: by, stderr } = await app.stop(signal);
    // NestJS ends itself by the signal once it has closed, and Next.js by its number.
    const isOwnEnd = (file === "nest.ts" && by === signal) || (file === "next" && code === 128 + constants.signals[signal]);
    expect([code === 0 || isOwnEnd, stderr.replace(file === "react-router" ? SERVE_CLOSED : DENO_ADVICE, "")]).toEqual([true, ""]);
    expect(performance.now() - beganMs).toBeLessThan(5000);
    await end;
    expect(events).toContain("hub:drain");
  });
}
