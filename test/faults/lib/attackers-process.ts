import { type Program, startProgram } from "./program.ts";

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

/** Starts attackers, in a process of their own. */
export function startAttackers(options: ToAttackers): Program<ToAttackers, FromAttackers> {
  return startProgram("attackers.ts", options);
}
