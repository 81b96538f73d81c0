import { connect } from "node:net";
import type { Config } from "../config/config.ts";
import { updatesOf } from "../config/units.ts";
import { Failure, UsageError } from "../errors.ts";
import { openSource, newestOf } from "../journal/source.ts";
import { resolveHost } from "../serve/address.ts";
import { type Finding, ok, problem, warning } from "./findings.ts";

/** A clock that is wrong by less than this is no finding, in milliseconds. */
const CLOCK_LEEWAY_MS = 5000;
/** The clock of a machine without a battery begins before the project did. */
const EARLIEST_MS: number = Date.UTC(2026, 0, 1);
const CONNECT_MS = 2000;
const ANSWER_BYTES = 64 * 1024;

/** The journal, a hub that has the journal open, and the clock by the newest update. */
export async function checkJournal(config: Config): Promise<{ readonly findings: readonly Finding[]; readonly isOpen: boolean }> {
  if (config.journal.kind === "memory") {
    return {
      findings: [warning("journal", "The journal is in memory, so a restart loses it. Leave --journal out to keep updates on the disk.")],
      isOpen: false,
    };
  }
  const damage: string[] = [];
  let source;
  try {
    source = await openSource(config, (what) => damage.push(what));
  } catch (error) {
    if (!(error instanceof Failure || error instanceof UsageError)) throw error;
    const isNone = error.message.startsWith("There is no journal in");
    return {
      findings: [isNone ? ok("journal", `${error.message} The first start makes one.`) : problem("journal", error.message)],
      isOpen: false,
    };
  }
  const { place, journal, log } = source;
  try {
    const newest = await newestOf(source);
    const isOpen = log?.isOpen() === true;
    const use = log === undefined ? "" : isOpen ? ", and a hub is running" : ", and no hub is running";
    const findings = [
      ...(log?.obstacle === undefined ? [] : [problem("journal", log.obstacle)]),
      damage[0] === undefined
        ? ok("journal", `${place} has ${updatesOf(journal.head(), journal.tail())}${use}.`)
        : problem("journal", `${damage[0]} See all damage:  artesian journal verify`),
      checkClock(newest?.at),
    ];
    return { findings, isOpen };
  } finally {
    await journal.close();
  }
}

/** @param newestMs - Time of the journal's newest update, in milliseconds. */
function checkClock(newestMs = 0): Finding {
  const now = Date.now();
  const shown = new Date(now).toISOString();
  if (now < EARLIEST_MS)
    return problem("clock", `It is ${shown} by this machine's clock. Set it, or start its time service: tokens and retention go by it.`);
  if (newestMs > now + CLOCK_LEEWAY_MS) {
    const newest = new Date(newestMs).toISOString();
    return warning(
      "clock",
      `It is ${shown} by this machine's clock, and the newest update is of ${newest}. Look which was wrong: retention by age goes by the clock.`,
    );
  }
  return ok("clock", `It is ${shown}.`);
}

/** Whether the hub can listen, or listens, at the address. */
export async function checkAddress({ host, port }: Config, isOpen: boolean): Promise<Finding> {
  let address;
  try {
    address = await resolveHost(host);
  } catch (error) {
    return problem("address", error instanceof Error ? error.message : String(error));
  }
  const at = `http://${address.urlHost}:${port}`;
  if (port === 0) return ok("address", "The hub chooses a free port.");
  const answer = await askHealth(address.address, port);
  if (answer === undefined) {
    return isOpen
      ? warning("address", `A hub has the journal open, and nothing listens at ${at}. Give doctor the --host and --port of the hub.`)
      : ok("address", `${at} is free.`);
  }
  const [, status = ""] = /^HTTP\/1\.1 (\d{3})/.exec(answer) ?? [];
  const isHub = answer.includes('"checks"');
  if (!isHub) return problem("address", `Another program listens at ${at}. Stop it, or choose another --port.`);
  if (status === "200") return ok("address", `A hub at ${at} is ready.`);
  return problem("address", `The hub at ${at} is not ready:  curl ${at}/health/ready`);
}

/** Asks a server for readiness. @returns Undefined if nothing listens. Empty without an answer. */
async function askHealth(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect({ host: host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host, port });
    socket.setTimeout(CONNECT_MS);
    socket.setEncoding("utf8");
    socket.on("connect", () => socket.write("GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    socket.on("data", (part: string) => {
      text += part;
      if (text.length > ANSWER_BYTES) socket.destroy();
    });
    socket.on("timeout", () => socket.destroy());
    socket.on("error", ({ code }: NodeJS.ErrnoException) => code === "ECONNREFUSED" && resolve(undefined));
    socket.on("close", () => resolve(text));
  });
}
