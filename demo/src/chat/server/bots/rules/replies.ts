import type { Replies } from "./rule.ts";

/** Replies that follow from no rule. */

/** Replies to the bot's name alone. */
export const CALLED: Replies = {
  en: [
    "Yes, {nick}? I am all ears, such as a few hundred lines of text can be.",
    'You called? Say "help" to see what I know.',
    "Present. What can I do for you, {nick}?",
  ],
  zh: ["在呢，{nick}。我洗耳恭听，虽然我只是几百行文字。", "你叫我？说“帮助”就能看到我会什么。", "到！{nick}，有什么可以帮你的？"],
};

/** Replies to a sum. */
export const SUM: Readonly<Record<"exact" | "rounded", Replies>> = {
  exact: { en: ["That makes {sum}. I carried the one myself."], zh: ["等于 {sum}。进位是我亲手进的。"] },
  rounded: { en: ["That is about {sum}. The digits go on; I do not."], zh: ["约等于 {sum}。后面还有很多位，我就不写了。"] },
};

/** Replies to a sum without a value that can be written. */
export const NO_SUM: Readonly<Record<"zero" | "large" | "root", Replies>> = {
  zero: { en: ["Nothing can be divided by zero, so that has no answer."], zh: ["不能除以零，所以没有答案。"] },
  large: { en: ["That number is too large for me to write down."], zh: ["这个数太大了，我写不下。"] },
  root: { en: ["The root of a negative number is not among the numbers that I know."], zh: ["负数开方的结果不在我认识的数里。"] },
};

/** Replies to a text that is like a sum and can't be read. */
export const UNREAD_SUM: Replies = {
  en: ["I can't work that out. I read a sum of numbers and operators, such as 2 * 3 or 20% of 350, and nothing in between."],
  zh: ["这个我算不了。我只会算数字和运算符组成的算式，比如 2 * 3 或 350的20%，中间不能有别的。"],
};

/** Replies in neither English nor Chinese, so in both. */
export const OTHER_LANGUAGE: Replies = {
  en: ["I do not understand this language. I only speak English and Chinese. 我只会英文和中文。"],
  zh: ["这种语言我不懂，我只会中文和英文。I only speak English and Chinese."],
};

/** Asks for more of the docs' last answer. */
export const MORE: Readonly<Record<"en" | "zh", RegExp>> = {
  en: /^(?:and |please |ok |can you )*(?:tell me more|more|more details|details|go on|continue|elaborate|anything else|what else|another)\b[^?]{0,20}[.?!]*$/i,
  zh: /^(?:再|请|能)*(?:继续|接着说|还有呢|还有吗|还有什么|详细点|详细一点|说详细点|详细说说|多说点|多说一点|再说说|然后呢|更多)[吧呢吗呀啊。？！]*$/,
};
