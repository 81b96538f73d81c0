// npm run bench: what Artesian costs, measured next to what it is compared with, in one run on one machine.
//
// Method
// - Servers: the floor (C, one write per subscriber and nothing else; for publishes also
//   with every update on disk), Nchan, Pushpin, better-sse, @fastify/sse, Socket.IO, an
//   endpoint to poll, and Artesian as deployed: the built command with authorization and a journal on a disk. All take a POST
//   for an update and send the same 100 bytes of data, where a scenario does not say otherwise.
// - The server has one core, all its processes together; the load generator (native/load) another; both by taskset. Nothing else should run.
// - Each measurement is of a server just started: subscribers are opened, updates are published for a warm-up and then for
//   the time measured. A closed loop keeps W updates in flight; one is in flight until every subscriber has received it and
//   its POST is answered. The generator fails unless every subscriber received every update of its topic exactly once, and nobody
//   another. `--quick` tests it against servers that lie.
// - Servers are measured one after another, in rounds, each round beginning with another one. Ratios are taken within a
//   round and their median is shown, so that what slows a whole round down does not count.
// - CPU per delivery is the time of all threads of the server's processes by the kernel's scheduler, in nanoseconds: it is
//   the figure to trust on a busy machine. Deliveries per second and latency also depend on the generator, whose share of its
//   core is shown; from 90% on it is marked, because then it was a bottleneck itself.
// - Memory: VmRSS of the server's processes alone, some seconds after it started and some seconds after the last subscriber was opened.
// - What can't be measured is said, with the reason: a peer that is not installed, a server without an ability, a run that failed.
// - `resume`, `pacing`, `fleet`, `partitions` and `micro` are other benchmarks: see the files of these names.
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";

import { benchDelivery, describeMissing, reportDelivery } from "./delivery.mjs";
import { inRepository } from "./lib/machine.mjs";
import { BenchError, endWithThisProcess } from "./lib/processes.mjs";
import { benchFleet } from "./fleet.mjs";
import { benchPartitions } from "./partitions.mjs";
import { benchMicro } from "./micro.mjs";
import { benchPacing } from "./pacing.mjs";
import { benchResume } from "./resume.mjs";

const HELP = `Usage: npm run bench -- [options]            what a delivery, a publish and a connection cost
       npm run bench -- report FILE…         tables, bars and pictures of what was measured before, in one run or several
       npm run bench -- resume [options]     what resuming costs in a long journal
       npm run bench -- pacing [options]     what pacing saves where a screen cannot show every update
       npm run bench -- fleet [options]      what Redis or NATS between hubs costs, next to the log
       npm run bench -- partitions [options] what it brings to spread a fleet's topics over several streams (needs root)
       npm run bench -- micro [options]      what the parts cost: encode, match, cohort, open, cursor, append

Options
  --rounds N          rounds to take the median of (5)
  --seconds S         how long each load is measured, 1 to 60 (4)
  --quick             little of everything, to see that it works; its figures mean nothing
  --only LIST         of the scenarios one, wide, burst, private, patterns, steady, memory, herd, publish, durable,
                      topics, workers, gzip, polling; of the parts in micro; separated by commas
  --servers LIST      of the servers floor, durable-floor, nchan, pushpin, better-sse, fastify-sse, socket.io, polling, artesian
  --full              resume: with a journal of ten million rows, too (some 4 GB of disk, some ten minutes)
  --journal KIND      Artesian's journal: log, or memory to see what the disk costs (log)
  --journal-dir DIR   where temporary journals lie: on a disk (bench/build)
  --check             exit with status 1 when a bar is not met (2, as always, when something could not be measured)
  --write-docs        write the figures into docs/reference/benchmarks.md, and pictures of them into docs/images/
  --help

Raw figures go to bench/results/. A full run takes hours: measure scenario by scenario, and let \`report\` put them together.
Needs Linux, two cores, taskset and a C compiler (micro: none of them); nothing else should run. Peers that are not installed are skipped, and said:
  nchan:    apt-get install nginx-light libnginx-mod-nchan     (Debian, Ubuntu)
  pushpin:  apt-get install pushpin condure zurl               (Debian 12, Ubuntu)
  fleet:    apt-get install redis-server nats-server          (Debian, Ubuntu)
  the scenario gzip: apt-get install zlib1g-dev
  the others come from the npm registry, once: npm ci --prefix bench`;

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        rounds: { type: "string" },
        seconds: { type: "string" },
        quick: { type: "boolean", default: false },
        only: { type: "string" },
        servers: { type: "string" },
        full: { type: "boolean", default: false },
        journal: { type: "string", default: "log" },
        "journal-dir": { type: "string" },
        check: { type: "boolean", default: false },
        "write-docs": { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new BenchError(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
  }
}

/**
 * @param {string} option
 * @param {string | undefined} text
 * @param {{ fallback: number, most: number }} bounds
 */
function wholeNumber(option, text, { fallback, most }) {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new BenchError(`--${option} must be a whole number from 1 to ${most}, not "${text}"`);
  }
  return value;
}

async function main() {
  const { values, positionals } = readArguments();
  if (values.help) {
    const missing = describeMissing();
    console.log(`${HELP}\n\n${missing === "" ? "On this machine all of them are there." : `Missing on this machine:${missing}`}`);
    return;
  }
  const [what = "delivery", ...rest] = positionals;
  const known = ["delivery", "resume", "pacing", "fleet", "partitions", "micro", "report"].includes(what);
  if (!known || rest.length > 0 !== (what === "report")) throw new BenchError(`there is no such benchmark\n\n${HELP}`);
  const { quick, check, full, journal } = values;
  const writeDocs = values["write-docs"];
  if (quick && (check || writeDocs)) throw new BenchError("--quick measures too little for --check and --write-docs");
  const rounds = wholeNumber("rounds", values.rounds, { fallback: quick ? 1 : 5, most: 100 });
  const seconds = wholeNumber("seconds", values.seconds, { fallback: quick ? 1 : 4, most: 60 });
  const journalDirectory = values["journal-dir"] ?? inRepository("bench/build");
  mkdirSync(journalDirectory, { recursive: true });

  const only = values.only?.split(",");
  const passed =
    what === "report"
      ? reportDelivery(rest, { writeDocs })
      : what === "resume"
        ? await benchResume({ rounds, quick, full, writeDocs, journalDirectory })
        : what === "pacing"
          ? await benchPacing({ rounds, seconds, quick, writeDocs, journalDirectory })
          : what === "fleet"
            ? await benchFleet({ rounds, seconds, quick, writeDocs, journalDirectory })
            : what === "partitions"
              ? await benchPartitions({ rounds, seconds, quick, writeDocs, journalDirectory })
              : what === "micro"
                ? await benchMicro({ rounds, quick, writeDocs, only, journalDirectory })
                : await benchDelivery({
                    rounds,
                    seconds,
                    quick,
                    writeDocs,
                    journal,
                    journalDirectory,
                    only,
                    servers: values.servers?.split(","),
                  });
  if (check && !passed) process.exitCode = 1;
}

endWithThisProcess();
try {
  await main();
} catch (error) {
  console.error(error instanceof BenchError ? `bench: ${error.message}` : error);
  process.exit(2);
}
