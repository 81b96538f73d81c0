import { heard, startProgram } from "./program.ts";

export interface ToChurn {
  readonly hub: string;
  readonly token: string;
  readonly visits: number;
  readonly seed: number;
}

export interface FromChurn {
  readonly visits: number;
  readonly answered: number;
  /** Nobody listened, or no port was left. */
  readonly failed: number;
  readonly done: boolean;
}

/** Connects and disconnects so often, in a process of its own. */
export async function churn(options: ToChurn, ms: number, progress: (said: FromChurn) => void): Promise<FromChurn> {
  const program = startProgram<ToChurn, FromChurn>("churn.ts", options);
  try {
    await heard(program, ms, `${options.visits} connects and disconnects`, (said) => {
      progress(said);
      return said.done;
    });
    return program.said as FromChurn;
  } finally {
    program.kill();
  }
}
