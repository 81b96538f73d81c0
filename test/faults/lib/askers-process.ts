import type { Attacker } from "./attack.ts";
import { startProgram } from "./program.ts";

/** What one address asks of a hub, at an even pace. */
export interface Asking {
  /** By turns. A stream is left after its head, or after a time. */
  readonly requests: readonly Request[];
  readonly perSecond: number;
  /** How long streams are held, in milliseconds; undefined: for as long as the attack takes, each once. */
  readonly holdsMs: number | undefined;
}

interface Request {
  readonly method: string;
  readonly query?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
}

export interface ToAskers extends Asking {
  readonly hub: string;
  /** The client's address, as its proxy tells it. */
  readonly address: string;
}

export interface FromAskers {
  readonly sent: number;
  /** How many answers had each status; 0 counts connections that ended without one. */
  readonly statuses: Readonly<Record<number, number>>;
}

/** Of the documentation's network: no proxy forwards it. */
const ADDRESS = "203.0.113.7";

/** Starts what asks, in a process of its own. The hub must trust 127.0.0.1 as a proxy. */
export function startAskers(hub: string, asking: Asking): Attacker {
  const program = startProgram<ToAskers, FromAskers>("askers.ts", { ...asking, hub, address: ADDRESS });
  const answers = (): readonly (readonly [status: string, count: number])[] => Object.entries(program.said?.statuses ?? {});
  return {
    isOn: () => answers().length > 0,
    told: () => {
      const parts = answers().map(([status, count]) => `${count} × ${status === "0" ? "none" : status}`);
      return `${program.said?.sent ?? 0} requests; answers ${parts.join(", ")}`;
    },
    end: () => program.kill(),
  };
}
