import { createRandom, type Random } from "./random.ts";

/** A source of inputs that come near to what is expected: the same seed gives the same ones. */
export interface Mutator extends Pick<Random, "below" | "pick"> {
  /** One of the texts, after a few edits. */
  mutate(corpus: readonly string[]): string;
}

/** What parsers stumble over. */
const FRAGMENTS: readonly string[] = [
  ..."\0 \n \r \t % %% %0 %00 %zz %ff %C3 %C3%A9 %ED%A0%80 + & = ; # * / \\ . .. : ? [ ] ( ) { } \" ' , | ~ ^ $ < > @ - _ ! `".split(" "),
  "\uD800",
  "\uDFFF",
  "\uD83D\uDCA7",
  "\uFEFF",
  "\u202E",
  "\u0085",
  "\u00FF",
  "é",
  "__proto__",
  "constructor",
  "null",
  "NaN",
  "-1",
  "9007199254740993",
  "1e400",
  "a".repeat(300),
  "(".repeat(20),
  "[".repeat(20),
];

/** @param seed - Any whole number. */
export function createMutator(seed: number): Mutator {
  const { below, pick } = createRandom(seed);

  function edit(text: string, corpus: readonly string[]): string {
    const at = below(text.length + 1);
    const length = below(8);
    switch (below(7)) {
      case 0:
        return text.slice(0, at) + pick(FRAGMENTS) + text.slice(at);
      case 1:
        return text.slice(0, at) + pick(FRAGMENTS) + text.slice(at + 1);
      case 2:
        return text.slice(0, at) + text.slice(at + length);
      case 3:
        return text.slice(0, at + length) + text.slice(at);
      case 4:
        return text.slice(0, at) + pick(corpus).slice(below(20));
      case 5:
        return text.slice(0, at) + String.fromCharCode(below(0x100)) + text.slice(at + 1);
      default:
        return text.slice(0, at) + String.fromCharCode(below(0x10000)) + text.slice(at);
    }
  }

  return {
    below,
    pick,
    mutate(corpus) {
      let text = pick(corpus);
      for (let edits = below(4); edits >= 0; edits--) text = edit(text, corpus);
      return text;
    },
  };
}
