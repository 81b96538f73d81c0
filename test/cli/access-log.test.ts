import { describe, expect, test } from "vitest";
import { openStream } from "../support/stream.ts";
import { send, startServer, type Run } from "./command.ts";

interface AccessLine {
  readonly msg: string;
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly ms: number;
  readonly bytes?: number;
  readonly address?: string;
}

const MEMORY = ["--journal", "memory"];

function linesOf(run: Run): readonly AccessLine[] {
  const lines = run.stderr.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as AccessLine).filter(({ msg }) => msg === "request");
}

/** Waits for the line of a path. */
async function lineOf(run: Run, path: RegExp): Promise<AccessLine> {
  const found = (): AccessLine | undefined => linesOf(run).find((line) => path.test(line.path));
  await expect.poll(found).toBeDefined();
  return found() as AccessLine;
}

describe("the access log", () => {
  test("has a line for each request at its end, also with a log of warnings alone", async () => {
    const { run, url, hub } = await startServer([...MEMORY, "--access-log", "--log-level", "warn"]);
    // Read without Node's parser, and with it.
    const published = await send(
      hub,
      { method: "POST", headers: { "Content-Type": "application/x-www-form-urlencoded" } },
      "topic=a&data=b",
    );
    expect(published.status).toBe(200);
    await fetch(`${hub}?match=${"x".repeat(3000)}`);
    expect(await lineOf(run, /^\/events\/stream$/)).toMatchObject({
      method: "POST",
      status: 200,
      address: "127.0.0.1",
      id: published.headers["x-request-id"],
    });
    const refused = await lineOf(run, /^\/events\/stream\?match=x{100,}/);
    expect(refused).toMatchObject({ method: "GET", status: 400, bytes: expect.any(Number) });
    expect(refused.path.length).toBe(500);
    const page = await fetch(`${url}/nothing`, { headers: { "X-Request-Id": "of-a-client" } });
    expect(await lineOf(run, /^\/nothing/)).toMatchObject({ status: 404, id: page.headers.get("x-request-id") });
    expect(page.headers.get("x-request-id")).not.toBe("of-a-client");

    const stream = await openStream(`${hub}?match=a`);
    expect(linesOf(run).filter(({ path }) => path.includes("match=a"))).toEqual([]);
    stream.close();
    expect(await lineOf(run, /match=a$/)).toMatchObject({ method: "GET", status: 200, bytes: expect.any(Number), ms: expect.any(Number) });
    expect((await fetch(`${url}/health`)).status).toBe(200);
    run.child.kill("SIGTERM");
    expect(await run.exit).toBe(0);
    expect(run.stderr).not.toContain("/health");
  });

  test("hides tokens in addresses, and takes the ids of trusted proxies over", async () => {
    const { run, hub } = await startServer([...MEMORY, "--access-log", "--compat", "0.x", "--trusted-proxies", "127.0.0.1"]);
    const headers = { "X-Request-Id": "req-42", "X-Forwarded-For": "203.0.113.9" };
    const response = await fetch(`${hub}?match=a&authorization=eyJhbGciOi.secret.x&last=1`, { headers });
    await response.body?.cancel();
    expect(response.headers.get("x-request-id")).toBe("req-42");
    expect(await lineOf(run, /match=a/)).toMatchObject({
      id: "req-42",
      address: "203.0.113.9",
      path: expect.stringMatching(/authorization=…&last=1$/),
    });
    expect(run.stderr).not.toContain("secret");
    const forged = await fetch(`${hub}?match=%0A`, { headers: { "X-Request-Id": `x"} {` } });
    await forged.body?.cancel();
    expect(forged.headers.get("x-request-id")).toMatch(/^[\da-f-]{36}$/);
  });

  test("is off unless it is asked for", async () => {
    const { run, hub } = await startServer(MEMORY);
    const response = await fetch(`${hub}?match=a`);
    expect(response.headers.get("x-request-id")).toBeNull();
    await response.body?.cancel();
    run.child.kill("SIGTERM");
    await run.exit;
    expect(linesOf(run)).toEqual([]);
  });
});
