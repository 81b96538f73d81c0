import { evaluate } from "./evaluate.ts";
import { CHINESE_NUMBER, chineseNumber, ENGLISH_NUMBER, englishNumber } from "./number-words.ts";
import { NoValueError, type NoValue, type Rational, written } from "./rational.ts";

/** The answer to a sum. */
export type Sum =
  | { readonly value: Rational; readonly text: string; readonly exact: boolean; readonly none?: undefined }
  /** The sum is understood, and has no value that can be written down. */
  | { readonly none: NoValue };

/** Longest sum, in characters. Longer texts are no sums. */
const MAX_LENGTH = 240;

/** Words in front of a sum in a question. */
const QUESTION = {
  en: /^(?:(?:hey|hi|hello|ok|okay|so|and|then|now|please|can you|could you|tell me|also)[\s,]+)*(?:(?:what is|what's|what’s|whats|how much is|how much are|calculate|compute|solve|work out)\s*:?\s+)?(?:the\s+)?/i,
  zh: /^(?:请问|请|帮我|那么|那|再|然后|接着)*(?:计算一下|计算|算一下|算算|算)?\s*[:：]?\s*/,
};

/** Politeness and marks after a sum. */
const REST = /^[\s=?!.,;:？！。，]*(?:please|pls|equals?|then|now|(?:等于|是|得)?(?:多少|几)|等于)?[\s=?!.,;:？！。，呢啊呀吗]*$/i;

/** Questions in which the operator does not stand between the numbers. */
const REORDERED: readonly (readonly [RegExp, string])[] = [
  [/^(?:add|sum of) (.+?) (?:and|to) (.+)$/i, "$1 plus $2"],
  [/^(?:multiply|product of) (.+?) (?:by|with|and) (.+)$/i, "$1 times $2"],
  [/^divide (.+?) by (.+)$/i, "$1 divided by $2"],
  [/^subtract (.+?) from (.+)$/i, "$2 minus $1"],
];

/** The expression of words and marks between numbers. The first that fits counts. */
const SYMBOLS: readonly (readonly [string, string])[] = [
  ["plus|加上?|\\+", "+"],
  ["minus|减去?|[-−–]", "-"],
  ["(?:raised\\s+)?to\\s+the\\s+power\\s+of|\\*\\*|\\^", "^"],
  ["times|multiplied\\s+by|乘以|乘上?|[*×·]|x(?=[\\s\\d(.-])", "*"],
  ["divided\\s+by|over|除以|[/÷⁄]", "/"],
  ["modulo|mod|取余|模|%(?=\\s*[\\d(])", "%"],
  ["squared|的?平方(?!根)", "^2"],
  ["cubed|的?立方(?!根)", "^3"],
  ["(?:the\\s+)?(?:square\\s+root\\s+of|sqrt|root\\s+of)|根号|√", "sqrt"],
  ["的?平方根", "postfix sqrt"],
  ["half\\s+of", "0.5*"],
  ["的一半", "*0.5"],
  ["percent|per\\s+cent|%", "postfix pct"],
  ["of(?![\\p{L}\\p{N}])|的(?=\\s*(?:百分之|[\\d.]+\\s*%))", "of"],
  ["百分之", "pct"],
  ["负", "-"],
  ["\\(", "("],
  ["\\)", ")"],
];

const NUMBER = `(?:\\d{1,3}(?:,\\d{3})+(?:\\.\\d+)?(?![\\d,])|(?:0|[1-9]\\d*)(?!\\d)(?:\\.\\d+)?|\\.\\d+)`;

/**
 * One number, power in Chinese, multiple in Chinese, or symbol, with the white space before it. A
 * comma is read only between thousands. "01" is a part of a date.
 */
const TOKEN = new RegExp(
  `\\s*(?:的?(${NUMBER}|${CHINESE_NUMBER})次(?:方|幂)|的?(${NUMBER}|${CHINESE_NUMBER})倍|` +
    `(${NUMBER})([百千万亿]?)|(${ENGLISH_NUMBER})|(?!百分之)(${CHINESE_NUMBER})|${SYMBOLS.map(([words]) => `(${wholeWords(words)})`).join("|")})`,
  "iuy",
);

const FIRST_SYMBOL = 7;
const MULTIPLES: Readonly<Record<string, string>> = { 百: "100", 千: "1000", 万: "10000", 亿: "100000000" };

function wholeWords(alternatives: string): string {
  return alternatives
    .split("|")
    .map((one) => (/[a-z)]$/i.test(one) && /^[a-z(]/i.test(one) && !one.includes("(?") ? `${one}(?![\\p{L}\\p{N}])` : one))
    .join("|");
}

/**
 * Computes the sum in a text, in digits, marks or words of English or Chinese.
 *
 * @param last - The value of the sum before, with which "times 3" goes on.
 * @returns Undefined if the text asks for no sum.
 */
export function findSum(text: string, last?: Rational): Sum | undefined {
  // Exponents and fractions of one character would be digits after the normalisation.
  if (text.length > MAX_LENGTH || /[¼-¾⅐-⅞]/u.test(text)) return undefined;
  const plain = text.replaceAll("²", "^2").replaceAll("³", "^3").normalize("NFKC").trim();
  if (/^\d{4}-\d{1,2}-\d{1,2}$/.test(plain)) return undefined;
  const asked = plain.replace(QUESTION.en, "").replace(QUESTION.zh, "");
  const ordered = REORDERED.find(([pattern]) => pattern.test(asked));
  const expression = expressionOf(ordered === undefined ? asked : asked.replace(ordered[0], ordered[1]), last);
  if (expression === undefined) return undefined;
  try {
    const value = evaluate(expression);
    return value === undefined ? undefined : { value, ...written(value) };
  } catch (error) {
    if (error instanceof NoValueError) return { none: error.reason };
    throw error;
  }
}

/** Digits with marks of arithmetic, and numbers with words between them that ask for arithmetic. */
const LIKE_SUM = [
  /^(?=.*\d)(?=.*[+*/×÷^=-])[\d\s.,()+*/×÷^=-]+$/,
  new RegExp(
    `(?:\\d|\\b${ENGLISH_NUMBER}).*(?:[+*×÷^]|\\b(?:plus|minus|times|divided by|multiplied by)\\b).*(?:\\d|\\b${ENGLISH_NUMBER})`,
    "iu",
  ),
  new RegExp(`(?:\\d|${CHINESE_NUMBER}).*(?:[+*×÷^]|加|减|乘|除以).*(?:\\d|${CHINESE_NUMBER})`, "u"),
];

/** Whether a text without a sum that can be read is like a sum. */
export function isLikeSum(text: string): boolean {
  if (text.length > MAX_LENGTH) return false;
  const asked = text
    .trim()
    .replace(QUESTION.en, "")
    .replace(QUESTION.zh, "")
    .replace(/[?!？！。]+$/, "");
  return LIKE_SUM.some((pattern) => pattern.test(asked));
}

/**
 * Translates words into an expression.
 *
 * @returns Undefined unless the text is numbers and operators to the end. A continued sum would get
 *   a wrong answer.
 */
function expressionOf(text: string, last: Rational | undefined): string | undefined {
  let expression = "";
  let end = 0;
  let numbers = 0;
  let operators = 0;
  /** The place of the last operand, around which a function is put. */
  let operandAt = 0;
  let pending = "";
  const operand = (digits: string): void => {
    numbers++;
    operandAt = expression.length;
    expression += pending === "" ? digits : `${pending}(${digits})`;
    pending = "";
  };
  const operator = (symbol: string): void => {
    operators++;
    if (expression === "" && last !== undefined && symbol !== "-") expression = `g(${last.numerator}/${last.denominator})`;
    expression += symbol;
  };
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    end = TOKEN.lastIndex;
    const [, exponent, multiple, number, unit = "", english, chinese] = match;
    if (exponent !== undefined || multiple !== undefined) {
      const digits = digitsOf(exponent ?? multiple ?? "");
      if (digits === undefined) return undefined;
      operator(exponent === undefined ? "*" : "^");
      operand(digits);
    } else if (number !== undefined || english !== undefined || chinese !== undefined) {
      const digits = digitsOf(number ?? english ?? chinese ?? "");
      if (digits === undefined) return undefined;
      operand(unit === "" ? digits : `g(${digits}*${MULTIPLES[unit]})`);
    } else {
      const symbol = SYMBOLS[match.slice(FIRST_SYMBOL).findIndex((group) => group !== undefined)]?.[1] ?? "";
      if (symbol === "sqrt" || symbol === "pct") {
        pending = symbol;
        if (symbol === "sqrt") operators++;
      } else if (symbol === "(") {
        operandAt = expression.length;
        expression += `${pending === "" ? "g" : pending}(`;
        pending = "";
      } else if (symbol === ")") expression += ")";
      else if (symbol === "of") operator("*");
      else if (symbol === "postfix pct") expression = `${expression.slice(0, operandAt)}pct(${expression.slice(operandAt)})`;
      else if (symbol === "postfix sqrt") [expression, operators] = [`sqrt(${expression})`, operators + 1];
      else if (symbol === "0.5*") [expression, operators] = [`${expression}0.5*`, operators + 1];
      else operator(symbol);
    }
  }
  const isSum =
    operators > 0 && (numbers > 1 || /sqrt|\^[23]|0\.5/.test(expression) || (last !== undefined && expression.startsWith("g(")));
  return isSum && REST.test(text.slice(end)) ? expression : undefined;
}

function digitsOf(number: string): string | undefined {
  if (/^[\d.]/.test(number)) return number.replaceAll(",", "").replace(/^\./, "0.");
  return /^[a-z]/i.test(number) ? englishNumber(number)?.toString() : chineseNumber(number);
}
