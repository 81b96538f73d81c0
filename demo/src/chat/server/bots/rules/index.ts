import { ARTESIAN } from "./artesian.ts";
import { BASICS } from "./basics.ts";
import { CHAT } from "./chat.ts";
import { NEEDS } from "./needs.ts";
import type { Rule } from "./rule.ts";
import { SMALL_TALK } from "./small-talk.ts";

export { FALLBACK } from "./fallback.ts";

/** All rules, in order of precedence between equals. A new rule goes into one of these files. */
export const RULES: readonly Rule[] = [...BASICS, ...NEEDS, ...ARTESIAN, ...CHAT, ...SMALL_TALK];
