import { describe, expect, test } from "vitest";
import { findSum } from "../../../demo/src/chat/server/bots/embedded/arithmetic.ts";

const sum = (text: string, last?: string): string | undefined => {
  const before = last === undefined ? undefined : findSum(`${last} + 0`);
  const found = findSum(text, before?.none === undefined ? before?.value : undefined);
  if (found === undefined) return undefined;
  return found.none === undefined ? `${found.exact ? "" : "≈"}${found.text}` : found.none;
};

describe("a sum", () => {
  test.each([
    ["5 plus 7 minus 3", "9"],
    ["2 + 3 * 4", "14"],
    ["-5 + 3", "-2"],
    ["0.1 + 0.2", "0.3"],
    ["1/3", "≈0.333333333333"],
    ["2/3", "≈0.666666666667"],
    ["1/8", "0.125"],
    ["(2+3)×4", "20"],
    ["2(3+4)", undefined],
    ["2^10", "1024"],
    ["2**10", "1024"],
    ["2^3^2", "512"],
    ["-2^2", "-4"],
    ["(-2)^2", "4"],
    ["3 * -2^2", "-12"],
    ["5²", "25"],
    ["2^-1", "0.5"],
    ["2^0.5", "≈1.41421356237"],
    ["what is 2 to the power of 8?", "256"],
    ["seven squared", "49"],
    ["the square root of 16", "4"],
    ["what is the square root of 2", "≈1.41421356237"],
    ["sqrt(9) + 1", "4"],
    ["20% of 350", "70"],
    ["what's 15 percent of 200", "30"],
    ["50 + 10%", "55"],
    ["200 - 25%", "150"],
    ["10 % 3", "1"],
    ["17 mod 5", "2"],
    ["half of 9", "4.5"],
    ["1,000 + 1", "1001"],
    ["five plus seven", "12"],
    ["two hundred and five minus thirty-one", "174"],
    ["add 3 and 4", "7"],
    ["subtract 3 from 10", "7"],
    ["divide 100 by 8", "12.5"],
    ["multiply 6 by 7", "42"],
    ["12 x 12", "144"],
    ["9999999999 * 9999999999", "99999999980000000001"],
    ["2^200", "≈1.60693804426 × 10^60"],
    ["1/1000000000", "0.000000001"],
    ["三加五", "8"],
    ["12乘以3", "36"],
    ["100除以8", "12.5"],
    ["一百二十三加两百等于多少？", "323"],
    ["三百五减五", "345"],
    ["三点五乘2", "7"],
    ["负五加三", "-2"],
    ["350的20%", "70"],
    ["350的百分之二十", "70"],
    ["2的10次方", "1024"],
    ["二的三次方", "8"],
    ["5的平方", "25"],
    ["16的平方根", "4"],
    ["根号16", "4"],
    ["5的3倍", "15"],
    ["3万加2", "30002"],
    ["请问 2 + 3 * 4 是多少", "14"],
    ["（２＋３）×４＝？", "20"],
    ["10 / 0", "zero"],
    ["10除以0", "zero"],
    ["0^-1", "zero"],
    ["5 mod 0", "zero"],
    ["sqrt(-1)", "root"],
    ["(-8)^0.5", "root"],
    ["9^9^9^9", "large"],
    ["2^99999999", "large"],
  ])("%s is %s", (text, expected) => {
    expect(sum(text)).toBe(expected);
  });

  test.each([
    ["times 3", "2.5", "7.5"],
    ["and divided by 2?", "9", "4.5"],
    ["再乘以2", "8", "16"],
    ["+ 1", "8", "9"],
    ["squared", "3", "9"],
    ["-5 + 3", "8", "-2"],
    ["times 3", undefined, undefined],
  ])("%s goes on after %s", (text, last, expected) => {
    expect(sum(text, last)).toBe(expected);
  });

  test.each([
    "42",
    "20%",
    "2025-11-29",
    "01-02-2025",
    "3-4 people came",
    "3 plus 4 what",
    "i have 3 cats",
    "2 +",
    "+ +",
    "five",
    "五",
    "几加几",
    "我有3个苹果",
    "十分钟后提醒我喝茶",
    "of",
    "constructor(1)",
    "g(1)",
    "a.b + 1",
    "1 == 1",
    "1 ? 2 : 3",
    "[1] + [2]",
    "'a' + 'b'",
    "½ + 1",
    "5%%",
    "",
  ])("is not found in %j", (text) => {
    expect(sum(text)).toBeUndefined();
  });

  test("is bounded in length and depth", () => {
    expect(sum("1+".repeat(200) + "1")).toBeUndefined();
    expect(sum(`${"(".repeat(110)}1+1${")".repeat(110)}`)).toBe("large");
    const started = performance.now();
    sum("9^".repeat(100) + "9");
    sum("99999*".repeat(39) + "9");
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
