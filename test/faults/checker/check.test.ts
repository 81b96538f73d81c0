import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { check } from "./check.ts";
import type { Entry, Publish, SubscriberLog, Verdict, Violation } from "./history.ts";
import { isFor, type Model, playModel } from "./model.ts";

const seeds = { seed: fc.nat() };
type Update = Extract<Entry, { kind: "update" }>;

const judge = ({ publishes, logs }: Model): Verdict => check({ publishes, subscribers: logs });
const kindsOf = ({ examples }: Verdict): ReadonlySet<Violation["kind"]> => new Set(examples.map(({ kind }) => kind));

/** One of the updates that one of the subscribers received, but for the last of all. */
function pickReceipt({ logs, random }: Model, fits: (log: Model["logs"][number], index: number) => boolean = () => true) {
  const candidates = logs.flatMap((log) =>
    log.entries.flatMap((entry, index) =>
      entry.kind === "update" && !entry.key.startsWith("end-") && fits(log, index) ? [{ log, index, update: entry }] : [],
    ),
  );
  return candidates.length === 0 ? undefined : random.pick(candidates);
}

/** What the model has to have for a fault to be planted; another seed has it. */
function planted<T>(value: T | undefined): T {
  fc.pre(value !== undefined);
  return value;
}

describe("a history without a fault", () => {
  test.prop(seeds, { seed: 61, numRuns: 500 })("has no violation", ({ seed }) => {
    const model = playModel(seed);
    const verdict = judge(model);
    expect(verdict.examples).toEqual([]);
    expect(verdict.violations).toBe(0);
    expect(verdict.acknowledged + verdict.failed + verdict.unknown).toBe(model.publishes.length);
  });
});

