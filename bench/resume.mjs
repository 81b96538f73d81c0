// npm run bench -- resume: what it costs to resume from an event id, in a short journal and in a long one.
//
// Method
// - Logs of 10^4, 10^5, 10^6 and, with --full, 10^7 rows are filled through the public interface, each row with
//   100 bytes of data and an own id that looks random, so that the index is as scattered as it can be.
// - One look-up is what resuming costs the journal: `find(id)`, then `read` of the 100 rows that follow; after an id that is
//   not held, of the oldest 100, as the hub does after it told the subscriber of the gap. Every answer is checked.
// - Ids are drawn, by a fixed seed, from the 1,000 rows at each place, so that not one hot page is measured; `anywhere` is drawn
//   from the whole journal. `trimmed` ids were held once, `unknown` ones never.
// - 1,000 look-ups a place and size in each round, the journals asked in turn, one look-up each; the first round only
//   warms up. Shown: medians over the rounds of p50 and p99, and of the ratio of p50 within a round.
// - Bar: p50 in the longest journal is within 20% of that in the shortest, or no further than rounds differ among
//   themselves (the ranges of p50 over the rounds overlap).
import { renderMachine, saveResults, writeDocument } from "./lib/documents.mjs";
import { importLogJournal } from "./lib/artesian.mjs";
import { fillJournal, idOf, openTemporaryJournal, TRIMMED } from "./lib/filled-journal.mjs";
import { checkOnDisk, describeMachine } from "./lib/machine.mjs";
import { BenchError } from "./lib/processes.mjs";
import { seeded } from "./lib/random.mjs";
import { median, quantileOf, range } from "./lib/statistics.mjs";
import { figure, table, times } from "./lib/table.mjs";

const PAGE = 100;
const NEIGHBOURS = 1_000;

/**
 * @typedef {object} Place
 * @property {string} name
 * @property {boolean} held Whether the ids are in the journal.
 * @property {(rows: number) => { first: number, count: number }} range The rows whose ids are drawn.
 */

/** @type {readonly Place[]} */
const PLACES = [
  { name: "first", held: true, range: () => ({ first: TRIMMED + 1, count: NEIGHBOURS }) },
  { name: "middle", held: true, range: (rows) => ({ first: TRIMMED + rows / 2, count: NEIGHBOURS }) },
  { name: "last", held: true, range: (rows) => ({ first: TRIMMED + rows - PAGE - NEIGHBOURS + 1, count: NEIGHBOURS }) },
  { name: "anywhere", held: true, range: (rows) => ({ first: TRIMMED + 1, count: rows - PAGE }) },
  { name: "trimmed", held: false, range: () => ({ first: 1, count: TRIMMED }) },
  { name: "unknown", held: false, range: (rows) => ({ first: 2 * (TRIMMED + rows), count: NEIGHBOURS }) },
];

/**
 * @param {import("./lib/filled-journal.mjs").Journal} journal
 * @param {number} row
 * @param {boolean} held
 */
async function lookUp(journal, row, held) {
  const [offset] = await journal.find(idOf(row));
  const page = await journal.read(offset ?? journal.head() - 1, { maxRecords: PAGE, maxBytes: 1024 * 1024 });
  const right = page.kind === "records" && page.records.length === PAGE && page.records[0]?.offset === (held ? row : TRIMMED) + 1;
  if (!right || offset !== (held ? row : undefined)) throw new BenchError(`resuming from row ${row} gave a wrong answer: offset ${offset}`);
}

/**
 * The journals are asked in turn, one look-up each, so that whatever slows the machine down slows all of them down.
 *
 * @param {readonly { rows: number, journal: import("./lib/filled-journal.mjs").Journal }[]} journals
 * @param {Place} place
 * @param {{ lookUps: number, seed: number }} options
 */
async function measurePlace(journals, place, { lookUps, seed }) {
  const random = seeded(seed);
  const asked = journals.map(({ rows, journal }) => ({ rows, journal, ...place.range(rows), micros: /** @type {number[]} */ ([]) }));
  for (let i = 0; i < lookUps; i++) {
    for (const { journal, first, count, micros } of asked) {
      const row = first + Math.floor(random() * count);
      const before = process.hrtime.bigint();
      await lookUp(journal, row, place.held);
      micros.push(Number(process.hrtime.bigint() - before) / 1000);
    }
  }
  return asked.map(({ rows, micros }) => {
    micros.sort((a, b) => a - b);
    return { rows, p50: quantileOf(micros, 0.5), p99: quantileOf(micros, 0.99) };
  });
}

