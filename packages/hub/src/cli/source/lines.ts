import { resolve } from "node:path";
import { Command, Option } from "commander";
import type { LinesOptions } from "artesian-sources";
import { size } from "../config/values.ts";
import { UsageError } from "../errors.ts";
import { valueOf, withCommon, type CommonFlags } from "./flags.ts";
import { loaded } from "./loaded.ts";

const EXAMPLES = `
Examples:
  artesian source lines --topic /log app.log                          new lines of a file, through rotation
  journalctl -f | artesian source lines --topic /journal              lines of the standard input
  artesian source lines --topic /log/{service} --format json --type-field level app.ndjson
  artesian source lines --topic /import --from beginning --once old.log

A line is an update. How far a file was read is remembered, so that after a restart nothing is lost or repeated, also
when the file was rotated meanwhile. With --format json the topic, data, type and id may come from fields of the line.`;

interface Flags extends CommonFlags {
  readonly topic?: string;
  readonly topicField?: string;
  readonly format?: "text" | "json";
  readonly dataField?: string;
  readonly typeField?: string;
  readonly idField?: string;
  readonly from?: "end" | "beginning";
  readonly maxLineBytes?: string;
  readonly longLines?: "cut" | "skip";
}

/** `artesian source lines` publishes the lines of a growing file, or of the standard input. */
export function linesCommand(): Command {
  const command = new Command("lines")
    .description("publish the lines of a growing file, or of the standard input")
    .argument("[file]", "file to follow (default, or -: the standard input)")
    .option("--topic <topic>", "topic, or with --format json a template such as /log/{service}")
    .option("--topic-field <path>", "field of a JSON line with the topic, instead of --topic")
    .addOption(new Option("--format <format>", "format of a line (default: text)").choices(["text", "json"]))
    .option("--data-field <path>", "field of a JSON line with the data (default: the whole line)")
    .option("--type-field <path>", "field of a JSON line with the event type")
    .option("--id-field <path>", "field of a JSON line with the event id")
    .addOption(new Option("--from <place>", "start in a file that was not read before (default: end)").choices(["end", "beginning"]))
    .option("--max-line-bytes <size>", "longest line (default: 64KiB)")
    .addOption(new Option("--long-lines <what>", "treatment of longer lines (default: cut)").choices(["cut", "skip"]));
  return withCommon(command)
    .addHelpText("after", EXAMPLES)
    .action(async (file: string | undefined, flags: Flags) => {
      const isInput = file === undefined || file === "-";
      if (file === undefined && process.stdin.isTTY) {
        throw new UsageError("There is no input. Name a file, pipe lines into the command, or write - to type them.");
      }
      const { topic, topicField, format, dataField, typeField, idField, from, longLines, type, once } = flags;
      const options: LinesOptions = {
        ...(isInput ? { stream: process.stdin } : { file }),
        topic,
        topicField,
        format,
        dataField,
        typeField,
        idField,
        from,
        longLines,
        type,
        private: flags.private,
        maxLineBytes: valueOf("--max-line-bytes", flags.maxLineBytes, size(1, 2 ** 28)),
        follow: once !== true,
      };
      const subject = isInput ? ["-"] : [resolve(file)];
      const { linesSource, runSource } = await loaded();
      try {
        await runSource({ create: () => linesSource(options), kind: "lines", subject, topic: topic ?? topicField }, flags);
      } finally {
        // After an interrupt, an open input would keep the process alive.
        if (isInput) process.stdin.destroy();
      }
    });
}
