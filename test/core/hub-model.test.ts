import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { type IdCipher, parseCursor } from "../../packages/hub/src/core/journal/cursor.ts";
import type { HubCore } from "../../packages/hub/src/core/hub-core.ts";
import { opaqueIds } from "../../packages/hub/src/http/opaque-ids.ts";
import { dataOf, filledOut, ModelReader, type ModelUpdate, NaiveHub, openHub, type ReaderPlan } from "./hub-model-support.ts";

const SEED = Number(process.env["SEED"] ?? 2026);
/** Updates that the journal holds. */
const HELD = 12;
const SLOTS = 4;
const TOPICS = ["a", "b", "c"];
/** Turns of the loop after which nothing moves any more. */
const CALM_TURNS = 5;

interface Model {
  readonly hub: NaiveHub;
  readonly readers: ExpectedReader[];
}

/** What a reader must have received, once it is not stopped, and the gaps that it must have been told of. */
interface ExpectedReader {
  expected: string[];
  gaps: number;
  readonly plan: ReaderPlan;
  isStopped: boolean;
}

interface Real {
  readonly directory: string;
  hub: HubCore;
  epoch: string;
  readonly readers: ModelReader[];
  /** How the hub's own event ids look; undefined: as the model's. */
  readonly idCipher: IdCipher | undefined;
}

type Step = fc.AsyncCommand<Model, Real>;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Waits until every reader that is not stopped has come to its end, and compares all of them with the model. */
async function settle(model: Model, real: Real): Promise<void> {
  const deadline = performance.now() + 500;
  while (!model.readers.every((reader, i) => isThere(reader, real.readers[i] as ModelReader)) && performance.now() < deadline) await turn();
  for (let i = 0; i < CALM_TURNS; i++) await turn();
  for (const [i, reader] of model.readers.entries()) {
    const { received, gaps } = real.readers[i] as ModelReader;
    if (gaps > reader.gaps) leaveOutGap(reader, received, gaps, model.hub.head);
    expect(received, `reader ${i}`).toEqual(reader.isStopped ? reader.expected.slice(0, received.length) : reader.expected);
    if (!reader.isStopped) expect(gaps, `gaps of reader ${i}`).toBe(reader.gaps);
  }
}

function isThere({ expected, gaps, isStopped }: ExpectedReader, real: ModelReader): boolean {
  return isStopped || real.received.length === expected.length || real.gaps > gaps;
}

/** A reader that was behind was told that some are not held any more: then those may be missing, and no others. */
function leaveOutGap(reader: ExpectedReader, received: readonly string[], gaps: number, head: number): void {
  const { expected } = reader;
  const from = received.findIndex((data, i) => data !== expected[i]);
  const missing = from < 0 ? [] : expected.slice(from, expected.indexOf(received[from] as string, from));
  // What comes after the gap is not there yet.
  if (missing.length === 0 && reader.isStopped) return;
  for (const data of missing) expect(Number.parseInt(data, 10), "what is missing after a gap").toBeLessThan(head);
  expected.splice(from, missing.length);
  reader.gaps = gaps;
}

/** It comes back with what it saw last, as the model says that it must go on. */
async function reconnect(index: number, model: Model, real: Real, isStopped = false): Promise<void> {
  const expected = model.readers[index];
  const reader = real.readers[index];
  if (expected === undefined || reader === undefined) return;
  const { plan } = expected;
  const { lastEventId } = reader;
  const seen = lastEventId === undefined ? undefined : (real.idCipher?.open(lastEventId) ?? lastEventId);
  const at = model.hub.find(seen, real.epoch);
  const cursor = parseCursor(seen ?? "");
  const missed = expected.expected.slice(reader.received.length);
  // What it was not sent is after its cursor, or is not held any more: nothing may be passed over in silence.
  if (at !== undefined && cursor !== undefined)
    expect(model.hub.after(at, plan).slice(0, missed.length), "what is resumed").toEqual(missed);
  expected.expected = [...reader.received, ...model.hub.after(at ?? model.hub.head - 1, plan)];
  if (at === undefined) expected.gaps++;
  reader.isStopped = isStopped;
  expected.isStopped = isStopped;
  await reader.connect(real.hub);
}

