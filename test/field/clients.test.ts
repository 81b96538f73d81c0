import { afterAll, beforeAll, describe, it } from "vitest";
import { CLIENTS } from "./lib/clients.ts";
import type { StartReader } from "./lib/heard.ts";
import { expectPromptness } from "./lib/expect-promptness.ts";
import { type Front, FRONTS } from "./lib/fronts.ts";
import { overFetch } from "./lib/http-readers.ts";
import { type HubProcess, startCommand } from "./lib/hub-process.ts";
import { measure, type Measured } from "./lib/measure.ts";
import { type AtEnd, createCleanup } from "./lib/programs.ts";
import { Table } from "./lib/results.ts";

const cleanup = createCleanup();
const table = new Table(
  "clients",
  CLIENTS.map(({ name }) => name),
  FRONTS.map(({ name }) => name),
);
const origins = new Map<string, string>();
const readers = new Map<string, StartReader>();
let hub: HubProcess;

beforeAll(async () => {
  hub = await startCommand(cleanup.atEnd, process.execPath, ["--journal", "memory"]);
  for (const front of FRONTS) origins.set(front.name, await front.start(cleanup.atEnd, hub.port));
  for (const client of CLIENTS) readers.set(client.name, await client.prepare(cleanup.atEnd));
});

afterAll(async () => {
  table.write();
  await cleanup.run();
});

describe.concurrent.each(CLIENTS)("$name", ({ name, holdsBack }) => {
  const holding = FRONTS.filter((front) => holdsBack?.(front.name));
  const prompt = FRONTS.filter((front) => !holding.includes(front));

  it.concurrent.for(prompt)("hears each event at once: $name", async (front, { expect, onTestFinished }) => {
    expectPromptness(expect, await measureCell(front, onTestFinished));
  });

  // Once such a client hears, the docs may say so.
  it.concurrent.for(holding)("holds events back itself, as the docs say: $name", async (front, { expect, onTestFinished }) => {
    expect((await measureCell(front, onTestFinished)).second).toBeUndefined();
  });

  async function measureCell(front: Front, atEnd: AtEnd): Promise<Measured> {
    const streamUrl = `${origins.get(front.name)}/events/stream`;
    const startReader = readers.get(name) as StartReader;
    const topic = `${name}, ${front.name}`.replaceAll(/\W+/g, "-");
    const cell = { startReader, speech: overFetch, hubUrl: hub.url, streamUrl, topic, holdsBack: holding.includes(front) };
    const measured = await measure(cell, atEnd);
    table.set(name, front.name, measured);
    return measured;
  }
});
