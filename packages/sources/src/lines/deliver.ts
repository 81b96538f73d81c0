import type { TextUpdate } from "artesian";
import { parseJson, textOf, withoutNaN, writeJson } from "../json.ts";
import type { SourceContext } from "../source.ts";
import type { LinesPlan } from "./options.ts";
import type { Line } from "./splitter.ts";

/** Publishes the lines of one read, and reports each kind of problem once with its count. */
export async function deliver(plan: LinesPlan, lines: readonly Line[], context: SourceContext): Promise<void> {
  const updates: TextUpdate[] = [];
  const problems = new Map<string, { count: number; readonly at: number }>();
  for (const line of lines) {
    const { update, problem } = read(plan, line);
    if (update !== undefined) updates.push(update);
    if (problem === undefined) continue;
    const known = problems.get(problem);
    if (known === undefined) problems.set(problem, { count: 1, at: line.at });
    else known.count += 1;
  }
  warnOfEncoding(plan, lines, context);
  for (const [problem, { count, at }] of problems) {
    // The message names the place and not the text. A line may hold anything, and the message goes
    // into logs.
    const which = count === 1 ? `The line at byte ${at}` : `${count} lines, the first at byte ${at},`;
    context.report({ kind: "warning", message: `${which} ${count === 1 ? "was" : "were"} ${problem}` });
  }
  if (updates.length > 0) await plan.outlet.publish(context, updates);
}

/** Warns once, because a log in another encoding has invalid bytes in every other line. */
function warnOfEncoding(plan: LinesPlan, lines: readonly Line[], context: SourceContext): void {
  if (plan.told.has("encoding")) return;
  const wrong = lines.filter(({ encoding }) => encoding !== undefined);
  const [first] = wrong;
  if (first === undefined) return;
  plan.told.add("encoding");
  const which = wrong.length === 1 ? `The line at byte ${first.at}` : `${wrong.length} lines, the first at byte ${first.at},`;
  const message =
    first.encoding === "utf-16"
      ? `The line at byte ${first.at} looks like UTF-16, which is not read. Write the log in UTF-8, or convert it: \`iconv -f utf-16\`.`
      : `${which} ${wrong.length === 1 ? "has" : "have"} bytes that are no UTF-8 and become U+FFFD. Write the log in UTF-8, or convert it: \`iconv -f latin1\`.`;
  context.report({ kind: "warning", message });
}

interface Reading {
  readonly update?: TextUpdate;
  /** Completes the sentence `The line was …`. */
  readonly problem?: string;
}

function read(plan: LinesPlan, line: Line): Reading {
  const { options, json, maxLineBytes } = plan;
  if (line.long && (json || options.longLines === "skip")) {
    return { problem: `left out: longer than ${maxLineBytes} bytes (maxLineBytes).` };
  }
  const problem = line.long ? { problem: `cut: longer than ${maxLineBytes} bytes (maxLineBytes).` } : {};
  if (!json) return { update: { topic: options.topic ?? "", data: line.text, type: options.type }, ...problem };
  return line.text.trim() === "" ? {} : readJsonLine(plan, line.text);
}

function readJsonLine(plan: LinesPlan, text: string): Reading {
  const { options } = plan;
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    // The parser's message would quote the line.
    return { problem: "left out: not JSON." };
  }
  const topic = plan.topic === undefined ? textOf(plan.topicField?.(value)) : plan.topic.expand((name) => plan.fields.get(name)?.(value));
  if (topic === undefined) return { problem: "left out: without what the topic is made of." };
  const data = plan.dataField === undefined ? value : plan.dataField(value);
  if (data === undefined) return { problem: `left out: nothing is at "${options.dataField}" (dataField).` };
  return {
    update: {
      topic,
      data: plan.dataField === undefined ? withoutNaN(text).trim() : typeof data === "string" ? (textOf(data) ?? "") : writeJson(data),
      type: textOf(plan.typeField?.(value)) ?? options.type,
      id: textOf(plan.idField?.(value)),
    },
  };
}
