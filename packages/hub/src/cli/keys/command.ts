import { setImmediate as immediate } from "node:timers/promises";
import { Argument, Command, Option } from "commander";
import { configOf, type SettingFlags, withData, withSettings } from "../config/flags.ts";
import { examplesOf } from "../examples.ts";
import { UsageError } from "../errors.ts";
import { createOutput } from "../terminal.ts";
import { CREATED_ALGORITHMS, type CreatedAlgorithm } from "./create-jwk.ts";
import { createKeyFile, keyFileOf } from "./file.ts";
import { addKey, listKeys, removeKey, rotateKey } from "./stored.ts";

const CREATE_EXAMPLES = `
Examples:
  artesian keys create                             a shared secret, in ./data/keys.json
  artesian keys create --data /var/lib/artesian --alg ES256
  artesian keys create --force                     a new file; tokens of all earlier keys end

artesian serve finds the file by itself when no other key is configured, and artesian token mint signs with it. The file is
a JWK set, which only this user may read. Anyone who has it can make tokens.`;

const LIST_EXAMPLES = `
Examples:
  artesian keys list
  artesian keys list --json --data /var/lib/artesian

No secret is printed. A hub accepts the tokens of all keys. New tokens are signed with one of them.`;

const ADD_EXAMPLES = `
Examples:
  artesian keys add                                accepted by hubs, and does not sign yet
  artesian keys add --alg ES256

A running hub reads the file again at SIGHUP. Then artesian keys rotate KID has new tokens signed with the key.`;

const ROTATE_EXAMPLES = `
Examples:
  artesian keys rotate                             a new key signs from now on
  artesian keys rotate 3c2f9a0e-…                  a key of the file, such as an added one, signs from now on

The earlier key stays accepted, so its tokens hold until artesian keys remove. A running hub reads the file again at SIGHUP. Until then it
refuses tokens of a new key: where that matters, use artesian keys add first.`;

const REMOVE_EXAMPLES = `
Examples:
  artesian keys remove 3c2f9a0e-…                  the KID is that of artesian keys list

A running hub reads the file again at SIGHUP, and then refuses the key's tokens. Streams that are open stay until their token or their
lifetime ends. To end them at once, use artesian token revoke.`;

/** Flags of all commands, beside `--data`. */
type DataFlags = Pick<SettingFlags, "data" | "config">;

/** Flags of `keys create`. */
type CreateFlags = DataFlags & Pick<SettingFlags, "issuer"> & { readonly alg: CreatedAlgorithm; readonly force?: boolean };

type AlgorithmFlags = DataFlags & { readonly alg?: CreatedAlgorithm };

/** `artesian keys` makes, lists and replaces the keys that sign tokens. */
export function keysCommand(): Command {
  const algorithm = (): Option => new Option("--alg <algorithm>", "signature algorithm").choices(CREATED_ALGORITHMS);
  const ofNewKey = (): Option => {
    const option = algorithm();
    option.description = "signature algorithm of a new key (default: that of the present one)";
    return option;
  };
  const create = new Command("create")
    .description("make a key and write it into the data directory")
    .addOption(algorithm().default("HS256"))
    .option("--force", "replace an existing file")
    .addOption(new Option("--issuer <url>", "the `iss` claim of its tokens (default: generated)"))
    .addHelpText("after", CREATE_EXAMPLES)
    .action(runCreate);
  const list = new Command("list")
    .description("list the keys, without their secrets")
    .option("--json", "print JSON")
    .addHelpText("after", LIST_EXAMPLES)
    .action(runList);
  const add = new Command("add")
    .description("add a key that hubs accept, and that does not sign yet")
    .addOption(ofNewKey())
    .addHelpText("after", ADD_EXAMPLES)
    .action(runAdd);
  const rotate = new Command("rotate")
    .description("sign new tokens with another key, and keep accepting the present one")
    .addArgument(new Argument("[kid]", "the key that signs (default: a new one)"))
    .addOption(ofNewKey())
    .addHelpText("after", ROTATE_EXAMPLES)
    .action(runRotate);
  const remove = new Command("remove")
    .description("remove a key that no longer signs; its tokens are refused")
    .addArgument(new Argument("<kid>", "the key"))
    .addHelpText("after", REMOVE_EXAMPLES)
    .action(runRemove);
  const keys = new Command("keys").description("make, list and replace the keys that sign tokens");
  keys.addHelpText("after", examplesOf([CREATE_EXAMPLES, LIST_EXAMPLES, ADD_EXAMPLES, ROTATE_EXAMPLES, REMOVE_EXAMPLES]));
  for (const command of [create, list, add, rotate, remove]) keys.addCommand(withSettings(command, (key) => key === "data"));
  return keys;
}

