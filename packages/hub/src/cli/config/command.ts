import { Command } from "commander";
import { EXIT, UsageError } from "../errors.ts";
import { examplesOf } from "../examples.ts";
import { createOutput, style } from "../terminal.ts";
import type { Key } from "./config.ts";
import { OF_DEMO } from "./demo-settings.ts";
import { fileSchema } from "./file-schema.ts";
import { type SettingFlags, sourcesOf, withSettings } from "./flags.ts";
import { resolveConfig } from "./load.ts";
import { defaultOf, KEYS } from "./settings.ts";
import { show } from "./show.ts";

const CHECK_EXAMPLES = `
Examples:
  artesian config check                             ./artesian.json, the variables, and the files that they name
  artesian config check --config /etc/artesian.json --data /var/lib/artesian
  artesian config check && kill -HUP "$PID"         have a running hub read them only if they are good

Give the same settings as to artesian serve. Nothing is started or written, and no JWK set is fetched.
Exit code: 0 when serve would take them, 1 when it would not, 2 for a wrong call.`;

const PRINT_EXAMPLES = `
Examples:
  artesian config print                             the settings that are given, and where
  artesian config print --effective                 the defaults too
  artesian config print --effective --json | jq .maxBodyBytes

Secrets are hidden, and so are the users, passwords, queries and fragments of URLs.`;

const SCHEMA_EXAMPLES = `
Examples:
  artesian config schema > artesian.schema.json

The package has the same file: {"$schema": "./node_modules/artesian/dist/artesian.schema.json"} in artesian.json lets editors check and
complete the settings.`;

type CheckFlags = SettingFlags & { readonly json?: boolean };
type PrintFlags = CheckFlags & { readonly effective?: boolean };

/** `artesian config` checks, prints and describes the settings of `artesian serve`. */
export function configCommand(): Command {
  const includes = (key: Key): boolean => !OF_DEMO.has(key);
  const check = new Command("check")
    .description("check the settings, and the files that they name, without starting anything")
    .option("--json", "print JSON")
    .addHelpText("after", CHECK_EXAMPLES);
  const print = new Command("print")
    .description("print the settings with the place of each, and without secrets")
    .option("--effective", "print the defaults too")
    .option("--json", "print JSON")
    .addHelpText("after", PRINT_EXAMPLES);
  const schema = new Command("schema")
    .description("print the JSON Schema of artesian.json")
    .addHelpText("after", SCHEMA_EXAMPLES)
    .action(async () => void (await createOutput(process.stdout).line(JSON.stringify(fileSchema(), undefined, 2))));
  return new Command("config")
    .description("check and print the settings of artesian serve")
    .addHelpText("after", examplesOf([CHECK_EXAMPLES, PRINT_EXAMPLES, SCHEMA_EXAMPLES]))
    .addCommand(withSettings(check, includes).action(runCheck))
    .addCommand(withSettings(print, includes).action(runPrint))
    .addCommand(schema);
}

async function runCheck({ json, ...flags }: CheckFlags): Promise<void> {
  // The checks need slow imports, which the other commands must not pay for on each run.
  const { checkConfig } = await import("./check.ts");
  const stdout = createOutput(process.stdout);
  const { problems, warnings } = await checkConfig(sourcesOf(flags));
  process.exitCode = problems.length === 0 ? EXIT.ok : EXIT.failure;
  if (json === true) {
    await stdout.line(JSON.stringify({ ok: problems.length === 0, problems, warnings }, undefined, 2));
    return;
  }
  for (const problem of problems) await stdout.line([style("red", "problem:"), ` ${problem}`]);
  for (const warning of warnings) await stdout.line([style("yellow", "warning:"), ` ${warning}`]);
  if (problems.length === 0) await stdout.line([style("green", "ok:"), " artesian serve takes these settings."]);
}

async function runPrint({ json, effective, ...flags }: PrintFlags): Promise<void> {
  const { config, origins, problems } = resolveConfig(sourcesOf(flags));
  if (config === undefined) throw new UsageError(problems.join("\n"));
  const rows = [...KEYS.filter((key) => !OF_DEMO.has(key)), "issuers" as const]
    .map((key) => ({ key, value: show(key, config), ...(origins[key] ?? { source: "default", place: undefined }) }))
    .filter(({ source }) => effective === true || source !== "default");
  const stdout = createOutput(process.stdout);
  if (json === true) {
    const entries = rows.map(({ key, value, source, place }) => [key, { value, source, ...(place !== undefined && { place }) }]);
    await stdout.line(JSON.stringify(Object.fromEntries(entries), undefined, 2));
    return;
  }
  for (const { key, value, source, place } of rows) {
    const shown = value === null && key !== "issuers" ? defaultOf(key) : JSON.stringify(value);
    await stdout.line(`${key} = ${shown}  (${source === "default" ? source : `${source} ${place ?? ""}`})`);
  }
}
