import { describe, expect, test, vi } from "vitest";
import { createLanding, type LandingOptions } from "../../../demo/src/landing/server/index.ts";
import { LEAST_AGE_MS } from "../../../demo/src/landing/server/landing.ts";

const ORIGIN = "http://127.0.0.1:3000";

function start(options: Partial<LandingOptions> = {}): {
  kill: ReturnType<typeof vi.fn>;
  ask: (path: string, init?: RequestInit) => Promise<Response>;
} {
  const kill = vi.fn();
  const logger = { debug() {}, info() {}, warn() {}, error() {}, fatal() {} } as unknown as LandingOptions["logger"];
  const landing = createLanding({ cannotKill: undefined, publicUrl: undefined, logger, kill, ageMs: () => LEAST_AGE_MS, ...options });
  return { kill, ask: (path, init) => landing.fetch(new Request(ORIGIN + path, init)) };
}

const FROM_PAGE: RequestInit = { method: "POST", headers: { Origin: ORIGIN } };

describe("the landing page's server part", () => {
  test("tells about its process", async () => {
    const { ask } = start({ publicUrl: "https://demo.example" });
    const answer = await ask("/demo/server");
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
    expect(await answer.json()).toEqual({ process: process.pid, publicUrl: "https://demo.example" });
  });

  test("kills itself after the answer, once, at a POST from its own page", async () => {
    const { ask, kill } = start();
    const answer = await ask("/demo/server/kill", FROM_PAGE);
    expect([answer.status, await answer.json()]).toEqual([202, { process: process.pid }]);
    expect(kill).not.toHaveBeenCalled();
    expect((await ask("/demo/server/kill", FROM_PAGE)).status).toBe(429);
    await vi.waitFor(() => expect(kill).toHaveBeenCalledTimes(1));
  });

  test.each([
    ["a client without a page", undefined],
    ["a page of another origin", "https://other.example"],
    ["a page of another port", "http://127.0.0.1:3001"],
    ["a page without an origin", "null"],
  ])("refuses %s", async (_, origin) => {
    const { ask, kill } = start();
    const answer = await ask("/demo/server/kill", { method: "POST", headers: origin === undefined ? {} : { Origin: origin } });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([403, "origin_forbidden"]);
    expect(kill).not.toHaveBeenCalled();
  });

  test("takes pages of its public URL for its own", async () => {
    const { ask } = start({ publicUrl: "https://demo.example/" });
    const answer = await ask("/demo/server/kill", { method: "POST", headers: { Origin: "https://demo.example" } });
    expect(answer.status).toBe(202);
  });

  test("refuses every other method", async () => {
    const { ask, kill } = start();
    for (const method of ["GET", "PUT", "DELETE"]) {
      const answer = await ask("/demo/server/kill", { method, headers: { Origin: ORIGIN } });
      expect([answer.status, answer.headers.get("Allow")]).toEqual([405, "POST"]);
    }
    expect((await ask("/demo/server", FROM_PAGE)).status).toBe(405);
    expect(kill).not.toHaveBeenCalled();
  });

  test("lets a new process live for a while, for every asker", async () => {
    let ageMs = LEAST_AGE_MS - 2500;
    const { ask, kill } = start({ ageMs: () => ageMs });
    const answer = await ask("/demo/server/kill", FROM_PAGE);
    expect([answer.status, answer.headers.get("Retry-After")]).toEqual([429, "3"]);
    expect(kill).not.toHaveBeenCalled();
    ageMs = LEAST_AGE_MS;
    expect((await ask("/demo/server/kill", FROM_PAGE)).status).toBe(202);
  });

  test.each(["memory", "single"] as const)("says so where a kill would do harm: %s", async (cannotKill) => {
    const { ask, kill } = start({ cannotKill });
    expect(await (await ask("/demo/server")).json()).toMatchObject({ cannotKill });
    const answer = await ask("/demo/server/kill", FROM_PAGE);
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([409, "cannot_kill"]);
    expect(kill).not.toHaveBeenCalled();
  });
});
