import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryDirectory } from "../support/directory.ts";
import { openStream } from "../support/stream.ts";
import { TRACE_ID, TRACEPARENT } from "../opentelemetry/traceparent.ts";
import { messagesIn, type Run, runToEnd, type RunOptions, send, startServer } from "./command.ts";
import { FORM, openAtEach, openLineToEach, startPool } from "./worker-pool.ts";

const SDK = new URL("./tracing-sdk.mjs", import.meta.url).href;

/** A span as the SDK of {@link SDK} writes it. */
interface WrittenSpan {
  readonly pid: number;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parent: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly string[];
}

/** A run with an SDK, and the function that stops it and reads its spans. */
function withSdk(): { options: RunOptions; spansOf: (run: Run) => Promise<readonly WrittenSpan[]> } {
  const file = join(temporaryDirectory(), "spans");
  return {
    options: { env: { NODE_OPTIONS: `--import ${SDK}`, SPANS: file } },
    async spansOf(run) {
      run.child.kill("SIGTERM");
      expect(await run.exit).toBe(0);
      if (!existsSync(file)) return [];
      const lines = readFileSync(file, "utf8").trimEnd().split("\n");
      return lines.map((line) => JSON.parse(line) as WrittenSpan);
    },
  };
}

/** Hides the package from the command, as where it is not installed. */
const HIDING = `import { register } from "node:module";
register("data:text/javascript," + encodeURIComponent(\`export const resolve = (name, context, next) =>
  next(name, name.startsWith("@opentelemetry/") ? { ...context, parentURL: "file:///nowhere/module.mjs" } : context);\`));`;
const WITHOUT_PACKAGE = { env: { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(HIDING)}` } };

describe("artesian serve --tracing", () => {
  test("gives its spans to the SDK, the last at the end", async () => {
    const { options, spansOf } = withSdk();
    const { run, hub } = await startServer(["--tracing", "--journal", "memory"], options);
    const stream = await openStream(`${hub}?match=a`);
    const headers = { ...FORM, traceparent: TRACEPARENT };
    expect((await send(hub, { method: "POST", headers: { ...headers, "content-length": 14 } }, "topic=a&data=1")).status).toBe(200);
    await stream.next();
    expect(run.stderr).not.toContain("no OpenTelemetry SDK");
    const spans = await spansOf(run);
    const publish = spans.find(({ name }) => name === "publish");
    expect(publish?.traceId).toBe(TRACE_ID);
    expect(spans.find(({ name }) => name === "append")?.parent).toBe(publish?.spanId);
    expect(spans.find(({ name }) => name === "dispatch")?.links).toEqual([publish?.spanId]);
    expect(spans.find(({ name }) => name === "subscribe")?.attributes).toMatchObject({ "artesian.live": true });
  });

  test("of two workers gives those of each, and a dispatch links to the publishes of its own process", async () => {
    const { options, spansOf } = withSdk();
    const pool = await startPool(["--workers", "2", "--tracing"], options);
    const workers = pool.workers();
    const streams = await openAtEach(pool, `${pool.hub}?match=a`);
    for (const line of await openLineToEach(pool)) {
      expect((await line.send("/events/stream", "POST", `topic=a&data=${line.worker}`)).status).toBe(200);
      for (const stream of streams) await stream.next();
    }
    const spans = await spansOf(pool.run);
    const named = (name: string, pid: number): readonly WrittenSpan[] => spans.filter((span) => span.name === name && span.pid === pid);
    for (const pid of workers) {
      const [publish, ...others] = named("publish", pid);
      expect(others).toEqual([]);
      expect(named("append", pid).map(({ parent }) => parent)).toEqual([publish?.spanId]);
      // Each has given both updates to its subscriber, and has begun one of them.
      const links = named("dispatch", pid).map((dispatch) => dispatch.links);
      expect(links.toSorted((a, b) => a.length - b.length)).toEqual([[], [publish?.spanId]]);
    }
  });

  test("warns while no SDK is registered", async () => {
    const { run, hub } = await startServer(["--tracing", "--journal", "memory"]);
    expect((await send(hub, { method: "POST", headers: FORM }, "topic=a&data=1")).status).toBe(200);
    expect(messagesIn(run.stderr)).toContain("no OpenTelemetry SDK is registered");
  });

  test.each([["serve"], ["serve --workers 2"], ["config check"]])(
    "says what to install where the package is missing: %s",
    async (command) => {
      const args = [...command.split(" "), "--tracing", "--anonymous", "--anonymous-publish"];
      const { code, stderr, stdout } = await runToEnd(args, WITHOUT_PACKAGE);
      expect(code).toBe(1);
      expect(stderr + stdout).toMatch(
        /--tracing .*: the package @opentelemetry\/api is not installed\. Install it beside Artesian, with an SDK: {2}npm install @opentelemetry\/api /,
      );
    },
  );
});

test("artesian serve without --tracing needs no package, and gives an SDK nothing", async () => {
  const bare = await startServer(["--journal", "memory"], WITHOUT_PACKAGE);
  expect((await send(bare.hub, { method: "POST", headers: FORM }, "topic=a&data=1")).status).toBe(200);
  const { options, spansOf } = withSdk();
  const { run, hub } = await startServer(["--journal", "memory"], options);
  expect((await send(hub, { method: "POST", headers: FORM }, "topic=a&data=1")).status).toBe(200);
  expect(await spansOf(run)).toEqual([]);
});
