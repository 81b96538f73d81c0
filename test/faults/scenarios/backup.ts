import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom, type Random } from "../../support/random.ts";
import { atEnd } from "../lib/cleanup.ts";
import { sleep, within } from "../lib/clock.ts";
import { HubServer, MAIN } from "../lib/hub-server.ts";
import { type ReadAgain, readUpTo } from "../lib/read-up-to.ts";
import type { Scenario, ScenarioOptions } from "../lib/scenario.ts";
import { send } from "../lib/send.ts";
import { figure } from "../lib/tally.ts";
import { mint } from "../lib/tokens.ts";

const TOPIC = "/faults/backup";
const READ_MS = 30_000;
/** Updates that are published at a time, and most that are published between one step of a round and the next. */
const AT_A_TIME = 16;
const MOST_UPDATES = 300;
/** Subscribers that come back after each round, each from another place. */
const SUBSCRIBERS = 40;

/** Ways to put a copy in the place of what was there. */
const WAYS: Readonly<Record<string, (backup: string, journal: string) => void>> = {
  "a copy": (backup, journal) => {
    rmSync(journal, { recursive: true });
    execFileSync("cp", ["-r", backup, journal]);
  },
  "cp -a": (backup, journal) => {
    rmSync(journal, { recursive: true });
    execFileSync("cp", ["-a", backup, journal]);
  },
  "over the files that are there": (backup, journal) => {
    // Segments that the backup does not have would stay, with all their updates.
    const kept = new Set(readdirSync(backup));
    for (const name of readdirSync(journal)) if (!kept.has(name)) rmSync(join(journal, name));
    execFileSync("cp", ["-a", `${backup}/.`, journal]);
  },
  moved: (backup, journal) => {
    rmSync(journal, { recursive: true });
    renameSync(backup, journal);
  },
};

export const backup: Scenario = {
  name: "backup",
  promise: "R17",
  what: "a backup is made while the server runs or is stopped, more is published, the server is stopped or killed, and the backup put back in one of four ways; as a control, it is started again without",
  run: async (options) => {
    const directory = mkdtempSync(join(tmpdir(), "artesian-faults-backup-"));
    const remove = atEnd(() => rmSync(directory, { recursive: true, force: true }));
    const server = await HubServer.create({ data: join(directory, "data"), directory });
    try {
      await putBackAgainAndAgain(server, directory, options);
    } finally {
      if (server.runs) await server.kill("everything");
      remove();
    }
  },
};

async function putBackAgainAndAgain(
  server: HubServer,
  directory: string,
  { full, seed, report, progress, violation }: ScenarioOptions,
): Promise<void> {
  const random = createRandom(seed);
  const run = new Run(server, directory, random);
  const rounds = full ? 100 : 1;
  const done = {
    "put back": 0,
    "subscribers that saw more": 0,
    "of these told": 0,
    "others told": 0,
    "started again without": 0,
    "told without cause": 0,
  };
  for (let round = 0; round < rounds; round++) {
    for (const [way, putBack] of Object.entries(WAYS)) {
      const isRunning = (round + done["put back"]) % 2 === 0;
      const name = `round ${round + 1}, ${way}, copied ${isRunning ? "while it ran" : "while it was stopped"}`;
      const control = await run.resumeAll(await run.restart());
      done["started again without"]++;
      done["told without cause"] += control.told;
      if (control.told > 0) violation(`${name}: ${control.told} of ${control.count} were told of a gap after a restart`);
      const { more, others } = await run.loseAndResume(isRunning, putBack);
      done["put back"]++;
      done["subscribers that saw more"] += more.count;
      done["of these told"] += more.told;
      done["others told"] += others.told;
      for (const { told, count } of [more, others]) if (told < count) violation(`${name}: ${count - told} of ${count} were not told`);
      for (const text of [...control.wrong, ...more.wrong, ...others.wrong]) violation(`${name}: ${text}`);
      for (const [figureName, value] of Object.entries(done)) report({ name: figureName, value: figure(value) });
    }
    progress(`${round + 1} of ${rounds} rounds of ${Object.keys(WAYS).length} ways`);
  }
}

/** An acknowledged update. */
interface Acknowledged {
  readonly id: string;
  readonly data: string;
}

/** What came of subscribers that came back. */
interface Resumed {
  readonly count: number;
  readonly told: number;
  readonly wrong: readonly string[];
}

class Run {
  readonly #server: HubServer;
  readonly #journal: string;
  readonly #backup: string;
  readonly #random: Random;
  /** What is in the journal, in its order. */
  #held: Acknowledged[] = [];
  #published = 0;

  constructor(server: HubServer, directory: string, random: Random) {
    this.#server = server;
    this.#journal = join(directory, "data", "journal");
    this.#backup = join(directory, "backup");
    this.#random = random;
  }