/** @typedef {{ round: number, rows: number, place: string, p50: number, p99: number }} Sample */

/**
 * @param {readonly Sample[]} samples
 * @param {readonly number[]} sizes rising
 */
function report(samples, sizes) {
  const [shortest = 0, longest = 0] = [sizes[0], sizes.at(-1)];
  const rows = PLACES.map(({ name }) => {
    const of = (/** @type {number} */ size) => samples.filter(({ rows: length, place }) => length === size && place === name);
    const p50 = (/** @type {number} */ size) => of(size).map((sample) => sample.p50);
    // Within a round, as the journals took turns in it.
    const ratio = median(p50(longest).map((value, round) => value / (p50(shortest)[round] ?? NaN)));
    const overlap = range(p50(longest)).least <= range(p50(shortest)).most;
    const verdict = ratio <= 1.2 ? "pass" : overlap ? "pass (noise)" : "FAIL";
    const cells = sizes.map((size) => `${figure(median(p50(size)), 1)} / ${figure(median(of(size).map((sample) => sample.p99)), 1)}`);
    return { passed: verdict !== "FAIL", cells: [name, ...cells, times(ratio), verdict] };
  });
  const headers = ["resume from, µs p50 / p99", ...sizes.map((size) => `${figure(size)} rows`), "p50, longest to shortest", "within 20%"];
  return {
    passed: rows.every(({ passed }) => passed),
    text: table(
      headers,
      rows.map(({ cells }) => cells),
    ),
  };
}

/**
 * @param {{ rounds: number, quick: boolean, full: boolean, writeDocs: boolean, journalDirectory: string }} options
 * @returns {Promise<boolean>} Whether the bar is met.
 */
export async function benchResume({ rounds, quick, full, writeDocs, journalDirectory }) {
  const { logJournal } = await importLogJournal();
  checkOnDisk(journalDirectory);
  const sizes = quick ? [10_000, 30_000] : [10_000, 100_000, 1_000_000, ...(full ? [10_000_000] : [])];
  const lookUps = quick ? 200 : 1_000;

  /** @type {{ rows: number, journal: import("./lib/filled-journal.mjs").Journal, close: () => Promise<void> }[]} */
  const journals = [];
  /** @type {Sample[]} */
  const samples = [];
  try {
    for (const rows of sizes) {
      process.stderr.write(`filling a journal with ${figure(rows)} rows `);
      let dots = 0;
      const onProgress = (/** @type {number} */ share) => {
        for (; dots < Math.floor(share * 10); dots++) process.stderr.write(".");
      };
      const opened = await openTemporaryJournal(logJournal, { parentDirectory: journalDirectory, retention: { maxCount: rows } });
      journals.push({ rows, ...opened });
      await fillJournal(opened.journal, { rows, onProgress });
      process.stderr.write("\n");
    }
    for (let round = 0; round <= rounds; round++) {
      process.stderr.write(round === 0 ? "warming up\n" : `round ${round}/${rounds}\n`);
      for (const place of PLACES) {
        for (const { rows, p50, p99 } of await measurePlace(journals, place, { lookUps, seed: round })) {
          if (round > 0) samples.push({ round, rows, place: place.name, p50, p99 });
        }
      }
    }
  } finally {
    for (const { close } of journals) await close();
  }

  const { passed, text } = report(samples, sizes);
  const machine = describeMachine();
  const file = saveResults("resume", { machine, sizes, lookUps, rounds, samples });
  console.log(`${text}\n`);
  process.stderr.write(`raw figures: ${file}\n`);
  if (quick) process.stderr.write("The bar is not judged: --quick measures too little.\n");
  if (writeDocs) writeDocument("resume", renderDocument({ machine, text, lookUps, rounds }));
  return quick || passed;
}

/** @param {{ machine: import("./lib/machine.mjs").Machine, text: string, lookUps: number, rounds: number }} parts */
function renderDocument({ machine, text, lookUps, rounds }) {
  return `## What resuming costs in a long journal

The time that a log takes to find an event id and to read the ${PAGE} rows after it: \`find\`, then \`read\`. Rows have 100
bytes of data and ids that look random. Ids are drawn from ${figure(NEIGHBOURS)} rows at each place, or from all (\`anywhere\`); \`trimmed\`
ids were held once, \`unknown\` ones never: after those the oldest ${PAGE} rows are read. ${figure(lookUps)} look-ups for each
figure, the journals asked in turn; medians of p50, p99 and the ratio within a round over ${rounds} rounds.

${renderMachine(machine)}

${text}`;
}
