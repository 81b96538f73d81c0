// cursor: what a subscriber that comes back costs before its replay: its event id is read, and looked up where a publisher made it.
import { importInner, importLogJournal, importMemoryJournal } from "../lib/artesian.mjs";
import { fillJournal, idOf, openTemporaryJournal, TRIMMED } from "../lib/filled-journal.mjs";
import { joinScenes, verifyThat } from "../lib/measure.mjs";
import { seeded } from "../lib/random.mjs";
import { figure } from "../lib/table.mjs";

/** @typedef {import("../lib/filled-journal.mjs").Journal} Journal */

const ROWS = 10_000;
const RETENTION = { maxCount: ROWS };
const DRAWN = 1_000;

/**
 * What is given in turns, without end.
 *
 * @template T
 * @param {readonly T[]} items
 */
function inTurn(items) {
  let next = 0;
  return () => /** @type {T} */ (items[next++ % items.length]);
}

/**
 * Cases whose every answer is looked at.
 *
 * @param {readonly { name: string, isRight: () => boolean | Promise<boolean> }[]} questions
 */
function sceneOf(questions) {
  let wrong = 0;
  const count = (/** @type {boolean} */ isRight) => {
    if (!isRight) wrong++;
  };
  const cases = questions.map(({ name, isRight }) => ({
    name,
    run: () => {
      const answer = isRight();
      return answer instanceof Promise ? answer.then(count) : count(answer);
    },
  }));
  const verify = async () => {
    for (const { run } of cases) await run();
    verifyThat(wrong === 0, `${wrong} cursors led elsewhere`);
  };
  return { cases, verify };
}

/** @type {import("../micro.mjs").Benchmark} */
export const cursor = {
  name: "cursor",
  title: "look a cursor up",
  unit: "ns",
  method: `The event id of a subscriber that comes back, in journals of ${figure(ROWS)} rows: \`parse\` reads it; \`find\` is the journal's index of publishers' ids
alone; \`resume\` is all that the hub does to know where to start: read the id, find it, and see that the subscriber may read that row. For
long journals, and the rows that follow, see \`resume\`.`,
  bars: [],
  async prepare({ journalDirectory }) {
    const { formatCursor, parseCursor } = /** @type {typeof import("../../packages/hub/src/core/journal/cursor.ts")} */ (
      await importInner("core/journal/cursor")
    );
    const { HubCore } = /** @type {typeof import("../../packages/hub/src/core/hub-core.ts")} */ (await importInner("core/hub-core"));
    const { memoryJournal } = await importMemoryJournal();
    const { logJournal } = await importLogJournal();
    const random = seeded(1);
    const rows = Array.from({ length: DRAWN }, () => TRIMMED + 1 + Math.floor(random() * ROWS));
    const generated = (/** @type {string} */ epoch) => inTurn(rows.map((offset) => ({ offset, id: formatCursor({ epoch, offset }) })));
    const published = inTurn(rows.map((offset) => ({ offset, id: idOf(offset) })));
    const unknown = inTurn(rows.map((row) => idOf(row + 2 * (ROWS + TRIMMED))));
    const generatedAnywhere = generated("abcdefgh");

    const parse = sceneOf([
      {
        name: "parse, the hub's own id",
        isRight: () => {
          const { id, offset } = generatedAnywhere();
          return parseCursor(id)?.offset === offset;
        },
      },
      { name: "parse, a publisher's id", isRight: () => parseCursor(published().id) === undefined },
    ]);

    /**
     * @param {string} name
     * @param {Journal} journal
     * @param {(() => Promise<void>)} [close]
     */
    const lookUpIn = async (name, journal, close) => {
      await fillJournal(journal, { rows: ROWS });
      const hub = new HubCore({ journal });
      const selection = hub.readers.select([{ type: "exact", pattern: "*" }], undefined);
      const generatedHere = generated(journal.epoch);
      const scene = sceneOf([
        {
          name: `${name}: find`,
          isRight: async () => {
            const { id, offset } = published();
            const found = await journal.find(id);
            return found.length === 1 && found[0] === offset;
          },
        },
        {
          name: `${name}: resume, the hub's own id`,
          isRight: () => {
            const { id, offset } = generatedHere();
            const start = hub.readers.resolve(id, selection);
            return !(start instanceof Promise) && start.after === offset && start.gap === undefined;
          },
        },
        {
          name: `${name}: resume, a publisher's id`,
          isRight: async () => {
            const { id, offset } = published();
            const start = await hub.readers.resolve(id, selection);
            return start.after === offset && start.gap === undefined;
          },
        },
        {
          name: `${name}: resume, an unknown id`,
          isRight: async () => {
            const start = await hub.readers.resolve(unknown(), selection);
            return start.after === TRIMMED && start.gap?.reason === "unknown";
          },
        },
      ]);
      return {
        ...scene,
        close: async () => {
          await hub.close();
          await close?.();
        },
      };
    };

    const log = await openTemporaryJournal(logJournal, { parentDirectory: journalDirectory, retention: RETENTION });
    return joinScenes([
      parse,
      await lookUpIn("memory", memoryJournal({ retention: RETENTION })),
      await lookUpIn("log", log.journal, log.close),
    ]);
  },
};
