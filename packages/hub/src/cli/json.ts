/**
 * Says where a text is no JSON, without repeating any of the text. The text may hold secrets, and
 * newer runtimes quote it.
 *
 * @param error - The error of `JSON.parse`.
 */
export function whyNotJson(error: SyntaxError, text: string): string {
  const [, position] = /at position (\d+)/.exec(error.message) ?? [];
  if (position === undefined)
    return text.trim() === "" ? "it is empty." : "a part of it is not valid JSON. Check commas, quotes and brackets.";
  const before = text.slice(0, Number(position)).split("\n");
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1} is not as JSON has it.`;
}
