import type { TextMatcher } from "./automaton.ts";
import { resolvePatterns, SPECIAL_SCHEMES } from "./base.ts";
import { compileComponent } from "./component.ts";
import { parseConstructorString, type ComponentName } from "./constructor.ts";
import * as encode from "./encode.ts";
import type { PartOptions } from "./parts.ts";

export { createAutomaton, type TextMatcher } from "./automaton.ts";
export { PatternError } from "./error.ts";
export { literalsOf } from "./literals.ts";
export { compileProgram } from "./program.ts";
export type { CharSet, Expression } from "./regexp.ts";

/** A compiled URL pattern. Selects URLs in time linear in their length, for any pattern. */
export interface CompiledUrlPattern {
  /**
   * Cost of making and keeping the pattern. 60,000 are some 5 ms or 100 kB, common patterns have a
   * few hundred.
   */
  readonly weight: number;
  /** Prefix of the path of every URL that the pattern selects. */
  readonly prefix: string;
  /**
   * Literal parts of the {@link locationOf} of every URL that the pattern selects, as
   * {@link literalsOf} finds them.
   */
  readonly literals: readonly string[];
  /** @param url - A topic, parsed with the hub's URL as its base. */
  test(url: URL): boolean;
}

const plain = (encodeText: encode.Encode): PartOptions => ({ encode: encodeText, delimiter: "", prefix: "" });
const PROTOCOL = plain(encode.encodeProtocol);

/**
 * Compiles a pattern of the URL Pattern standard, case-sensitive, as `match_urlpattern` takes it.
 *
 * Patterns come from anyone who may subscribe. JavaScript's own regular expressions can take
 * exponential time, so they never run a pattern. Each component becomes a table with one look-up
 * per character. A test takes less than 1 µs for common topics, and some 20 µs for a topic of 2
 * KiB, for any pattern. Syntax without such a table is refused: look-around, references to groups,
 * strings in classes, flags inside an expression, and patterns that are too complex.
 *
 * @param pattern - A whole pattern, or a pattern relative to the base. At most a few KiB, because
 *   the time to compile grows with the length.
 * @param baseUrl - The hub's URL, absolute.
 * @throws PatternError, which says what to change in the pattern.
 * @throws TypeError if the base is not an absolute URL.
 * @see https://urlpattern.spec.whatwg.org/#url-pattern-struct
 */
export function compileUrlPattern(pattern: string, baseUrl: string): CompiledUrlPattern {
  const given = parseConstructorString(pattern, (protocol) => matchesSpecial(compileComponent(protocol, PROTOCOL)));
  return new UrlPattern(resolvePatterns(given, baseUrl));
}

/** The part of a URL in which most patterns of a hub differ: its hostname and path. */
export function locationOf({ hostname, pathname }: URL): string {
  return hostname + pathname;
}

function matchesSpecial(protocol: TextMatcher | undefined): boolean {
  return protocol === undefined || [...SPECIAL_SCHEMES.keys()].some((scheme) => protocol.test(scheme));
}

class UrlPattern implements CompiledUrlPattern {
  readonly weight: number;
  readonly prefix: string;
  readonly literals: readonly string[];
  readonly #protocol: TextMatcher | undefined;
  readonly #username: TextMatcher | undefined;
  readonly #password: TextMatcher | undefined;
  readonly #hostname: TextMatcher | undefined;
  readonly #port: TextMatcher | undefined;
  readonly #pathname: TextMatcher | undefined;
  readonly #search: TextMatcher | undefined;
  readonly #hash: TextMatcher | undefined;

  constructor(patterns: Readonly<Record<ComponentName, string>>) {
    // A lone bracket is no address. A lone bracket is no host either, and is refused as a host.
    const isAddress = /^(?:\[.|[\\{]\[)/su.test(patterns.hostname);
    this.#protocol = compileComponent(patterns.protocol, PROTOCOL);
    this.#username = compileComponent(patterns.username, plain(encode.encodeUsername));
    this.#password = compileComponent(patterns.password, plain(encode.encodePassword));
    this.#hostname = compileComponent(patterns.hostname, {
      encode: isAddress ? encode.encodeIpv6Hostname : encode.encodeHostname,
      delimiter: ".",
      prefix: "",
    });
    this.#port = compileComponent(patterns.port, plain(encode.encodePort));
    this.#pathname = compileComponent(
      patterns.pathname,
      matchesSpecial(this.#protocol) ? { encode: encode.encodePathname, delimiter: "/", prefix: "/" } : plain(encode.encodeOpaquePathname),
    );
    this.#search = compileComponent(patterns.search, plain(encode.encodeSearch));
    this.#hash = compileComponent(patterns.hash, plain(encode.encodeHash));
    const all = [this.#protocol, this.#username, this.#password, this.#hostname, this.#port, this.#pathname, this.#search, this.#hash];
    const path = this.#pathname?.literals ?? [""];
    const [host = ""] = this.#hostname?.literals ?? [];
    this.prefix = path[0] ?? "";
    // No hostname has a `/`. A path without a `/` at its start has no hostname before it.
    if (patterns.hostname === "") this.literals = path;
    else this.literals = this.prefix.startsWith("/") ? [host, ...path] : [host];
    this.weight = all.reduce((sum, matcher) => sum + (matcher?.weight ?? 0), 0);
  }

  test(url: URL): boolean {
    // The path first, because most topics of one hub differ there.
    return (
      (this.#pathname?.test(url.pathname) ?? true) &&
      (this.#hostname?.test(url.hostname) ?? true) &&
      (this.#protocol?.test(url.protocol.slice(0, -1)) ?? true) &&
      (this.#port?.test(url.port) ?? true) &&
      (this.#search?.test(url.search.slice(1)) ?? true) &&
      (this.#hash?.test(url.hash.slice(1)) ?? true) &&
      (this.#username?.test(url.username) ?? true) &&
      (this.#password?.test(url.password) ?? true)
    );
  }
}
