import { isUrl } from "../../stand-ins.ts";
import { withoutJoiners } from "./without-joiners.ts";

/** A word with a zero-width joiner or non-joiner in it. */
const JOINED_WORD = /[\p{L}\p{M}]*[\u200C\u200D][\p{L}\p{M}\u200C\u200D]*/gu;

/**
 * Emoji that Unicode recommends, such as a woman at a computer: several joined to one, or a flag of
 * tag characters.
 */
const EMOJI = emojiPattern();

/**
 * Removes the joiners that change a name's letters or emoji, by the rules of Unicode. These joiners
 * stand between connecting letters, after a virama, and in recommended emoji. The rules (RFC 5892,
 * appendix A) are also those of domain names, which every platform's `URL` knows. Joiners that
 * change nothing remain, because one name could pass for another by them.
 */
export function withoutShapingJoiners(name: string): string {
  return name
    .replace(EMOJI, "")
    .replace(JOINED_WORD, (word) => (isUrl(`http://${word.replace(/^\p{M}+/u, "")}`) ? withoutJoiners(word) : word));
}

function emojiPattern(): RegExp {
  try {
    return new RegExp(String.raw`\p{RGI_Emoji}`, "gv");
  } catch {
    // A browser from before 2023. The server has the last word.
    return /\p{Extended_Pictographic}[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F\u200D]*/gu;
  }
}