async function runCreate({ alg, force, issuer, ...flags }: CreateFlags): Promise<void> {
  const config = configOf({ ...flags, ...(issuer === undefined ? {} : { issuer }) });
  const name = createKeyFile(config.data, { algorithm: alg, issuer: config.issuer, force: force === true });
  const done = [
    `A key for ${alg} is in ${keyFileOf(config.data)}. Only this user may read the file. Anyone with the file can make tokens.`,
    `Its issuer is ${name}`,
  ];
  await tell(done.join("\n"), [
    `Start the hub:  ${withData("artesian serve", config.data)}`,
    `Make a token:   ${withData("artesian token mint --publish '*' --subscribe '*'", config.data)}`,
  ]);
}

async function runList({ json, ...flags }: DataFlags & { readonly json?: boolean }): Promise<void> {
  const stdout = createOutput(process.stdout);
  const { file, issuer, keys } = listKeys(configOf(flags).data);
  const rows = keys.map(({ name, algorithm, madeAtMs, signs }) => ({
    kid: name,
    alg: algorithm,
    made: madeAtMs === undefined ? undefined : new Date(madeAtMs).toISOString(),
    signs,
  }));
  if (json === true) {
    await stdout.line(JSON.stringify({ file, issuer, keys: rows }, undefined, 2));
    return;
  }
  const width = Math.max(...rows.map(({ kid }) => kid.length));
  const lines = rows.map(({ kid, alg, made, signs }) =>
    [kid.padEnd(width), alg.padEnd(5), made?.slice(0, 10) ?? "-         ", signs ? "signs new tokens" : "accepted"].join("  "),
  );
  await stdout.line([`Keys in ${file}, of the issuer ${issuer}:`, ...lines].join("\n"));
}

async function runAdd({ alg, ...flags }: AlgorithmFlags): Promise<void> {
  const { data } = configOf(flags);
  const name = addKey(data, alg);
  await tell(`${name} was added. It does not sign yet.`, [
    "Have running hubs read it: send them SIGHUP",
    `Then sign with it:         ${withData(`artesian keys rotate ${name}`, data)}`,
  ]);
}

async function runRotate(kid: string | undefined, { alg, ...flags }: AlgorithmFlags): Promise<void> {
  if (kid !== undefined && alg !== undefined) {
    throw new UsageError(`--alg is for a new key, and ${kid} has its algorithm. Leave --alg out, or leave the key out.`);
  }
  const { data } = configOf(flags);
  const name = rotateKey(data, kid, alg);
  const lines = [`${name} signs new tokens. The earlier keys are still accepted.`];
  await tell(lines.join("\n"), [
    ...(kid === undefined ? ["Have running hubs read it:         send them SIGHUP. Until then they refuse its tokens."] : []),
    `When the earlier tokens are over: ${withData("artesian keys remove KID", data)}`,
  ]);
}

async function runRemove(kid: string, flags: DataFlags): Promise<void> {
  removeKey(configOf(flags).data, kid);
  await tell(`${kid} was removed.`, ["Have running hubs refuse its tokens: send them SIGHUP"]);
}

/**
 * Tells of a change. If the standard output can't be written, the change is told on stderr, so that
 * nobody repeats the command.
 */
async function tell(done: string, next: readonly string[]): Promise<void> {
  let isWritten = true;
  const stdout = createOutput(process.stdout, () => (isWritten = false));
  await stdout.line([done, "", ...next].join("\n"));
  // A failed write calls back first, and then the stream reports the error.
  await immediate();
  if (!isWritten) await createOutput(process.stderr).line(done);
}
