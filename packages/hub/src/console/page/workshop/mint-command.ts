import { DEFAULT_URL } from "../default-url.ts";

/** The contents of a token to make. Topics and patterns have a line each. */
export interface Wishes {
  readonly publish: string;
  readonly publishPatterns: string;
  readonly subscribe: string;
  readonly subscribePatterns: string;
  readonly isAdmin: boolean;
  readonly isMonitor: boolean;
  readonly lifetime: string;
  readonly subject: string;
}

/**
 * The command that makes a token, for a POSIX shell. Undefined without anything to allow.
 *
 * @param audience - The hub's resource identifier.
 */
export function mintCommand(wishes: Wishes, audience: string): string | undefined {
  const flags = [
    ...linesOf(wishes.publish).map((topic) => `--publish ${quoted(topic)}`),
    ...linesOf(wishes.publishPatterns).map((pattern) => `--publish-urlpattern ${quoted(pattern)}`),
    ...linesOf(wishes.subscribe).map((topic) => `--subscribe ${quoted(topic)}`),
    ...linesOf(wishes.subscribePatterns).map((pattern) => `--subscribe-urlpattern ${quoted(pattern)}`),
    ...(wishes.isAdmin ? ["--admin"] : []),
    ...(wishes.isMonitor ? ["--monitor"] : []),
  ];
  if (flags.length === 0) return undefined;
  if (wishes.lifetime.trim() !== "") flags.push(`--lifetime ${quoted(wishes.lifetime.trim())}`);
  if (wishes.subject.trim() !== "") flags.push(`--subject ${quoted(wishes.subject.trim())}`);
  if (audience !== DEFAULT_URL) flags.push(`--resource-identifier ${quoted(audience)}`);
  return `npx artesian token mint ${flags.join(" ")}`;
}

/** The lines of a text, without empty lines. */
function linesOf(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

function quoted(text: string): string {
  return /^[\w./:@%+,=-]+$/.test(text) && !text.startsWith("-") ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
