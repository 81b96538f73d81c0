/**
 * Joins the examples of subcommands for the help of their command.
 *
 * @param helps - Help of the subcommands. Each begins with an empty line, `Examples:` and the
 *   examples, and goes on after the next empty line.
 */
export function examplesOf(helps: readonly string[]): string {
  return helps.map((help, i) => help.split("\n\n")[0]?.replace(i > 0 ? "\nExamples:" : "", "")).join("");
}
