// append: an update is kept, and acknowledged once it is: by the log after it is on the disk.
import { importLogJournal, importMemoryJournal } from "../lib/artesian.mjs";
import { openTemporaryJournal } from "../lib/filled-journal.mjs";
import { jsonText } from "../lib/json-data.mjs";
import { joinScenes, verifyThat } from "../lib/measure.mjs";

/** @typedef {import("../lib/filled-journal.mjs").Journal} Journal */

const IN_FLIGHT = 32;
/** How many updates each of those in flight is followed by, so that the start and the end of a call weigh little. */
const EACH = 8;
const DATA = jsonText().slice(0, 100);
const UPDATE = { topics: ["bench"], data: DATA, id: undefined, type: undefined, retry: undefined, private: false };

/**
 * @param {string} name
 * @param {Journal} journal
 * @param {() => Promise<void>} close
 * @returns {import("../lib/measure.mjs").Scene}
 */
function sceneOf(name, journal, close) {
  const appended = { count: 0, misplaced: 0 };
  const append = async () => {
    const offsets = await journal.append([UPDATE]);
    appended.count++;
    if (offsets.length !== 1) appended.misplaced++;
    return /** @type {number} */ (offsets[0]);
  };
  const appendEach = async () => {
    let last = 0;
    for (let i = 0; i < EACH; i++) {
      const offset = await append();
      if (offset <= last) appended.misplaced++;
      last = offset;
    }
  };
  return {
    cases: [
      { name: `${name}, one at a time`, run: append },
      {
        name: `${name}, ${IN_FLIGHT} in flight`,
        operations: IN_FLIGHT * EACH,
        run: () => Promise.all(Array.from({ length: IN_FLIGHT }, appendEach)),
      },
    ],
    verify: async () => {
      const [first, second] = [await append(), await append()];
      const tail = journal.tail();
      verifyThat(tail === appended.count && second === tail && first === tail - 1, `${appended.count} appends, and the tail is ${tail}`);
      verifyThat(appended.misplaced === 0, `${appended.misplaced} appends were told a wrong offset`);
      const page = await journal.read(tail - 1, { maxRecords: 2, maxBytes: Infinity });
      verifyThat(
        page.kind === "records" && page.records.length === 1 && page.records[0]?.data === DATA,
        "the last update is not what was appended",
      );
    },
    close,
  };
}

/** @type {import("../micro.mjs").Benchmark} */
export const append = {
  name: "append",
  title: "append an update",
  unit: "µs",
  method: `An update of 100 bytes is appended to a journal, and waited for: in the log until it is committed and flushed to the disk. One after another; and
with ${IN_FLIGHT} in flight, which share commits.`,
  bars: [{ what: "log, an update of 32 in flight to one alone", of: `log, ${IN_FLIGHT} in flight`, to: "log, one at a time", most: 1 }],
  async prepare({ journalDirectory }) {
    const { memoryJournal } = await importMemoryJournal();
    const { logJournal } = await importLogJournal();
    const memory = memoryJournal();
    const log = await openTemporaryJournal(logJournal, { parentDirectory: journalDirectory });
    return joinScenes([sceneOf("memory", memory, () => memory.close()), sceneOf("log", log.journal, log.close)]);
  },
};
