// open: a stream begins and ends, without a socket: compile what it selects, find where it starts, find or make its cohort, greet it, join.
import { importInner, importMemoryJournal } from "../lib/artesian.mjs";
import { joinScenes, verifyThat } from "../lib/measure.mjs";
import { NULL_SINK } from "../lib/selections.mjs";
import { figure } from "../lib/table.mjs";

/** @typedef {import("../../packages/hub/src/core/hub-core.ts").HubCore} HubCore */
/** @typedef {import("../../packages/hub/src/core/live/subscriber.ts").Sink} Sink */

const SIZES = [1, 100, 10_000];
const NEW_TOPICS = Array.from({ length: 1_000 }, (_, n) => `/guests/${n}/inbox`);

/** @param {number} size */
const hubOf = (size) => `${figure(size)} selection${size === 1 ? "" : "s"}`;

/**
 * @param {HubCore} hub
 * @param {string} topic
 * @param {Sink} sink
 */
function open(hub, topic, sink) {
  const selection = hub.readers.select([{ type: "exact", pattern: topic }], undefined);
  const start = hub.readers.resolve(undefined, selection);
  if (start instanceof Promise) throw new TypeError("without a cursor there is nothing to look up");
  const subscriber = hub.readers.attach(selection, sink, start);
  if (subscriber === undefined) throw new TypeError("the hub is closing");
  return subscriber;
}

/** @type {import("../micro.mjs").Benchmark} */
export const openStream = {
  name: "open",
  title: "open a stream and close it",
  unit: "ns",
  method: `A stream begins on a hub and ends, without HTTP and with a sink that takes everything: its matcher is compiled, its cohort found or
made, it is greeted with a cursor and joins. The hub has streams of so many selections open; the new one has a selection of \`those\`, \`another\` each time, or
again \`the same\` other one.`,
  bars: ["those", "another", "the same"].map((which) => ({
    what: `10,000 selections open to one, one of ${which}`,
    of: `${hubOf(10_000)}, ${which}`,
    to: `${hubOf(1)}, ${which}`,
    most: 20,
  })),
  async prepare() {
    const { HubCore } = /** @type {typeof import("../../packages/hub/src/core/hub-core.ts")} */ (await importInner("core/hub-core"));
    const { memoryJournal } = await importMemoryJournal();
    const scenes = SIZES.map((size) => {
      const hub = new HubCore({ journal: memoryJournal() });
      const others = Array.from({ length: size }, (_, n) => open(hub, `/users/${n}/inbox`, NULL_SINK));
      const greetings = { count: 0, last: /** @type {Uint8Array} */ (new Uint8Array(0)) };
      let opened = 0;
      let next = 0;
      const newTopic = () => /** @type {string} */ (NEW_TOPICS[next++ % NEW_TOPICS.length]);
      const sink = {
        ...NULL_SINK,
        write: (/** @type {Uint8Array} */ bytes) => {
          greetings.count++;
          greetings.last = bytes;
          return true;
        },
      };
      const run = (/** @type {string} */ topic) => {
        opened++;
        open(hub, topic, sink).close();
      };
      return {
        cases: [
          { name: `${hubOf(size)}, those`, run: () => run(`/users/${size >> 1}/inbox`) },
          { name: `${hubOf(size)}, another`, run: () => run(newTopic()) },
          { name: `${hubOf(size)}, the same`, run: () => run("/lobby") },
        ],
        verify: () => {
          const { subscribers, cohorts } = hub.process.stats();
          verifyThat(subscribers === size && cohorts === size, `${subscribers} streams in ${cohorts} cohorts are open, not ${size}`);
          const subscriber = open(hub, newTopic(), sink);
          opened++;
          verifyThat(
            subscriber.memberIndex === 0 && hub.process.stats().cohorts === size + 1,
            "a stream that is open did not join a cohort of its own",
          );
          subscriber.close();
          verifyThat(hub.process.stats().cohorts === size, "a cohort without streams was kept");
          const greeting = Buffer.from(greetings.last).toString();
          verifyThat(
            /^retry: \d+\nevent: hub:cursor\nid: #\w{8}:0\ndata: \{\}\n\n$/.test(greeting),
            `the greeting ${JSON.stringify(greeting)}`,
          );
          verifyThat(greetings.count === opened, `${greetings.count} greetings of ${opened} streams`);
        },
        close: async () => {
          for (const other of others) other.close();
          await hub.close();
        },
      };
    });
    return joinScenes(scenes);
  },
};
