import { text as readAll } from "node:stream/consumers";
import { Command, Option } from "commander";
import type { Action } from "../../core/matching/authorization.ts";
import type { Matcher } from "../../core/matching/matcher.ts";
import { collect, configOf, type SettingFlags, withSettings } from "../config/flags.ts";
import type { Key } from "../config/config.ts";
import { duration } from "../config/values.ts";
import { EXIT, UsageError } from "../errors.ts";
import { examplesOf } from "../examples.ts";
import { createOutput, style } from "../terminal.ts";
import { bearerHeaders, tokenOption } from "../token.ts";
import { hubUrl, urlOption } from "../url.ts";

const MINT_EXAMPLES = `
Examples:
  artesian token mint --publish '*' --subscribe '*'                 everything, for an hour
  artesian token mint --publish /books/1 --lifetime 10m
  artesian token mint --subscribe-urlpattern '/users/42/*' --subject urn:user:42
  artesian token mint --subscribe /chat/lobby --payload '{"name":"Ada"}'
  curl -H "Authorization: Bearer $(artesian token mint --publish '*')" -d topic=a -d data=b http://127.0.0.1:3000/events/stream

Only the token is printed on the standard output. Without --public-url or --resource-identifier, the audience that is assumed is told on
standard error. The token is signed with the key of <data>/keys.json, or the one that the settings name, and made for the
hub that they describe: give the same ones as to artesian serve.`;

const INSPECT_EXAMPLES = `
Examples:
  artesian token inspect eyJhbGciOi…                why the hub takes it, or not, claim by claim
  artesian token inspect - < token.txt
  artesian token inspect --for publish eyJhbGciOi…  for publishing only

Give the same settings as to artesian serve. Exit code: 0 when it is accepted, 1 when it is refused, 2 for a wrong call.`;

const REVOKE_EXAMPLES = `
Examples:
  artesian token revoke --jti urn:uuid:0b5c…          one token, by its id
  artesian token revoke --sub urn:user:42             all that a subject has had until now
  artesian token revoke --sub urn:user:42 --url https://example.com/.well-known/mercure --token "$ADMIN_TOKEN"

Streams that came with such a token end within a second. The token of an administrator is made by artesian token mint --admin; without one, it is made
here with the key of <data>/keys.json, or the one that the settings name.`;

/** The settings that affect tokens. */
const SETTINGS_OF_TOKENS: ReadonlySet<Key> = new Set<Key>([
  "host",
  "port",
  "path",
  "publicUrl",
  "issuer",
  "jwtKey",
  "jwtAlg",
  "publisherJwtKey",
  "subscriberJwtKey",
  "resourceIdentifier",
  "compat",
  "tokenLeeway",
  "data",
]);

/** Flags of `token mint`, beside the settings. */
interface MintFlags extends SettingFlags {
  readonly publish?: readonly string[];
  readonly publishUrlpattern?: readonly string[];
  readonly subscribe?: readonly string[];
  readonly subscribeUrlpattern?: readonly string[];
  readonly admin?: boolean;
  readonly monitor?: boolean;
  readonly payload?: string;
  readonly lifetime: string;
  readonly subject?: string;
}

/** Flags of `token revoke`, beside the settings. */
interface RevokeFlags extends SettingFlags {
  readonly jti?: string;
  readonly sub?: string;
  readonly iss?: string;
  readonly url?: string;
  readonly token?: string;
}

/** Flags of `token inspect`, beside the settings. */
interface InspectFlags extends SettingFlags {
  readonly for?: Action;
}

/** `artesian token` makes access tokens, and explains why a token is refused. */
export function tokenCommand(): Command {
  const mint = new Command("mint")
    .description("make an access token")
    .addOption(new Option("--publish <topic>", "topic to publish to (*: every topic; repeatable)").argParser(collect))
    .addOption(new Option("--publish-urlpattern <pattern>", "URL pattern of topics to publish to (repeatable)").argParser(collect))
    .addOption(new Option("--subscribe <topic>", "topic whose private updates to receive (*: every topic; repeatable)").argParser(collect))
    .addOption(
      new Option("--subscribe-urlpattern <pattern>", "URL pattern of topics whose private updates to receive (repeatable)").argParser(
        collect,
      ),
    )
    .option("--admin", "allow administration: the console, the metrics, revoking tokens, and listing the subscriptions")
    .option("--monitor", "allow watching: the metrics, the console without its orders, and listing the subscriptions")
    .option("--payload <json>", "JSON object that presence shows to others for the subscriptions")
    .option("--lifetime <duration>", "lifetime of the token", "1h")
    .option("--subject <text>", "subject of the token: the `sub` claim (default: generated)")
    .addHelpText("after", MINT_EXAMPLES)
    .action(runMint);
  const inspect = new Command("inspect")
    .description("explain, check by check, why a token is accepted or refused")
    .argument("[token]", "the token (default, or -: read from the standard input)")
    .addOption(new Option("--for <action>", "intended use (default: either)").choices(["publish", "subscribe"]))
    .addHelpText("after", INSPECT_EXAMPLES)
    .action(runInspect);
  const revoke = new Command("revoke")
    .description("revoke tokens at a running hub before they expire")
    .option("--jti <id>", "the token with this `jti` claim")
    .option("--sub <subject>", "the tokens with this `sub` claim that were issued until now")
    .option("--iss <issuer>", "issuer of the revoked tokens (default: that of the administrator's token)")
    .addOption(urlOption())
    .addOption(tokenOption())
    .addHelpText("after", REVOKE_EXAMPLES)
    .action(runRevoke);
  const includes = (key: Key): boolean => SETTINGS_OF_TOKENS.has(key);
  return new Command("token")
    .description("make, inspect and revoke access tokens")
    .addHelpText("after", examplesOf([MINT_EXAMPLES, INSPECT_EXAMPLES]))
    .addCommand(withSettings(mint, includes))
    .addCommand(withSettings(inspect, includes))
    .addCommand(withSettings(revoke, includes));
}

