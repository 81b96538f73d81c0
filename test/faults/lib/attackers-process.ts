import type { Attacker } from "./attack.ts";
import { startProgram } from "./program.ts";

/** What attackers do: each has so many connections at a time, and makes a new one soon after one has ended. */
export interface ToAttackers {
  /** Connections that send nothing; or streams, each with patterns of its own. */
  readonly kind: "idle" | "patterns";
  readonly hub: string;
  /** 127.0.1.1 and so on. */
  readonly addresses: number;
  readonly perAddress: number;
  /** How long a connection stays, in milliseconds. */
  readonly staysMs: number;
  /** Between two connections, in milliseconds. */
  readonly pauseMs: number;
}

export interface FromAttackers {
  /** Connections that are open. */
  readonly open: number;
  /** All that were made. */
  readonly made: number;
  /** Connections that the server ended. */
  readonly ended: number;
}

/** Starts attackers, in a process of their own. The attack is on once all of them have come, and some again. */
export function startAttackers(options: ToAttackers): Attacker {
  const program = startProgram<ToAttackers, FromAttackers>("attackers.ts", options);
  return {
    isOn: () => (program.said?.made ?? 0) > options.addresses * options.perAddress,
    told: () => {
      const { open = 0, made = 0, ended = 0 } = program.said ?? {};
      return `${open} connections open, ${made} made, ${ended} ended by the hub`;
    },
    end: () => program.kill(),
  };
}
