import { Command, Option } from "commander";
import { configOf, type SettingFlags, withData, withSettings } from "../config/flags.ts";
import { createOutput } from "../terminal.ts";
import { CREATED_ALGORITHMS, createKeyFile, keyFileOf } from "./file.ts";

const EXAMPLES = `
Examples:
  artesian keys create                             a shared secret, in ./data/keys.json
  artesian keys create --data /var/lib/artesian --alg ES256
  artesian keys create --force                     a new key; tokens of the old one end

artesian serve finds the file by itself when no other key is configured, and artesian token mint signs with it. The file is
a JWK set, which only this user may read. Whoever has it can make tokens.`;

/** Flags of `keys create`, beside the settings. */
type Flags = Pick<SettingFlags, "data" | "issuer" | "config"> & {
  readonly alg: (typeof CREATED_ALGORITHMS)[number];
  readonly force?: boolean;
};

/** `artesian keys` makes the key that signs tokens. */
export function keysCommand(): Command {
  const create = new Command("create")
    .description("make a key and write it into the data directory")
    .addOption(new Option("--alg <algorithm>", "signature algorithm").choices(CREATED_ALGORITHMS).default("HS256"))
    .option("--force", "replace an existing key")
    .addOption(new Option("--issuer <url>", "the `iss` claim of its tokens (default: generated)"))
    .addHelpText("after", EXAMPLES);
  return new Command("keys")
    .description("make the key that signs tokens")
    .addHelpText("after", EXAMPLES)
    .addCommand(withSettings(create, (key) => key === "data").action(run));
}

async function run({ alg, force, issuer, ...flags }: Flags): Promise<void> {
  const stdout = createOutput(process.stdout);
  const config = configOf({ ...flags, ...(issuer === undefined ? {} : { issuer }) });
  const name = createKeyFile(config.data, { algorithm: alg, issuer: config.issuer, force: force === true });
  const lines = [
    `A key for ${alg} is in ${keyFileOf(config.data)}. Only this user may read the file. Anyone with the file can make tokens.`,
    `Its issuer is ${name}`,
    "",
    `Start the hub:  ${withData("artesian serve", config.data)}`,
    `Make a token:   ${withData("artesian token mint --publish '*' --subscribe '*'", config.data)}`,
  ];
  await stdout.line(lines.join("\n"));
}