describe("the checker finds", () => {
  test.prop(seeds, { seed: 62, numRuns: 300 })("an update that one subscriber did not get", ({ seed }) => {
    const model = playModel(seed, false);
    const { log, index, update } = planted(
      // Where it is in a gap, or was never missed, nothing is lost.
      pickReceipt(model, ({ subscription: { from } }) => from === "earliest"),
    );
    log.entries.splice(index, 1);
    // Nobody has it any more: then only what was acknowledged is missed.
    const isElsewhere = model.logs.some(({ entries }) => entries.some((entry) => entry.kind === "update" && entry.key === update.key));
    fc.pre(isElsewhere || model.publishes.find(({ key }) => key === update.key)?.outcome === "ok");
    const verdict = judge(model);
    expect(verdict.examples).toMatchObject([{ kind: "lost", subscriber: log.subscription.name, update: update.key }]);
  });

  test.prop(seeds, { seed: 63, numRuns: 300 })("an acknowledged update that nobody got", ({ seed }) => {
    const model = playModel(seed);
    const { key } = planted(model.publishes.find(({ outcome, lane }) => outcome === "ok" && lane !== "end"));
    for (const { entries } of model.logs) {
      const at = entries.findIndex((entry) => entry.kind === "update" && entry.key === key);
      if (at !== -1) entries.splice(at, 1);
    }
    const verdict = judge(model);
    expect(verdict.examples).toContainEqual(expect.objectContaining({ kind: "lost", subscriber: "witness", update: key }));
    expect(kindsOf(verdict)).toEqual(new Set(["lost"]));
  });

  test.prop(seeds, { seed: 64, numRuns: 300 })("an update that came again, at once or later", ({ seed }) => {
    const model = playModel(seed);
    const { log, index, update } = planted(pickReceipt(model));
    log.entries.splice(model.random.between(index + 1, log.entries.length - 1), 0, { ...update });
    expect(judge(model).examples).toMatchObject([{ kind: "repeated", subscriber: log.subscription.name, update: update.key }]);
  });

  test.prop(seeds, { seed: 65, numRuns: 300 })("two updates in another order at one subscriber", ({ seed }) => {
    const model = playModel(seed, false);
    const isUpdate = (entry: Entry | undefined): entry is Update => entry?.kind === "update";
    const { log, index, update } = planted(pickReceipt(model, ({ entries }, at) => isUpdate(entries[at + 1])));
    const next = log.entries[index + 1] as Update;
    // The witness has it as it was; spoiled itself, it needs another one who saw both.
    fc.pre(
      model.logs.some(
        (other) => other !== log && [update, next].every(({ key }) => other.entries.some((entry) => isUpdate(entry) && entry.key === key)),
      ),
    );
    log.entries.splice(index, 2, next, update);
    const verdict = judge(model);
    expect(kindsOf(verdict)).toEqual(new Set(["reordered"]));
    expect(verdict.examples[0]?.subscriber).toContain(log.subscription.name);
  });

  test.prop(seeds, { seed: 66, numRuns: 300 })(
    "two updates of one publisher in another order than it sent them, though all subscribers agree",
    ({ seed }) => {
      const model = playModel(seed);
      const mine = model.publishes.filter(({ lane, outcome }) => lane === "x" && outcome === "ok");
      const [first, second] = planted(mine.length < 2 ? undefined : (mine as [Publish, Publish]));
      const swap = (key: string): string => (key === first.key ? second.key : key === second.key ? first.key : key);
      const history: Publish[] = model.publishes.map((publish) => ({ ...publish, private: false, topics: ["a", "b", "c"], id: undefined }));
      const subscribers = model.logs.slice(0, 1).map(({ subscription, entries }) => ({
        subscription,
        entries: entries.map((entry) => (entry.kind === "update" ? { ...entry, key: swap(entry.key) } : entry)),
      }));
      expect(kindsOf(check({ publishes: history, subscribers }))).toEqual(new Set(["reordered"]));
    },
  );

  it("another order of two topics, where only that of each topic counts", () => {
    const publishes = ["p-1", "q-1", "r-1"].map((key, i) => publish(key, { topics: [i < 2 ? "a" : "b"] }));
    const having = (name: string, ...keys: string[]): SubscriberLog => ({
      subscription: { ...subscription, name, topics: ["a", "b"], leaves: true },
      entries: keys.map((key) => got(key)),
    });
    const others = { publishes, subscribers: [having("s0", "p-1", "q-1", "r-1"), having("s1", "r-1", "p-1", "q-1")] };
    expect(kindsOf(check(others))).toEqual(new Set(["reordered"]));
    expect(kindsOf(check(others, "topic"))).toEqual(new Set());
    const within = { publishes, subscribers: [having("s0", "p-1", "q-1", "r-1"), having("s1", "q-1", "p-1", "r-1")] };
    expect(kindsOf(check(within, "topic"))).toEqual(new Set(["reordered"]));
  });

  it("an id that names another update than the publisher was told of, also where it has a place in several partitions", () => {
    const judged = (id: string): Verdict => judgeOne([publish("p-1", { id: "#abcdefgh:1.!2.4" })], [got("p-1", id), { kind: "end" }]);
    expect(judged("#abcdefgh:7.!2.0").violations).toBe(0);
    for (const id of ["#abcdefgh:1.!3.4", "#abcdefgh:!2.1.4", "#bbcdefgh:1.!2.4", "#abcdefgh:1.2.4", "2"])
      expect(judged(id).counts.damaged).toBe(1);
  });

  test.prop(seeds, { seed: 67, numRuns: 300 })("a private update at a subscriber without the grant", ({ seed }) => {
    const { publishes, logs, random } = playModel(seed, false);
    const candidates = logs.flatMap(({ subscription, entries }) =>
      publishes
        .filter((publish) => publish.private && publish.topics.some((topic) => subscription.topics.includes(topic)))
        .filter((publish) => !isFor(subscription, publish))
        .map(({ key }) => ({ name: subscription.name, entries, key })),
    );
    const { name, entries, key } = planted(candidates.length === 0 ? undefined : random.pick(candidates));
    // Where it is in the journal, so that nothing else is wrong with it.
    const place = publishes.findIndex((publish) => publish.key === key);
    const later = new Set(publishes.slice(place).map((publish) => publish.key));
    const id = publishes[place]?.id ?? `#${place}`;
    entries.splice(
      entries.findIndex((entry) => entry.kind === "update" && later.has(entry.key)),
      0,
      { kind: "update", key, id },
    );
    expect(check({ publishes, subscribers: logs }).examples).toMatchObject([{ kind: "leaked", subscriber: name, update: key }]);
  });

  test.prop(seeds, { seed: 68, numRuns: 200 })("an update that nobody published, or that was refused", ({ seed }) => {
    const model = playModel(seed);
    const refused = model.publishes.find(({ outcome }) => outcome === "failed");
    const key = model.random.below(2) === 0 ? "nobody-7" : planted(refused).key;
    const [witness] = model.logs;
    witness?.entries.splice(model.random.below(witness.entries.length), 0, { kind: "update", key, id: "#z" });
    expect(judge(model).examples).toMatchObject([{ kind: "invented", subscriber: "witness", update: key }]);
  });
});

