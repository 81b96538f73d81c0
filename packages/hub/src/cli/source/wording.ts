/** Option names that are unambiguous in sentences. */
const CAMEL =
  /\b(?:(?:topic|data|type|id)Field|max(?:Bytes|FreshMs|Items|LineBytes|DataBytes)|intervalMs|timeoutMs|summaryLength|ticksPerSecond|maxSymbols|negativePrices|longestPauseMs|maxPerSecond|sessionMs)\b/g;

/** Rewrites a source's message from option names to flags. */
export function inFlags(message: string): string {
  return message
    .replace(/^([a-z]\w*): /, (_, name: string) => `${flagFor(name)}: `)
    .replaceAll(/`([a-z]\w*)`/g, (_, name: string) => flagFor(name))
    .replaceAll(/\((items|select|key)\)/g, (_, name: string) => `(${flagFor(name)})`)
    .replace("Say by fields which", "Say by --field which")
    .replaceAll(CAMEL, flagFor);
}

/** Flags whose names differ from their options. */
const RENAMED: Readonly<Record<string, string>> = {
  ticksPerSecond: "--rate",
  maxPerSecond: "--max-rate",
  feeds: "addresses",
  url: "address",
};

function flagFor(name: string): string {
  if (Object.hasOwn(RENAMED, name)) return RENAMED[name] ?? "";
  const kebab = name.replace(/Ms$/, "").replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return `--${kebab}`;
}
