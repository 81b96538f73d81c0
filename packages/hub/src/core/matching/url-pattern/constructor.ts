import { tokenize, type Token } from "./tokens.ts";

/** The components of a URL, from the general to the specific. */
export const COMPONENTS = ["protocol", "username", "password", "hostname", "port", "pathname", "search", "hash"] as const;
export type ComponentName = (typeof COMPONENTS)[number];

/** The pattern of each component that is constrained. */
export type ComponentPatterns = Partial<Record<ComponentName, string>>;

type State = ComponentName | "init" | "authority" | "done";

/** The order in which the states of a pattern with a protocol can follow each other. */
const ORDER: readonly State[] = ["protocol", "authority", "username", "password", "hostname", "port", "pathname", "search", "hash"];

/**
 * Splits a whole pattern, such as `https://*.example.com/books/:id?`, into the patterns of its
 * components. An absent component before the last given component is empty. Later components are
 * left out.
 *
 * @param isSpecial - Tells whether a protocol's pattern matches a special scheme, after which `//`
 *   is optional.
 * @see https://urlpattern.spec.whatwg.org/#parse-a-constructor-string
 */
export function parseConstructorString(pattern: string, isSpecial: (protocol: string) => boolean): ComponentPatterns {
  const parser = new Parser(pattern, isSpecial);
  parser.run();
  return parser.result;
}

/**
 * A state machine like that of a URL parser, but over tokens, so that no character of a group ends
 * a component.
 */
class Parser {
  readonly result: ComponentPatterns = {};
  readonly #pattern: string;
  readonly #isSpecial: (protocol: string) => boolean;
  readonly #tokens: readonly Token[];
  #state: State = "init";
  #index = 0;
  #start = 0;
  #groupDepth = 0;
  #bracketDepth = 0;
  #special = false;

  constructor(pattern: string, isSpecial: (protocol: string) => boolean) {
    this.#pattern = pattern;
    this.#isSpecial = isSpecial;
    this.#tokens = tokenize(pattern, true);
  }

  run(): void {
    while (this.#state !== "done") {
      // Either a step moves the index itself, or the token belongs to the component.
      if (!this.#step()) this.#index++;
    }
    // A pattern without a port means the default port. `:*` is any port.
    if (this.result.hostname !== undefined) this.result.port ??= "";
  }

  /** @returns Whether the state, and with it the index, was changed. */
  #step(): boolean {
    const type = this.#tokens[this.#index]?.type;
    if (type === "end") return this.#finish();
    if (type === "open") {
      this.#groupDepth++;
      return false;
    }
    if (this.#groupDepth > 0) {
      if (type !== "close") return false;
      this.#groupDepth--;
    }
    switch (this.#state) {
      case "init":
        return this.#is(":") && this.#rewind("protocol");
      case "protocol":
        return this.#is(":") && this.#endProtocol();
      case "authority":
        if (this.#is("@")) return this.#rewind("username");
        return (this.#is("/") || this.#isSearch() || this.#is("#")) && this.#rewind("hostname");
      case "username":
        if (this.#is(":")) return this.#enter("password", 1);
        return this.#is("@") && this.#enter("hostname", 1);
      case "password":
        return this.#is("@") && this.#enter("hostname", 1);
      case "hostname":
        if (this.#is("[")) this.#bracketDepth++;
        else if (this.#is("]")) this.#bracketDepth--;
        else if (this.#is(":") && this.#bracketDepth === 0) return this.#enter("port", 1);
        else return this.#endAuthority();
        return false;
      case "port":
        return this.#endAuthority();
      case "pathname":
        return this.#endPathname();
      case "search":
        return this.#is("#") && this.#enter("hash", 1);
      default:
        return false;
    }
  }

  #finish(): boolean {
    if (this.#state === "authority") return this.#rewind("hostname");
    if (this.#state !== "init") return this.#enter("done", 0);
    // No protocol: the pattern is relative to the base.
    this.#index = this.#start;
    if (this.#is("#")) return this.#enter("hash", 1);
    if (this.#isSearch()) return this.#enter("search", 1);
    return this.#enter("pathname", 0);
  }

  #endProtocol(): boolean {
    this.#special = this.#isSpecial(this.#text());
    if (this.#is("/", 1) && this.#is("/", 2)) return this.#enter("authority", 3);
    return this.#enter(this.#special ? "authority" : "pathname", 1);
  }

  #endAuthority(): boolean {
    return this.#is("/") ? this.#enter("pathname", 0) : this.#endPathname();
  }

  #endPathname(): boolean {
    if (this.#isSearch()) return this.#enter("search", 1);
    return this.#is("#") && this.#enter("hash", 1);
  }

  /** Ends the component at the index and goes `skip` tokens on. */
  #enter(next: State, skip: number): true {
    const { result } = this;
    const state = this.#state;
    if (state !== "init" && state !== "authority" && state !== "done") result[state] = this.#text();
    if (state !== "init") {
      // Components passed over are empty, not arbitrary.
      const passed = (name: State): boolean => ORDER.indexOf(state) < ORDER.indexOf(name) && ORDER.indexOf(name) < ORDER.indexOf(next);
      if (passed("hostname")) result.hostname ??= "";
      if (passed("pathname")) result.pathname ??= this.#special ? "/" : "";
      if (passed("search")) result.search ??= "";
    }
    this.#state = next;
    this.#index += skip;
    this.#start = this.#index;
    return true;
  }

  #rewind(next: State): true {
    this.#index = this.#start;
    this.#state = next;
    return true;
  }

  #text(): string {
    return this.#pattern.slice(this.#tokens[this.#start]?.index, this.#tokens[this.#index]?.index);
  }

  /** Tells whether a token is this plain character and no pattern syntax. */
  #is(char: string, ahead = 0): boolean {
    const token = this.#tokens[this.#index + ahead];
    return token?.value === char && (token.type === "char" || token.type === "escaped" || token.type === "invalid");
  }

  /** A `?` starts the search unless it is a modifier of the token before. */
  #isSearch(): boolean {
    if (this.#is("?")) return true;
    if (this.#tokens[this.#index]?.value !== "?") return false;
    const before = this.#tokens[this.#index - 1]?.type;
    return before !== "name" && before !== "regexp" && before !== "close" && before !== "asterisk";
  }
}
