import { readFileSync } from "node:fs";

const SAMPLE_MS = 50;
const MIB = 2 ** 20;

function statusBytes(pid: number, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}

/** Resident memory of a process, in bytes. */
export function residentBytes(pid: number): number {
  return statusBytes(pid, "VmRSS");
}

/** Memory that the kernel has for all TCP sockets of this machine, and the least at which it takes from them, in MiB. */
export function socketMiB(): { readonly used: number; readonly scarce: number } {
  const page = 4096 / MIB;
  const used = Number(/^TCP: .* mem (\d+)$/m.exec(readFileSync("/proc/net/sockstat", "utf8"))?.[1]);
  const [, pressure] = readFileSync("/proc/sys/net/ipv4/tcp_mem", "utf8").split(/\s+/);
  return { used: used * page, scarce: Number(pressure) * page };
}

/** Watches the resident memory of a process from now on. */
export class MemoryWatch {
  readonly #pid: number;
  #base: { readonly own: number; readonly mapped: number };
  #most: number;
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.#pid = pid;
    this.#base = { own: statusBytes(pid, "RssAnon"), mapped: statusBytes(pid, "RssFile") };
    this.#most = this.#base.own;
    this.#timer = setInterval(() => (this.#most = Math.max(this.#most, statusBytes(pid, "RssAnon"))), SAMPLE_MS);
  }

  /** The beginning is now, and with the most that there was so far: what follows is more than the same work took before. */
  rebase(): void {
    this.#base = { own: this.#most, mapped: statusBytes(this.#pid, "RssFile") };
  }

  /** How much more of its own it had than at the beginning, at the most, in MiB. */
  get grownMiB(): number {
    return (this.#most - this.#base.own) / MIB;
  }

  /** How much more of files is mapped than at the beginning, in MiB: pages of the journal, which are the kernel's cache and can be given up at any time. */
  get mappedMiB(): number {
    return (statusBytes(this.#pid, "RssFile") - this.#base.mapped) / MIB;
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
