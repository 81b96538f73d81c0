import { spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { temporaryDirectory } from "../support/directory.ts";
import { MAIN } from "./command.ts";

const PAUSE_MS = 50;
/** Larger than what a QUERY may have. */
const BODY = Buffer.alloc(256 * 1024, "%&");
/** The first collection sets the bound of the heap, after some seconds. */
const WARM_UP = 200;
const MEASURED = 200;
/** Without growth there were 18 in that time, on Node 20. */
const MOST = 8;

it("large bodies do not make V8 collect the whole heap again and again", async () => {
  const flags = ["serve", "--port", "0", "--data", temporaryDirectory(), "--workers", "1", "--anonymous", "--anonymous-publish"];
  const server = spawn(process.execPath, ["--trace-gc", MAIN, ...flags], { stdio: ["ignore", "pipe", "ignore"] });
  onTestFinished(async () => {
    server.kill();
    await once(server, "exit");
  });
  let said = "";
  server.stdout.setEncoding("utf8").on("data", (part: string) => (said += part));
  await expect.poll(() => said).toMatch(/^listening on /m);
  const [, origin = ""] = /^listening on (\S+)$/m.exec(said) ?? [];
  const collections = (): number => said.match(/Mark-Compact/g)?.length ?? 0;
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const statuses = new Set<number | undefined>();
  const headers = { "content-type": "application/x-www-form-urlencoded", "content-length": BODY.length };
  const ask = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const asked = request(`${origin}/events/stream`, { method: "QUERY", agent, headers });
      asked.on("response", (res) => statuses.add(res.resume().statusCode)).on("error", () => undefined);
      asked.end(BODY);
      await pause(PAUSE_MS);
    }
  };
  await ask(WARM_UP);
  const before = collections();
  await ask(MEASURED);
  expect(collections() - before).toBeLessThanOrEqual(MOST);
  expect([...statuses]).toEqual([413]);
});
