import { HubError } from "artesian";
import { describe, expect, it } from "vitest";
import { type Append, type AppendSize, GroupCommit, type TakeGroup } from "../../../packages/hub/src/journals/shared/group-commit.ts";

const update = (data: string) => ({ topics: ["t"], data, id: undefined, type: undefined, retry: undefined, private: false });
/** Appends updates with these data. An update takes 65 bytes and its data. */
const append = (...data: string[]): Append => ({ batch: data.map(update), steps: [] });
const nameOf = ({ batch }: Append): string => batch.map(({ data }) => data).join("+");
const fault = (detail: string): HubError => new HubError("journal_unavailable", detail);
/** Ends once all promises that are ready have run. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** An engine whose commits end when a test says so. */
class Engine {
  /** Names of the appends of each commit. */
  readonly commits: string[][] = [];
  readonly groups: GroupCommit<Append, string>;
  refusal: HubError | undefined;
  commit: (take: TakeGroup<Append>) => Promise<readonly string[]> = (take) => this.store(take());
  #settle: { readonly done: () => void; readonly failed: (why: HubError) => void } | undefined;

  constructor(bounds: { readonly group?: Partial<AppendSize>; readonly waiting?: Partial<AppendSize> } = {}) {
    const none: AppendSize = { count: Infinity, bytes: Infinity };
    this.groups = new GroupCommit({
      refusal: () => this.refusal,
      bounds: {
        group: () => ({ ...none, ...bounds.group }),
        waiting: { ...none, ...bounds.waiting },
        overflow: () => fault("too many"),
      },
      commit: (take) => this.commit(take),
    });
  }

