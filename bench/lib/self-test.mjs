// The load generator must not believe a server: against servers that lie, it must fail, and say why. `npm run bench -- --quick` runs this.
import { startCommand } from "../servers/server.mjs";
import { inRepository } from "./machine.mjs";
import { nativeProgram } from "./native.mjs";
import { BenchError, spawnOnCore, stop, waitForEnd } from "./processes.mjs";

const QUICK = ["--seconds=0.1", "--warm-up=0", "--stall-ms=500", "--subscribers=2", "--min-updates=6"];

/** @type {readonly { way: string, args: readonly string[], complaint: RegExp | undefined }[]} */
const CASES = [
  { way: "honest", args: [], complaint: undefined },
  { way: "honest", args: ["--topics=2", "--topic=bench-{group}", "--window=4"], complaint: undefined },
  { way: "honest", args: ["--mode=herd", "--missed=10"], complaint: undefined },
  { way: "repeats", args: [], complaint: /more than once/ },
  { way: "swaps", args: ["--window=6", "--seconds=0"], complaint: /an update twice, and another not at all/ },
  { way: "loses", args: [], complaint: /no progress/ },
  { way: "closes", args: [], complaint: /closed subscriber/ },
  { way: "refuses", args: [], complaint: /publishing was refused/ },
  { way: "strays", args: ["--topics=2", "--topic=bench-{group}"], complaint: /not subscribed to/ },
  { way: "strays", args: ["--bystanders=2", "--bystander-topics=4"], complaint: /not subscribed to/ },
  { way: "forgets", args: ["--mode=herd", "--missed=10"], complaint: /that it missed|more than once/ },
  { way: "honest", args: ["--gzip"], complaint: /gzip was asked for|without zlib/ },
];

/**
 * @param {string} way
 * @param {readonly string[]} args
 * @param {{ server: number, generator: number }} cores
 * @returns {Promise<string | undefined>} what the generator complained of
 */
async function complaintOf(way, args, cores) {
  const argv = [process.execPath, inRepository("bench/servers/liar-app.mjs"), way];
  const server = await startCommand({ name: "liar", core: cores.server, files: 1024, journalDirectory: "", argv, speak: () => ({}) });
  const child = spawnOnCore({
    name: "load",
    core: cores.generator,
    files: 1024,
    argv: [nativeProgram("load"), `--port=${server.port}`, `--pids=${server.pids().join(",")}`, ...QUICK, ...args],
  });
  try {
    await waitForEnd(child, { name: "the load generator", timeoutMs: 20_000 });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await stop(child);
    await server.stop();
  }
}

/**
 * @param {{ server: number, generator: number }} cores
 * @throws BenchError when the generator believes a lie, or doubts the truth.
 */
export async function testGenerator(cores) {
  process.stderr.write("testing the load generator against servers that lie");
  for (const { way, args, complaint } of CASES) {
    const found = await complaintOf(way, args, cores);
    const right = complaint === undefined ? found === undefined : found !== undefined && complaint.test(found);
    if (!right)
      throw new BenchError(
        `the load generator is wrong about a server that is "${way}" (${args.join(" ")}): ${found ?? "it noticed nothing"}`,
      );
    process.stderr.write(".");
  }
  process.stderr.write(" it noticed\n");
}
