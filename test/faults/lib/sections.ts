/** What came of a scenario. */
export interface Result {
  readonly name: string;
  readonly promise: string;
  readonly what: string;
  readonly figures: readonly (readonly [name: string, value: string])[];
  readonly seconds: number;
  /** `kept` or `broken`; where it was not run, the reason. */
  readonly verdict: string;
  readonly isRun: boolean;
}

/** Markdown that also reads well on a terminal: a heading, a sentence and a list of figures. */
export function section({ name, promise, what, figures, seconds, verdict, isRun }: Result): string {
  const outcome = isRun ? `**${verdict}**, ${seconds} s` : `not run: ${verdict}`;
  const items = figures.map(([figure, value]) => `- ${figure} ${value}`);
  return [`### ${name}`, "", `${promise}, ${outcome}: ${what}.`, ...(items.length > 0 ? ["", ...items] : [])].join("\n");
}

/** Sections of a page by the names in their headings. */
export function sectionsOf(page: string): ReadonlyMap<string, string> {
  const parts = page.split(/^(?=### )/m).filter((part) => part.startsWith("### "));
  return new Map(parts.map((part) => [part.slice(4, part.indexOf("\n")).trim(), part.trim()]));
}
