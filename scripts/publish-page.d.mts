/** Files of examples/publish, each with the language of its block. */
export const PROGRAMS: Readonly<Record<string, string>>;

/** The page with the programs as they are. */
export function publishPage(page: string): string;