/** An update to be published, and how much filling its data has: of large ones, few fit into a write. */
type Draft = Omit<ModelUpdate, "data"> & { readonly filling: number };

class Publish implements Step {
  readonly updates: readonly Draft[];
  constructor(updates: readonly Draft[]) {
    this.updates = updates;
  }
  check = (): boolean => true;
  async run(model: Model, real: Real): Promise<void> {
    const first = model.hub.updates.length + 1;
    const updates = this.updates.map(({ filling, ...update }, i): ModelUpdate => ({ ...update, data: dataOf(first + i, filling) }));
    const ids = await real.hub.publisher.publishBatch(
      updates.map(({ topics, data, ...rest }) => ({ topic: topics, data: filledOut(data), ...rest })),
    );
    const own = updates.map((_, i) => `#${real.epoch}:${(first + i).toString(36)}`);
    expect(ids).toEqual(updates.map(({ id }, i) => id ?? real.idCipher?.seal(own[i] as string) ?? own[i]));
    model.hub.updates.push(...updates);
    for (const reader of model.readers) reader.expected.push(...model.hub.after(first - 1, reader.plan));
    await settle(model, real);
  }
  toString = (): string => `publish ${JSON.stringify(this.updates)}`;
}

class Subscribe implements Step {
  readonly plan: ReaderPlan;
  readonly from: string | undefined;
  constructor(plan: ReaderPlan, from: string | undefined) {
    this.plan = plan;
    this.from = from;
  }
  check = ({ readers }: Readonly<Model>): boolean => readers.length < SLOTS;
  async run(model: Model, real: Real): Promise<void> {
    const reader = new ModelReader(this.plan);
    reader.lastEventId = this.from;
    real.readers.push(reader);
    model.readers.push({ expected: [], gaps: 0, plan: this.plan, isStopped: false });
    await reconnect(real.readers.length - 1, model, real);
    await settle(model, real);
  }
  toString = (): string => `subscribe ${JSON.stringify(this.plan)} from ${this.from}`;
}

/** One that takes one write, and one that comes back, may be stopped before and after. */
const DEEDS = ["stop", "go on", "take one write", "reconnect", "reconnect stopped"] as const;

/** What is done to one reader. */
class OnReader implements Step {
  readonly what: (typeof DEEDS)[number];
  readonly slot: number;
  constructor(what: OnReader["what"], slot: number) {
    this.what = what;
    this.slot = slot;
  }
  check = ({ readers }: Readonly<Model>): boolean => this.slot < readers.length;
  async run(model: Model, real: Real): Promise<void> {
    const reader = real.readers[this.slot] as ModelReader;
    const expected = model.readers[this.slot] as ExpectedReader;
    if (this.what === "reconnect" || this.what === "reconnect stopped") {
      reader.disconnect();
      await reconnect(this.slot, model, real, this.what === "reconnect stopped");
    } else if (this.what === "take one write") reader.drained();
    else {
      expected.isStopped = this.what === "stop";
      if (expected.isStopped) reader.isStopped = true;
      else reader.goOn();
    }
    await settle(model, real);
  }
  toString = (): string => `${this.what} ${this.slot}`;
}

/** The hub ends, and another one starts on the same journal; one of the readers may be stopped from then on. */
class Reopen implements Step {
  readonly stopped: number | undefined;
  constructor(stopped: number | undefined) {
    this.stopped = stopped;
  }
  check = (): boolean => true;
  async run(model: Model, real: Real): Promise<void> {
    await real.hub.close();
    real.hub = await openHub(real.directory, HELD, real.idCipher);
    for (const index of real.readers.keys()) await reconnect(index, model, real, index === this.stopped);
    await settle(model, real);
  }
  toString = (): string => `close and open again${this.stopped === undefined ? "" : `, ${this.stopped} stopped`}`;
}