const publish = (key: string, more: Partial<Publish> = {}): Publish => {
  const lane = key.split("-")[0] ?? "";
  return { key, lane, topics: ["a"], private: false, outcome: "ok", answer: "200", begunMs: 10, endedMs: 11, ...more };
};
const subscription = { name: "s", topics: ["a"], granted: [], from: "earliest" } as const;
const got = (key: string, id = `id ${key}`): Entry => ({ kind: "update", key, id });
const judgeOne = (publishes: Publish[], entries: Entry[], more = {}): Verdict =>
  check({ publishes, subscribers: [{ subscription: { ...subscription, ...more }, entries }] });

describe("a single case", () => {
  const [one, two, three] = [publish("p-1"), publish("p-2"), publish("p-3")];

  it("is unfinished where the last update did not come; what came before that counts all the same", () => {
    const verdict = judgeOne([one, two, three], [got("p-2")]);
    expect(verdict.examples).toMatchObject([{ kind: "unfinished" }, { kind: "lost", update: "p-1" }]);
  });

  it("may leave before the end, but not miss what came before", () => {
    expect(judgeOne([one, two, three], [got("p-1")], { leaves: true }).violations).toBe(0);
    expect(judgeOne([one, two, three], [got("p-2")], { leaves: true }).examples).toMatchObject([{ kind: "lost", update: "p-1" }]);
  });

  it("is not to have what was published before it came", () => {
    const early = publish("p-1", { begunMs: 5 });
    const opened: Entry = { kind: "opened", atMs: 7 };
    expect(judgeOne([early, two], [opened, got("p-2"), { kind: "end" }], { from: "live" }).violations).toBe(0);
    expect(judgeOne([early, two], [opened, { kind: "end" }], { from: "live" }).examples).toMatchObject([{ kind: "lost", update: "p-2" }]);
  });

  it("a gap covers what lies in it and nothing else", () => {
    const gap: Entry = { kind: "gap", reason: "trimmed" };
    expect(judgeOne([one, two, three], [got("p-1"), gap, got("p-3"), { kind: "end" }]).violations).toBe(0);
    const late = judgeOne([one, two, three], [got("p-1"), got("p-3"), gap, { kind: "end" }]);
    expect(late.examples).toMatchObject([{ kind: "lost", update: "p-2" }]);
  });

  it("after a gap by a new epoch, what was seen may come again; after one by trimming it may not", () => {
    const again = (reason: string): Verdict =>
      judgeOne([one, two], [got("p-1"), { kind: "gap", reason }, got("p-1"), got("p-2"), { kind: "end" }]);
    expect(again("epoch").violations).toBe(0);
    expect(again("trimmed").examples).toMatchObject([{ kind: "repeated", update: "p-1" }]);
  });

  it("another topic, other data and another id are found", () => {
    const elsewhere = publish("p-1", { topics: ["b"], id: "right" });
    const verdict = judgeOne([elsewhere], [got("p-1", "wrong"), { kind: "damaged", text: "what?" }, { kind: "end" }]);
    expect(verdict.counts).toMatchObject({ stray: 1, damaged: 2 });
  });

  it("an order in which three go round is found, though no two disagree", () => {
    const publishes = ["x-1", "y-1", "z-1"].map((key) => publish(key));
    const subscribers = [
      ["x-1", "y-1"],
      ["y-1", "z-1"],
      ["z-1", "x-1"],
    ].map((keys, i) => ({ subscription: { ...subscription, name: `s${i}`, leaves: true }, entries: keys.map((key) => got(key)) }));
    const { counts, examples } = check({ publishes, subscribers });
    expect(counts.reordered).toBe(1);
    expect(examples.find(({ kind }) => kind === "reordered")?.subscriber).toBe("s0, s1, s2");
  });
});
