/** One way to put a promise to the test. */
export interface Scenario {
  /** As in `--only`. */
  readonly name: string;
  /** Of the table in docs/operate/reliability.md: `R1`. */
  readonly promise: string;
  /** What it does, in a few words. */
  readonly what: string;
  /** What it can't run without; where it is not there, the scenario is reported as not run. */
  readonly needs?: "root" | undefined;
  readonly run: (options: ScenarioOptions) => Promise<void>;
}

export interface ScenarioOptions {
  /** Rather the numbers of the promise than those of CI. */
  readonly full: boolean;
  /** Chooses everything that is random. */
  readonly seed: number;
  /** Adds a figure to the table, as soon as it is known; another one of the same name replaces it. */
  readonly report: (figure: Figure) => void;
  /** Says how far it is. */
  readonly progress: (text: string) => void;
  /** Notes what broke the promise. The scenario goes on. */
  readonly violation: (text: string) => void;
  /** Notes a bound of time that was exceeded. A machine that stands still exceeds it too. */
  readonly late: (text: string) => void;
  /** For what could not be tried here, such as a mount that the system refuses: the scenario is reported as not run, with the reason. */
  readonly notRun: (reason: string) => never;
}

export interface Figure {
  readonly name: string;
  /** With its unit. */
  readonly value: string;
}

/** Thrown by {@link ScenarioOptions.notRun}. */
export class NotRun extends Error {}
