import { Command } from "commander";
import { OF_DEMO } from "../config/demo-settings.ts";
import { type SettingFlags, sourcesOf, withSettings } from "../config/flags.ts";
import { EXIT } from "../errors.ts";
import { createOutput, style } from "../terminal.ts";
import type { Finding } from "./findings.ts";

const EXAMPLES = `
Examples:
  artesian doctor                                   the hub of this directory, while it runs or not
  artesian doctor --data /var/lib/artesian --port 8080
  artesian doctor --json | jq '.[] | select(.status != "ok")'

Give the same settings as to artesian serve. Looks at them, the limits of the system, memory, disk, clock, rights, the journal and the
address. Names each fault and the cure, and changes nothing.
Exit code: 0 without a problem, 1 with one, 2 for a wrong call.`;

const COLOURS = { ok: "green", warning: "yellow", problem: "red" } as const;

/** `artesian doctor` finds faults of a hub and the machine. */
export function doctorCommand(): Command {
  const doctor = new Command("doctor")
    .description("find faults of the settings, the machine and the journal, and say what to do")
    .option("--json", "print JSON")
    .addHelpText("after", EXAMPLES)
    .action(async ({ json, ...flags }: SettingFlags & { readonly json?: boolean }) => {
      // The checks need slow imports, which the other commands must not pay for on each run.
      const { examine } = await import("./doctor.ts");
      const findings = await examine(sourcesOf(flags));
      const stdout = createOutput(process.stdout);
      if (findings.some(({ status }) => status === "problem")) process.exitCode = EXIT.failure;
      if (json === true) return void (await stdout.line(JSON.stringify(findings, undefined, 2)));
      for (const { status, subject, text } of findings)
        await stdout.line([style(COLOURS[status], `${status}:`.padEnd(9)), `${subject}: ${text}`]);
      await stdout.line(summaryOf(findings));
    });
  return withSettings(doctor, (key) => !OF_DEMO.has(key));
}

function summaryOf(findings: readonly Finding[]): string {
  const count = (status: Finding["status"]): string => {
    const number = findings.filter((finding) => finding.status === status).length;
    return `${number} ${status}${number === 1 ? "" : "s"}`;
  };
  return `${count("problem")}, ${count("warning")}.`;
}
