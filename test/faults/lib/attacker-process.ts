import { heard, startProgram } from "./program.ts";

/** What an attacker does, from one address. */
export type Attack =
  /** Sends the requests by turns, at an even pace. */
  | { readonly kind: "requests"; readonly requests: readonly AttackRequest[]; readonly perSecond: number }
  /** Opens so many streams at an even pace. Each stays for a time, in milliseconds, or for as long as the attack does. */
  | { readonly kind: "streams"; readonly queries: readonly string[]; readonly perSecond: number; readonly staysMs: number | undefined }
  /** Opens so many connections, and sends nothing. */
  | { readonly kind: "idle"; readonly sockets: number };

export interface AttackRequest {
  readonly method: string;
  readonly query?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
}

export interface ToAttacker {
  readonly hub: string;
  /** The address that it claims to come from. */
  readonly address: string;
  readonly attack: Attack;
}

export interface FromAttacker {
  readonly sent: number;
  /** How many answers had each status; 0 counts connections that ended without one. */
  readonly statuses: Readonly<Record<number, number>>;
}

const BEGIN_MS = 10_000;

/** An attacker in a process of its own. @returns What it did so far, and what ends it. */
export async function startAttack(options: ToAttacker): Promise<{ readonly said: () => FromAttacker; readonly end: () => void }> {
  const program = startProgram<ToAttacker, FromAttacker>("attacker.ts", options);
  await heard(program, BEGIN_MS, "The beginning of the attack", ({ sent }) => sent > 0);
  return { said: () => program.said as FromAttacker, end: () => program.kill() };
}
