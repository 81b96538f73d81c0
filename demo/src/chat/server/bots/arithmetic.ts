/** Words in front of a sum in a question. */
const QUESTION =
  /^(?:(?:hey|hi|hello|ok|so|and|please|can you|could you|tell me)[\s,]+)*(?:what is|what's|what’s|whats|how much is|how much are|calculate|compute|solve)\s*:?\s+|^(?:请问|请|帮我)?(?:计算|算一下|算算|算)?\s*[:：]?\s*/i;

/** Politeness and marks after a sum. */
const REST = /^[\s=?!.,;:？！。，]*(?:please|pls|equals?|then|now|(?:等于|是|得)?(?:多少|几)|等于)?[\s=?!.,;:？！。，呢啊呀]*$/i;

/**
 * One number, bracket or operator, with the white space before it. A comma is read only between
 * thousands. "01" is a part of a date.
 */
const TOKEN =
  /\s*(?:(\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])|(?:0|[1-9]\d*)(?!\d)(?:\.\d+)?|\.\d+)|(plus|minus|times|multiplied\s+by|divided\s+by|over)(?![\p{L}\p{N}])|(加上?|减去?|乘以?|除以)|([-+*/()−–×·÷]|x(?=[\s\d(.-])))/iuy;

type Operator = "+" | "-" | "*" | "/";
type Token = number | Operator | "(" | ")";

const OPERATORS: Readonly<Record<string, Operator | "(" | ")">> = {
  plus: "+",
  minus: "-",
  "−": "-",
  "–": "-",
  times: "*",
  "multiplied by": "*",
  x: "*",
  "×": "*",
  "·": "*",
  over: "/",
  "divided by": "/",
  加: "+",
  加上: "+",
  减: "-",
  减去: "-",
  乘: "*",
  乘以: "*",
  除以: "/",
  "÷": "/",
  "+": "+",
  "-": "-",
  "*": "*",
  "/": "/",
  "(": "(",
  ")": ")",
};

/**
 * Computes the sum in a text: the four operations, with brackets and signs, in digits, marks or
 * words. Multiplication and division come first.
 *
 * @param text - At most a few hundred characters, because the recursion is as deep as the brackets.
 * @returns The value, which may be infinite or NaN (a division by zero). Undefined if the text asks
 *   for no sum.
 */
export function findSum(text: string): number | undefined {
  const question = QUESTION.exec(text)?.[0] ?? "";
  const { tokens, rest } = readTokens(text.slice(question.length));
  // A range in talk ("3-4 people came") is no question. A continued sum ("3 plus 4 squared", "2 + 2
  // ^ 3") would get a wrong answer.
  if (!REST.test(rest)) return undefined;
  const hasOperation = tokens.filter((token) => typeof token === "number").length > 1;
  return hasOperation ? evaluate(tokens) : undefined;
}

function readTokens(text: string): { tokens: Token[]; rest: string } {
  const tokens: Token[] = [];
  let end = 0;
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [, number, word, chinese, mark] = match;
    end = TOKEN.lastIndex;
    if (number !== undefined) tokens.push(Number(number.replaceAll(",", "")));
    else tokens.push(OPERATORS[(word ?? chinese ?? mark ?? "").toLowerCase().replace(/\s+/g, " ")] ?? "+");
  }
  return { tokens, rest: text.slice(end) };
}

/** @returns Undefined if the tokens are no expression. */
function evaluate(tokens: readonly Token[]): number | undefined {
  let at = 0;

  function sum(): number | undefined {
    let value = product();
    while (value !== undefined && (tokens[at] === "+" || tokens[at] === "-")) {
      const sign = tokens[at++] === "+" ? 1 : -1;
      const right = product();
      value = right === undefined ? undefined : value + sign * right;
    }
    return value;
  }

  function product(): number | undefined {
    let value = factor();
    while (value !== undefined && (tokens[at] === "*" || tokens[at] === "/")) {
      const isTimes = tokens[at++] === "*";
      const right = factor();
      value = right === undefined ? undefined : isTimes ? value * right : value / right;
    }
    return value;
  }

  function factor(): number | undefined {
    const token = tokens[at++];
    if (typeof token === "number") return token;
    if (token === "+" || token === "-") {
      const value = factor();
      return value === undefined ? undefined : token === "-" ? -value : value;
    }
    if (token !== "(") return undefined;
    const value = sum();
    return tokens[at++] === ")" ? value : undefined;
  }

  const value = sum();
  return at === tokens.length ? value : undefined;
}
