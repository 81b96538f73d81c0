import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Socket } from "node:net";

/** The processes that a process has started, by their ids, as the system lists them (Linux). */
export function childrenOf(parent: number): number[] {
  return processes().filter((pid) => parentOf(pid) === parent);
}

function processes(): number[] {
  return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
}

function parentOf(pid: number): number | undefined {
  // The name, in parentheses, may have anything in it.
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/**
 * Which of some processes holds the other end of a connection over IPv4 on this machine: the product does not say, and need not.
 *
 * @throws Error when none does.
 */
export function holderOf({ localPort = 0, remotePort = 0 }: Socket, candidates: readonly number[]): number {
  const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, "0");
  const row = readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .find(([, local, remote]) => local?.endsWith(`:${hex(remotePort)}`) === true && remote?.endsWith(`:${hex(localPort)}`) === true);
  const target = `socket:[${row?.[9] ?? ""}]`;
  const holder = candidates.find((pid) =>
    (attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? []).some((fd) => attempt(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) === target),
  );
  if (holder === undefined) throw new Error(`None of ${candidates.join(", ")} holds the connection to port ${localPort}.`);
  return holder;
}

/** What is read may be gone: processes end, and descriptors are closed. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
