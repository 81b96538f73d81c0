/** Numbers in words, as digits. */

const UNITS =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " ",
  );
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
const SCALES: ReadonlyMap<string, number> = new Map([
  ["thousand", 1e3],
  ["million", 1e6],
  ["billion", 1e9],
]);

const SMALL: ReadonlyMap<string, number> = new Map([
  ...UNITS.map((word, value): [string, number] => [word, value]),
  ...TENS.map((word, index): [string, number] => [word, 20 + 10 * index]),
]);

const WORD = `(?:${[...SMALL.keys(), "hundred", ...SCALES.keys()].toSorted((a, b) => b.length - a.length).join("|")})`;

/** A number in English words: `two hundred and five`. */
export const ENGLISH_NUMBER: string = `(?:an? (?=hundred|thousand|million|billion))?${WORD}(?:(?:[ -]| and )${WORD})*(?![\\p{L}\\p{N}])`;

/** @returns Undefined for words in an order that is no number (`five six`). */
export function englishNumber(words: string): number | undefined {
  let [total, part, last] = [0, 0, Infinity];
  for (const word of words.toLowerCase().split(/[ -]+/)) {
    const small = SMALL.get(word);
    const scale = SCALES.get(word);
    if (word === "a" || word === "an") part = 1;
    else if (word === "hundred") [part, last] = [(part || 1) * 100, 100];
    else if (scale !== undefined) [total, part, last] = [total + (part || 1) * scale, 0, Infinity];
    else if (small !== undefined) {
      const fits = last === Infinity || last === 100 || (last >= 20 && last % 10 === 0 && small > 0 && small < 10);
      if (!fits) return undefined;
      [part, last] = [part + small, small];
    }
  }
  return total + part;
}

const DIGITS = "零一二三四五六七八九";
const PLACES: Readonly<Record<string, number>> = { 十: 10, 百: 100, 千: 1000 };
const MYRIADS: Readonly<Record<string, number>> = { 万: 1e4, 亿: 1e8 };

/** A number in Chinese characters: `一百二十三` or `三点五`. */
export const CHINESE_NUMBER = "[零〇一二两三四五六七八九十百千万亿]+(?:点[零〇一二三四五六七八九]+)?";

/** @returns The digits. Undefined for characters in an order that is no number. */
export function chineseNumber(text: string): string | undefined {
  const plain = text.replaceAll("〇", "零").replaceAll("两", "二");
  const [whole = "", decimals] = plain.split("点");
  const digitsOf = (part: string): string => Array.from(part, (character) => DIGITS.indexOf(character)).join("");
  const value = /^[零一二三四五六七八九]+$/.test(whole) ? digitsOf(whole).replace(/^0+(?=\d)/, "") : wholeChinese(whole);
  if (value === undefined) return undefined;
  return decimals === undefined ? value : `${value}.${digitsOf(decimals)}`;
}

function wholeChinese(text: string): string | undefined {
  let [total, part, digit, lastPlace] = [0, 0, 0, 0];
  for (const character of text) {
    const value = DIGITS.indexOf(character);
    const place = PLACES[character];
    const myriad = MYRIADS[character];
    if (value >= 0) [digit, lastPlace] = [value, value === 0 ? 0 : lastPlace];
    else if (place !== undefined) [part, digit, lastPlace] = [part + (digit || 1) * place, 0, place];
    else if (myriad !== undefined) [total, part, digit, lastPlace] = [(total + part + digit || 1) * myriad, 0, 0, myriad];
    else return undefined;
  }
  // 三百五 is 350.
  const rest = digit > 0 && lastPlace >= 100 ? digit * (lastPlace / 10) : digit;
  return String(total + part + rest);
}
