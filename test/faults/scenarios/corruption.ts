import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom, type Random } from "../../support/random.ts";
import { check } from "../checker/check.ts";
import type { Entry, Publish, SubscriberLog } from "../checker/history.ts";
import { atEnd } from "../lib/cleanup.ts";
import { sleep } from "../lib/clock.ts";
import { DAMAGES } from "../lib/damage.ts";
import { readHeld } from "../lib/held.ts";
import { HubServer } from "../lib/hub-server.ts";
import { readLines } from "../lib/ndjson.ts";
import { PublisherProcess } from "../lib/program.ts";
import type { Scenario, ScenarioOptions } from "../lib/scenario.ts";
import { PRIVATE_TOPICS, standardLanes, TOPICS, witness } from "../lib/standard-load.ts";
import { figure } from "../lib/tally.ts";
import { mint } from "../lib/tokens.ts";

const UPDATES = 3000;
/** What the server says when a journal turns out to be damaged while it runs. */
const UNUSABLE = /the journal cannot be used/;
/** What the server says of a journal that it does not open. */
const REFUSAL = /The journal in \S+ is damaged: |format \S+; this version/;

export const corruption: Scenario = {
  name: "corruption",
  promise: "R15",
  what: "bits, sectors and pages of a journal's files are changed, or their end is cut off, after a stop and after a kill; then the server is started and all is read",
  run: async (options) => {
    const directory = mkdtempSync(join(tmpdir(), "artesian-faults-corruption-"));
    const remove = atEnd(() => rmSync(directory, { recursive: true, force: true }));
    try {
      await damageAgainAndAgain(directory, options);
    } finally {
      remove();
    }
  },
};

interface Original {
  readonly path: string;
  readonly publishes: readonly Publish[];
  /** What a subscriber received of it before it was damaged: the order of all. */
  readonly reference: SubscriberLog;
}

async function damageAgainAndAgain(directory: string, { full, seed, report, progress, violation }: ScenarioOptions): Promise<void> {
  const random = createRandom(seed);
  const server = await HubServer.create({ data: join(directory, "data"), directory });
  const originals = [await makeOriginal(server, directory, "stop", random), await makeOriginal(server, directory, "kill", random)];
  const outcomes: Record<Outcome, number> = {
    "read in full": 0,
    "read with gaps": 0,
    "unavailable (503)": 0,
    refused: 0,
    "refused after a crash": 0,
  };
  const kinds = Object.entries(DAMAGES);
  const rounds = full ? 50 : 2;
  for (let round = 0; round < rounds; round++) {
    for (const [kind, damage] of kinds) {
      // So that each kind meets both originals.
      const original = originals[(round + Math.floor(round / 2)) % originals.length] as Original;
      rmSync(join(directory, "data"), { recursive: true, force: true });
      copy(original.path, join(directory, "data"));
      damage(join(directory, "data", "journal"), random);
      const { outcome, wrong } = await tryIt(server, original);
      outcomes[outcome]++;
      for (const text of wrong) violation(`${kind} (round ${round + 1}): ${text}`);
      report({ name: "damages", value: figure(Object.values(outcomes).reduce((sum, count) => sum + count, 0)) });
      for (const [name, count] of Object.entries(outcomes)) report({ name, value: figure(count) });
    }
    progress(`${round + 1} of ${rounds} rounds of ${kinds.length} damages`);
  }
}

/** Node itself refuses to copy the socket that a killed process left. */
function copy(from: string, to: string): void {
  execFileSync("cp", ["-a", from, to]);
}

async function makeOriginal(server: HubServer, directory: string, how: "stop" | "kill", random: Random): Promise<Original> {
  const data = join(directory, "data");
  const log = join(directory, `publishes-${how}.ndjson`);
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data);
  await server.start();
  const publisher = new PublisherProcess({
    hub: server.hub,
    token: await mint({ publish: ["*"] }),
    log,
    seed: random.below(2 ** 31),
    lanes: standardLanes(8),
    topics: TOPICS,
    privateTopics: PRIVATE_TOPICS,
    perSecond: Infinity,
    mostBytes: 10_000,
    updates: UPDATES,
  });
  await publisher.reach(UPDATES, 60_000);
  await publisher.stop(10_000);
  const { entries } = await readHeld(server.hub);
  if (how === "kill") await server.kill("everything");
  else await server.terminate();
  const path = join(directory, `original-${how}`);
  copy(data, path);
  return { path, publishes: [...readLines<Publish>(log)], reference: { subscription: await witness("reference"), entries } };
}

type Outcome = "read in full" | "read with gaps" | "unavailable (503)" | "refused" | "refused after a crash";

/** Starts the server on what is left, as a supervisor would: once more when it crashed. */
async function tryIt(server: HubServer, original: Original): Promise<{ readonly outcome: Outcome; readonly wrong: readonly string[] }> {
  let crashes = 0;
  for (;;) {
    const said = logLength(server);
    try {
      await server.start();
      const { entries, status } = await readHeld(server.hub);
      const isUnusable = UNUSABLE.test(readFileSync(server.log, "utf8").slice(said));
      const wrong = judge(
        original,
        await witness("witness"),
        entries.map((entry) => inEpochOf(original, entry)),
        isUnusable,
      );
      // With a journal that can't be written any more, it goes on to serve what can be read.
      if (status !== 200 && status !== 503) wrong.push(`a publish was answered with ${status}`);
      await server.terminate();
      if (isUnusable) return { outcome: "unavailable (503)", wrong };
      return { outcome: entries.some(({ kind }) => kind === "gap") ? "read with gaps" : "read in full", wrong };
    } catch (error) {
      // A crash while it is read from is no other than one at the start.
      if (server.runs && !(await endsBySelf(server))) {
        await server.kill("everything");
        return { outcome: "refused", wrong: [`${String(error)} ${server.complaints().slice(-500)}`] };
      }
      const text = readFileSync(server.log, "utf8").slice(said);
      if (REFUSAL.test(text)) return { outcome: crashes > 0 ? "refused after a crash" : "refused", wrong: [] };
      if (++crashes > 1)
        return { outcome: "refused after a crash", wrong: [`it crashed again and again without a word: ${text.slice(-500)}`] };
    }
  }
}

/** What was copied to the place of the journal is a new epoch: the same updates have the same offsets in it. */
function inEpochOf({ publishes }: Original, entry: Entry): Entry {
  // Some updates have ids of their publishers.
  const [epoch] = publishes.flatMap(({ id = "" }) => /^#[\w-]{8}:/.exec(id)?.[0] ?? []);
  return entry.kind === "update" && epoch !== undefined ? { ...entry, id: entry.id.replace(/^#[\w-]{8}:/, epoch) } : entry;
}

async function endsBySelf(server: HubServer): Promise<boolean> {
  return Promise.race([server.ended().then(() => true), sleep(2000).then(() => false)]);
}

function logLength(server: HubServer): number {
  try {
    return readFileSync(server.log, "utf8").length;
  } catch {
    return 0;
  }
}

/** @param isCutShort - Whether subscribers were told to come back before they had all. */
function judge(
  { publishes, reference }: Original,
  subscription: SubscriberLog["subscription"],
  entries: readonly Entry[],
  isCutShort: boolean,
): string[] {
  const { examples } = check({ publishes, subscribers: [reference, { subscription, entries }] });
  return examples.filter(({ kind }) => !(isCutShort && kind === "lost")).map(({ kind, update, detail }) => `${kind}: ${update}: ${detail}`);
}
