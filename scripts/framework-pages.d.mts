/** A framework with an application in examples/frameworks. */
export interface Framework {
  /** Its file, or its folder. */
  readonly file: string;
  /** The files of its folder, in the order of the page. */
  readonly files?: readonly string[];
}

export const FRAMEWORKS: readonly Framework[];

/** The path of a framework's page, from docs/guides. */
export function pathOf(framework: Framework): string;

/** The text of a framework's page. */
export function pageOf(framework: Framework): string;

/** The rows of the table of all frameworks, in Markdown. */
export function tableOf(): string;
