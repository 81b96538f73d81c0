import { describe, expect, onTestFinished, test } from "vitest";
import { send, startServer, type Run } from "../cli/command.ts";
import { type Proxy, startProxy } from "../field/lib/proxy.ts";
import { apache } from "../field/proxies/apache.ts";
import { caddy } from "../field/proxies/caddy.ts";
import { promptHaproxy } from "../field/proxies/haproxy.ts";
import { freePort } from "../support/free-port.ts";
import { openStream } from "../support/stream.ts";

const FORM = { "Content-Type": "application/x-www-form-urlencoded" };

/** The addresses in the access log, by the value of `match`. */
async function addressOf(run: Run, match: string): Promise<string | undefined> {
  const [line] = await run.waitFor("stderr", new RegExp(`^.*match=${match}.*"msg":"request"\\}$`, "m"));
  return (JSON.parse(line) as { address?: string }).address;
}

/** A proxy that speaks HTTP/2 without TLS to the hub. @param change - What differs in its configuration. */
function overHttp2(proxy: Proxy, change: (config: string, upstream: number) => string): Proxy {
  return {
    ...proxy,
    name: `${proxy.name}, HTTP/2 to the hub`,
    files: (place) => Object.fromEntries(Object.entries(proxy.files(place)).map(([name, text]) => [name, change(text, place.upstream)])),
  };
}

describe.each([
  [caddy, true],
  [overHttp2(caddy, (config, port) => config.replace(`127.0.0.1:${port}`, `h2c://127.0.0.1:${port}`)), true],
  [promptHaproxy, true],
  [overHttp2(promptHaproxy, (config) => config.replace("rise 1", "rise 1 proto h2 check-proto h1")), true],
  [apache, false],
])("docs/operate/proxies.md: $name", (proxy, answersWhileAway) => {
  test("passes updates at once, and the client's own address", async () => {
    const { run, url } = await startServer(["--journal", "memory", "--trusted-proxies", "127.0.0.1", "--access-log", "--heartbeat", "1s"]);
    const origin = await startProxy(onTestFinished, proxy, Number(new URL(url).port));
    const hub = `${origin}/events/stream`;
    // Both fields that a client could write are ignored.
    const forged = { "X-Forwarded-For": "203.0.113.9", Forwarded: "for=203.0.113.9" };
    await expect.poll(async () => (await send(`${origin}/health`)).status).toBe(200);
    const stream = await openStream(`${hub}?match=first`, { headers: forged });
    for (let i = 0; i < 5; i++) {
      expect((await send(hub, { method: "POST", headers: FORM }, `topic=first&data=${i}`)).status).toBe(200);
      const began = performance.now();
      expect((await stream.next()).data).toBe(String(i));
      // HAProxy without its option holds each for 200 ms.
      expect(performance.now() - began).toBeLessThan(1000);
    }
    stream.close();
    // A client on the loopback has no address of its own. What it wrote would be one.
    expect(await addressOf(run, "first")).toBe("unknown");
  });

  test("tells subscribers to come back while the hub is away, and publishers that nothing was published", async () => {
    const port = await freePort();
    const args = ["--journal", "memory", "--port", `${port}`];
    const { run } = await startServer(args);
    const origin = await startProxy(onTestFinished, proxy, port);
    const hub = `${origin}/events/stream`;
    const publish = async (): Promise<number | undefined> => (await send(hub, { method: "POST", headers: FORM }, "topic=a&data=b")).status;
    await expect.poll(publish).toBe(200);
    run.child.kill("SIGKILL");
    await run.exit;
    await expect.poll(publish).toBeGreaterThanOrEqual(502);
    const subscribe = async (): Promise<unknown> => {
      const { status, headers, body } = await send(`${hub}?match=a`, { headers: { Accept: "text/event-stream" } });
      return { status, type: headers["content-type"], body };
    };
    const away = { status: 200, type: expect.stringMatching(/^text\/event-stream/), body: "retry: 3000\n\n" };
    await expect.poll(subscribe).toMatchObject(answersWhileAway ? away : { status: 503 });
    await startServer(args);
    await expect.poll(publish, { timeout: 90_000 }).toBe(200);
  });
});