  /** Starts the server again, after a stop or a kill. @returns What subscribers may have seen. */
  async restart(): Promise<readonly Acknowledged[]> {
    if (!this.#server.runs) await this.#server.start();
    await this.#publish();
    await this.#end();
    await this.#server.start();
    const epoch = epochOf(this.#held.at(-1));
    return this.#held.filter((update) => epochOf(update) === epoch);
  }

  /** Makes a backup, publishes more, and puts the backup back. */
  async loseAndResume(
    isRunning: boolean,
    putBack: (backup: string, journal: string) => void,
  ): Promise<{ readonly more: Resumed; readonly others: Resumed }> {
    rmSync(this.#backup, { recursive: true, force: true });
    await this.#publish();
    if (!isRunning) {
      await this.#end();
      execFileSync("cp", ["-r", this.#journal, this.#backup]);
      await this.#server.start();
    } else {
      const data = join(this.#journal, "..");
      const { status, stderr } = spawnSync(process.execPath, [MAIN, "journal", "backup", this.#backup, "--data", data], {
        encoding: "utf8",
      });
      if (status !== 0) throw new Error(`artesian journal backup: ${stderr}`);
    }
    const before = [...this.#held];
    await this.#publish();
    const lost = this.#held.slice(before.length);
    await this.#marked(lost);
    await this.#end();
    putBack(this.#backup, this.#journal);
    await this.#server.start();
    this.#held = [...before];
    // So that the offsets of what was lost are given again.
    while (this.#held.length < before.length + lost.length + AT_A_TIME) await this.#publish();
    return { more: await this.resumeAll(lost), others: await this.resumeAll(before) };
  }

  /** Lets subscribers come back, each of which has seen another one of these as its last. */
  async resumeAll(seen: readonly Acknowledged[]): Promise<Resumed> {
    const places = Array.from({ length: Math.min(SUBSCRIBERS, seen.length) }, () => this.#random.pick(seen));
    // The newest is where a journal that goes on from older data is most likely to have another update by now, and the oldest where it has the same.
    places.push(seen.at(-1) as Acknowledged, seen[0] as Acknowledged);
    let told = 0;
    const wrong: string[] = [];
    for (const place of places) {
      const { isTold, data } = await this.#resume(place.id);
      if (isTold) told++;
      const from = isTold ? 0 : this.#held.findIndex(({ id }) => id === place.id) + 1;
      const expected = this.#held.slice(from).map((update) => update.data);
      if (data.join() !== expected.join()) wrong.push(`from ${place.id} came ${data.length} updates, not ${expected.length}`);
    }
    return { count: places.length, told, wrong };
  }

  async #resume(lastEventId: string): Promise<ReadAgain> {
    if (this.#held.at(-1)?.id === lastEventId) await this.#publishOne();
    return readUpTo(this.#server.hub, TOPIC, lastEventId, this.#held.at(-1)?.data ?? "");
  }

  async #publish(): Promise<void> {
    const wanted = this.#published + this.#random.between(AT_A_TIME, MOST_UPDATES);
    while (this.#published < wanted) {
      // Together, so that several are in one commit; their order is that of the journal.
      const updates = await Promise.all(Array.from({ length: AT_A_TIME }, () => this.#send()));
      this.#held.push(...updates.toSorted((a, b) => offsetOf(a.id) - offsetOf(b.id)));
    }
  }

  /** Waits until the mark beside the journal tells of one of these: docs/operate/reliability.md promises that within a fraction of a second, and not before. */
  async #marked(updates: readonly Acknowledged[]): Promise<void> {
    const first = offsetOf((updates[0] as Acknowledged).id);
    const waiting = (async () => {
      for (;;) {
        const [, , tail] = readFileSync(join(this.#journal, "..", "journal.mark"), "utf8").split(/[\n ]/);
        if (Number(tail) >= first) return;
        await sleep(5);
      }
    })();
    await within(READ_MS, "Waiting for the mark", waiting);
  }

  async #publishOne(): Promise<void> {
    this.#held.push(await this.#send());
  }

  async #send(): Promise<Acknowledged> {
    const data = `b-${++this.#published}`;
    const body = new URLSearchParams({ topic: TOPIC, data }).toString();
    const token = await mint({ publish: ["*"] });
    const { outcome, answer, ids } = await send({
      hub: this.#server.hub,
      token,
      agent: false,
      type: "application/x-www-form-urlencoded",
      body,
    });
    if (outcome !== "ok" || ids[0] === undefined) throw new Error(`${data} was not published: ${answer}`);
    return { id: ids[0], data };
  }

  async #end(): Promise<void> {
    if (this.#random.below(2) === 0) await this.#server.terminate();
    else await this.#server.kill("everything");
  }
}

function epochOf(update: Acknowledged | undefined): string | undefined {
  return update?.id.split(":")[0];
}

function offsetOf(id: string): number {
  return Number.parseInt(id.slice(id.indexOf(":") + 1), 36);
}