/** What is rare by chance: a reader is behind what a new hub has in memory, and then also behind what is held. */
class FallBehind implements Step {
  readonly slot: number;
  readonly #steps: readonly Step[];
  constructor(slot: number, drafts: readonly Draft[]) {
    this.slot = slot;
    const before = [new OnReader("stop", slot), new Publish(drafts.slice(0, 2)), new Publish(drafts.slice(2, 5))];
    this.#steps = [...before, new Reopen(slot), new Publish(drafts.slice(5)), new OnReader("go on", slot)];
  }
  check = ({ readers }: Readonly<Model>): boolean => this.slot < readers.length;
  async run(model: Model, real: Real): Promise<void> {
    for (const step of this.#steps) await step.run(model, real);
  }
  toString = (): string => this.#steps.map((step) => step.toString()).join(", ");
}

const topics = fc.uniqueArray(fc.constantFrom(...TOPICS), { minLength: 1, maxLength: 2 });
const id = fc.option(fc.constantFrom("one", "two", "three"), { nil: undefined, freq: 3 });
const filling = fc.constantFrom(0, 0, 40_000);
const update = fc.record({ topics, private: fc.boolean(), id, filling });
const plan = fc.record({ topics: fc.oneof(topics, fc.constant(["*"])), isTrusted: fc.boolean() });
const slot = fc.nat(SLOTS - 1);
const steps: fc.Arbitrary<Step>[] = [
  fc.array(update, { minLength: 1, maxLength: 6 }).map((updates) => new Publish(updates)),
  fc.array(update, { minLength: HELD - 2, maxLength: HELD }).map((updates) => new Publish(updates)),
  fc.tuple(plan, fc.constantFrom(undefined, "earliest", "one", "two", "never")).map(([readers, from]) => new Subscribe(readers, from)),
  fc.tuple(fc.constantFrom(...DEEDS), slot).map(([what, which]) => new OnReader(what, which)),
  fc.option(slot, { nil: undefined }).map((stopped) => new Reopen(stopped)),
  fc.tuple(slot, fc.array(update, { minLength: 7, maxLength: HELD + 5 })).map(([which, drafts]) => new FallBehind(which, drafts)),
];

const secret = opaqueIds("the secret of the hub before and after");

it.each<[look: string, idCipher: IdCipher | undefined]>([
  ["plain", undefined],
  ["opaque", secret],
])(
  "does what a list would do, whatever is published, subscribed, stopped, cut off, trimmed and restarted, with %s ids",
  { timeout: 120_000 },
  async (_look, idCipher) => {
    console.log(`hub model: seed ${SEED}; another by SEED=…`);
    await fc.assert(
      fc.asyncProperty(fc.commands(steps, { maxCommands: 40, size: "+1" }), async (commands) => {
        const directory = mkdtempSync(join(tmpdir(), "artesian-model-"));
        const hub = await openHub(directory, HELD, idCipher);
        const epoch = await epochOf(hub, idCipher);
        const real: Real = { directory, hub, epoch, readers: [], idCipher };
        // The first update told the epoch.
        const model: Model = { hub: new NaiveHub(HELD), readers: [] };
        model.hub.updates.push({ topics: ["x"], data: "", private: false, id: undefined });
        try {
          await fc.asyncModelRun(() => ({ model, real }), commands);
        } finally {
          await real.hub.close();
          rmSync(directory, { recursive: true, force: true });
        }
      }),
      { seed: SEED, numRuns: 60, interruptAfterTimeLimit: 100_000 },
    );
  },
);

async function epochOf(hub: HubCore, idCipher: IdCipher | undefined): Promise<string> {
  const id = await hub.publisher.publish({ topic: "x" });
  const cursor = parseCursor(idCipher?.open(id) ?? id);
  // Whoever subscribes before it was dispatched receives it, too.
  await turn();
  return cursor?.epoch ?? "";
}
