type Program = readonly [file: string, language: string];

/** Files of examples/publish, each with the language of its block. */
export const PROGRAMS: Readonly<Record<string, string>>;

/** Pages by their paths, with the files in examples/ that they show. */
export const PAGES: Readonly<Record<string, readonly Program[]>>;

/** A page with its programs as they are. */
export function pageWith(page: string, programs: readonly Program[]): string;
