import { afterAll, beforeAll, describe, it } from "vitest";
import { MAJORS, nodeBinary } from "../../scripts/runtimes.mjs";
import { expectPromptness } from "./lib/expect-promptness.ts";
import { startCommand, startHttp2 } from "./lib/hub-process.ts";
import { measure } from "./lib/measure.ts";
import { createCleanup } from "./lib/programs.ts";
import { Table } from "./lib/results.ts";
import { type Hubs, WAYS } from "./lib/ways.ts";

const table = new Table(
  "nodes",
  MAJORS.map((major) => `Node ${major}`),
  WAYS.map(({ name }) => name),
);

afterAll(() => table.write());

describe.each(MAJORS)("a hub on Node %i delivers each event at once", (major) => {
  const cleanup = createCleanup();
  let hubs: Hubs;

  beforeAll(async () => {
    const node = nodeBinary(major);
    hubs = {
      one: await startCommand(cleanup.atEnd, node, ["--journal", "memory"]),
      workers: await startCommand(cleanup.atEnd, node, ["--workers", "2"]),
      http2: await startHttp2(cleanup.atEnd, node),
    };
  });

  afterAll(() => cleanup.run());

  it.concurrent.for(WAYS)("$name", async ({ name, hub, speech, startReader }, { expect, onTestFinished }) => {
    const { url } = hubs[hub];
    const measured = await measure({ startReader, speech, hubUrl: url, streamUrl: url, topic: name }, onTestFinished);
    table.set(`Node ${major}`, name, measured);
    expectPromptness(expect, measured);
  });
});