  async store(group: readonly Append[]): Promise<readonly string[]> {
    const names = group.map(nameOf);
    this.commits.push(names);
    await new Promise<void>((done, failed) => (this.#settle = { done, failed }));
    return names.map((name) => `stored ${name}`);
  }

  /** Ends the commit under way, and waits until the next one is. */
  async end(why?: HubError): Promise<void> {
    await turn();
    if (why === undefined) this.#settle?.done();
    else this.#settle?.failed(why);
    await turn();
  }

  /** Appends one after the other, without waiting. @returns Results and messages of errors. */
  add(...appends: readonly Append[]): Promise<readonly string[]> {
    return Promise.all(appends.map((one) => this.groups.append(one).catch((error: Error) => error.message)));
  }
}

describe("groups", () => {
  it("puts the appends of one turn in one commit, and those that come meanwhile in the next", async () => {
    const engine = new Engine();
    const first = engine.add(append("a"), append("b"));
    await turn();
    const second = engine.add(append("c"), append("d"), append("e"));
    await engine.end();
    expect(await first).toEqual(["stored a", "stored b"]);
    await engine.end();
    expect(await second).toEqual(["stored c", "stored d", "stored e"]);
    expect(engine.commits).toEqual([
      ["a", "b"],
      ["c", "d", "e"],
    ]);
  });

  it("begins again after the queue was empty", async () => {
    const engine = new Engine();
    for (const name of ["a", "b"]) {
      const added = engine.add(append(name));
      await engine.end();
      expect(await added).toEqual([`stored ${name}`]);
    }
  });

  it("includes the appends that come until the engine takes the group", async () => {
    const engine = new Engine();
    let begin = (): void => undefined;
    engine.commit = async (take) => {
      await new Promise<void>((resolve) => (begin = resolve));
      return engine.store(take());
    };
    const early = engine.add(append("a"));
    await turn();
    const late = engine.add(append("b"));
    begin();
    await engine.end();
    expect([await early, await late]).toEqual([["stored a"], ["stored b"]]);
    expect(engine.commits).toEqual([["a", "b"]]);
  });

  it("puts a group back and takes its first appends if the engine asks for fewer", async () => {
    const engine = new Engine({});
    engine.commit = (take) => {
      const group = take();
      return engine.store(group.length > 2 ? take(group.length >> 1) : group);
    };
    const added = engine.add(append("a"), append("b"), append("c"), append("d"), append("e"));
    for (let i = 0; i < 3; i++) await engine.end();
    expect(await added).toEqual(["stored a", "stored b", "stored c", "stored d", "stored e"]);
    expect(engine.commits).toEqual([["a", "b"], ["c"], ["d", "e"]]);
  });
});

describe("bounds", () => {
  it("divides the queue by the number of updates and steps", async () => {
    const engine = new Engine({ group: { count: 3 } });
    const step: Append = { batch: [], steps: [{ key: "k", value: "v", update: undefined }] };
    const added = engine.add(append("a", "b"), step, append("c"), append("d", "e", "f", "g"), append("h"));
    for (let i = 0; i < 4; i++) await engine.end();
    await added;
    expect(engine.commits).toEqual([["a+b", ""], ["c"], ["d+e+f+g"], ["h"]]);
  });

  it("divides the queue by bytes", async () => {
    const engine = new Engine({ group: { bytes: 2 * 66 } });
    const added = engine.add(append("a"), append("b"), append("c"), append("d".repeat(1000)), append("e"));
    for (let i = 0; i < 4; i++) await engine.end();
    await added;
    expect(engine.commits).toEqual([["a", "b"], ["c"], ["d".repeat(1000)], ["e"]]);
  });

  it.each([
    ["number", { count: 2 }],
    ["bytes", { bytes: 2 * 66 }],
  ])("refuses an append beyond the %s that may wait, until there is room", async (_, waiting) => {
    const engine = new Engine({ waiting });
    const committing = engine.add(append("a"));
    await turn();
    const waitingAppends = engine.add(append("b"), append("c"));
    expect(await engine.add(append("d"))).toEqual(["too many"]);
    await engine.end();
    const further = engine.add(append("e"));
    await engine.end();
    await engine.end();
    expect([await committing, await waitingAppends, await further]).toEqual([["stored a"], ["stored b", "stored c"], ["stored e"]]);
  });

  it("takes an append of any size if nothing waits", async () => {
    const engine = new Engine({ waiting: { count: 1, bytes: 1 } });
    const added = engine.add(append("a", "b", "c"));
    await engine.end();
    expect(await added).toEqual(["stored a+b+c"]);
  });

  it("counts an append that was put back once", async () => {
    const engine = new Engine({ waiting: { count: 2 } });
    engine.commit = (take) => engine.store(take().length > 1 ? take(1) : take());
    const added = engine.add(append("a"), append("b"));
    await turn();
    const further = engine.add(append("c"));
    expect(await engine.add(append("d"))).toEqual(["too many"]);
    for (let i = 0; i < 3; i++) await engine.end();
    expect([await added, await further]).toEqual([["stored a", "stored b"], ["stored c"]]);
  });
});

describe("failures", () => {
  it("rejects the group whose commit failed, and goes on with the next", async () => {
    const engine = new Engine();
    const first = engine.add(append("a"), append("b"));
    await turn();
    const second = engine.add(append("c"));
    await engine.end(fault("the disk is full"));
    await engine.end();
    expect([await first, await second]).toEqual([["the disk is full", "the disk is full"], ["stored c"]]);
  });

  it("rejects all that wait if the engine fails before it takes a group", async () => {
    const engine = new Engine({ group: { count: 1 } });
    engine.commit = () => Promise.reject(fault("the server is away"));
    expect(await engine.add(append("a"), append("b"))).toEqual(["the server is away", "the server is away"]);
    engine.commit = (take) => engine.store(take());
    const added = engine.add(append("c"));
    await engine.end();
    expect(await added).toEqual(["stored c"]);
  });

  it("rejects only what was taken last if the engine asked for fewer", async () => {
    const engine = new Engine();
    engine.commit = (take) => engine.store(take().length > 1 ? take(1) : take());
    const added = engine.add(append("a"), append("b"));
    await engine.end(fault("too long"));
    await engine.end();
    expect(await added).toEqual(["too long", "stored b"]);
  });

  it("rejects what waits if the engine says so, and makes room", async () => {
    const engine = new Engine({ group: { count: 1 }, waiting: { count: 2 } });
    engine.commit = async (take) => {
      try {
        return await engine.store(take());
      } catch (error) {
        engine.groups.rejectWaiting(fault("nothing is taken"));
        throw error;
      }
    };
    const added = engine.add(append("a"), append("b"));
    await engine.end(fault("the connection is lost"));
    expect(await added).toEqual(["the connection is lost", "nothing is taken"]);
    const further = engine.add(append("c"), append("d"));
    await engine.end();
    await engine.end();
    expect(await further).toEqual(["stored c", "stored d"]);
  });

  it("refuses an append for the engine's reason before it waits", async () => {
    const engine = new Engine();
    engine.refusal = fault("the journal is damaged");
    expect(await engine.add(append("a"))).toEqual(["the journal is damaged"]);
    expect(engine.commits).toEqual([]);
  });
});

describe("closing", () => {
  it("finishes what waits, and refuses the rest", async () => {
    const engine = new Engine({ group: { count: 1 } });
    const added = engine.add(append("a"), append("b"));
    let isClosed = false;
    const closing = engine.groups.close().then(() => (isClosed = true));
    expect(await engine.add(append("c"))).toEqual(["The journal is closed."]);
    await engine.end();
    expect(isClosed).toBe(false);
    await engine.end();
    await closing;
    expect(await added).toEqual(["stored a", "stored b"]);
  });

  it("resolves at once if nothing waits", async () => {
    await new Engine().groups.close();
  });
});