async function runMint(flags: MintFlags): Promise<void> {
  const lifetime = duration(1000, 365 * 86_400_000).safeParse(flags.lifetime);
  if (!lifetime.success) throw new UsageError(`--lifetime: ${lifetime.error.issues[0]?.message ?? "is not a duration"}`);
  if (flags.subject === "") throw new UsageError("--subject: is empty. Leave it out to have one made up.");
  // Signing and verifying need slow imports, which the other commands must not pay for on each run.
  const { mint } = await import("./mint.ts");
  const config = configOf(flags);
  const { publish: adminPublish, subscribe: adminSubscribe } = operation(flags, config.path);
  const token = await mint(config, {
    publish: [...matchers(flags.publish, flags.publishUrlpattern), ...adminPublish],
    subscribe: [...matchers(flags.subscribe, flags.subscribeUrlpattern), ...adminSubscribe],
    payload: payloadOf(flags.payload),
    lifetimeMs: lifetime.data,
    subject: flags.subject,
  });
  if (config.publicUrl === undefined && config.resourceIdentifier === undefined) {
    const { resourceIdentifierOf } = await import("../keys/authorizer.ts");
    const stderr = createOutput(process.stderr);
    const audience = `The token's audience is ${resourceIdentifierOf(config)}, from --host, --port and --path.`;
    await stderr.line(style("dim", `${audience} For a hub with another URL, give its --public-url.`));
  }
  await createOutput(process.stdout).line(token);
}

/** The grants of an administrator or a monitor, beside the requested grants. */
function operation({ admin, monitor }: MintFlags, path: string): { publish: readonly Matcher[]; subscribe: readonly Matcher[] } {
  if (admin !== true && monitor !== true) return { publish: [], subscribe: [] };
  return {
    publish: matchers([...(admin === true ? [`${path}/admin`] : []), ...(monitor === true ? [`${path}/monitor`] : [])]),
    subscribe: matchers([`${path}/subscriptions`], [`${path}/subscriptions/*`, "/console/*"]),
  };
}

async function runRevoke(flags: RevokeFlags): Promise<void> {
  const { jti: tokenId, sub: subject, iss: issuer, url, token, ...settings } = flags;
  const config = configOf(settings);
  // The URL of a hub with the same settings on this machine.
  const local = `http://${isAnyAddress(config.host) ? "127.0.0.1" : config.host.includes(":") ? `[${config.host}]` : config.host}:${config.port}${config.path}`;
  const request = { url: hubUrl(url, process.env, local), headers: bearerHeaders(token, process.env), tokenId, subject, issuer };
  const { revoke } = await import("./revoke.ts");
  await revoke(config, request);
  const stderr = createOutput(process.stderr);
  if (stderr.isTerminal) await stderr.line("Revoked.");
}

function isAnyAddress(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

function matchers(topics: readonly string[] = [], patterns: readonly string[] = []): readonly Matcher[] {
  return [
    ...topics.map((pattern) => ({ type: "exact" as const, pattern })),
    ...patterns.map((pattern) => ({ type: "urlpattern" as const, pattern })),
  ];
}

function payloadOf(json: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (json === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new UsageError(`--payload: ${JSON.stringify(json)} is not JSON.`, { cause: error });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new UsageError(`--payload: ${json} is not a JSON object, such as {"name":"Ada"}.`);
}

async function runInspect(argument: string | undefined, flags: InspectFlags): Promise<void> {
  const fromInput = argument === undefined || argument === "-";
  if (argument === undefined && process.stdin.isTTY) {
    throw new UsageError("There is no token. Give it as an argument, or pipe it into the command. Write - to paste it.");
  }
  const token = (fromInput ? await readAll(process.stdin) : argument).trim().replace(/^Bearer +/i, "");
  if (token === "") throw new UsageError("There is no token: the standard input is empty.");
  const { for: action, ...settings } = flags;
  const { inspect } = await import("./inspect.ts");
  const accepted = await inspect(configOf(settings), token, action, createOutput(process.stdout));
  process.exitCode = accepted ? EXIT.ok : EXIT.failure;
}
