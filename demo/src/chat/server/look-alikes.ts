/**
 * Letters and digits of other scripts that look like ASCII or its small capitals. The source is
 * Unicode's table of confusable characters (UTS #39, without those that NFKC makes plain). `l` and
 * `1` stand with `i`, `0` with `o`.
 */
const LOOK_ALIKES: readonly (readonly [plain: string, others: string])[] = [
  ["a", "ɑΑαАаᎪᗅᴀꓮ𐊠𖽀"],
  ["b", "ƄʙΒВЬвᏏᏴᑲᖯᗷꓐꞴ𐊂𐊡𐌁"],
  ["c", "СсᏟᴄⲤⲥꓚꮯ𐊢𐌂𐐕𐐽𐔜𑣩𑣲"],
  ["d", "ԁᎠᏧᑯᗞᗪᴅꓒꓓ"],
  ["e", "℮€ΕЕеҽᎬᴇⴹꓰꬲ𐊆𑢦𑢮"],
  ["f", "ϜքᖴẝꓝꜰꞘꞙꬵ𐊇𐊥𐔥𑢢𑣂"],
  ["g", "ƍɡɢԌցᏀᏳᶃꓖ"],
  ["h", "ʜΗНнһհᎻᏂᕼⲎꓧ𐋏"],
  ["i", "ıƖǀɩɪʟΙιІіӀӏ۱ᎥᏞᒪᛁⲒⳐⵏꓡꓲꙇꭵ𐊊𐌉𐌠𐐛𐔦𑢣𑢲𑣃𖼖𖼨"],
  ["j", "ͿϳЈјᎫᒍᴊꓙꞲ"],
  ["k", "ΚКкᏦᛕᴋⲔꓗ𐔘"],
  ["m", "ΜϺМмᎷᗰᛖᴍⲘꓟ𐊰𐌑"],
  ["n", "ɴΝոռⲚꓠ𐔓"],
  ["o", "ΟοσОоՕօ۵०০੦૦ଠ୦௦౦೦ഠ൦๐໐ဝ၀ჿዐᴏᴑⲞⲟⵔ〇ꓳꬽ𐊒𐊫𐐄𐐬𐓂𐓪𐔖𑓐𑢵𑣈𑣗𑣠"],
  ["p", "ΡρРрᏢᑭᴘⲢⲣꓑ𐊕"],
  ["q", "ԛգզⵕꞯ"],
  ["r", "ƦʀгᎡᏒᖇᴦⲅꓣꭇꭈꮁ𐒴𖼵"],
  ["s", "ƽЅѕՏᏕᏚꓢꜱꮪ𐊖𐐠𐑈𑣁𖼺"],
  ["t", "ΤτТтᎢᴛⲦꓔ𐊗𐊱𐌕𑢼𖼊"],
  ["u", "ʋυՍսሀᑌᴜꓴꞟꭎꭒ𐓎𐓶𑢸𑣘𖽂"],
  ["v", "νѴѵ۷Ꮩᐯᴠⴸꓦꛟꮩ𐔝𑜆𑢠𑣀𖼈"],
  ["w", "ɯѡԜԝաᎳᏔᴡꓪꮃ𑜊𑜎𑜏𑣦𑣯"],
  ["x", "ΧХхᕁᕽᚷⲬⵝꓫꞳ𐊐𐊴𐌗𐌢𐔧𑣬"],
  ["y", "ɣʏΥγУуҮүყᎩᎽᶌỿⲨꓬꭚ𐊲𑢤𑣜𖽃"],
  ["z", "ΖᏃᴢꓜꮓ𐋵𑢩𑣄𑣥"],
];

const PLAIN: ReadonlyMap<string, string> = new Map([
  ...LOOK_ALIKES.flatMap(([plain, others]) => Array.from(others, (other): [string, string] => [other, plain])),
  ["l", "i"],
  ["1", "i"],
  ["|", "i"],
  ["!", "i"],
  ["0", "o"],
]);

/**
 * Invisible characters, and marks on letters, which are small. Vowel signs of a script of its own
 * are letters to its readers, and stay.
 */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{Script=Inherited}]/gu;

/** A blank that is no white space: Braille without dots. */
const BLANKS = /[\s\u2800]+/gu;

/**
 * Reduces a name to its look at a glance. Two names that look alike have the same result.
 *
 * @returns Empty if nothing is visible.
 */
export function looksOf(name: string): string {
  return joined(plain(seenOf(name)));
}

/** Words for a role or for genuineness. They do not make names differ. */
const TITLES = ["bot", "robot", "chatbot", "ai", "the", "real", "official", "original", "assistant", "admin", "机器人", "機器人", "官方"];

/**
 * Whether a name reads as another: both look alike, apart from white space, punctuation, symbols
 * and words such as `bot`. So `@artie`, `a r t i e` and `Artie (bot)` read as `artie`.
 */
export function readsAs(name: string, other: string): boolean {
  const letters = withoutTitles(seenOf(other));
  if (letters === "") return looksOf(name) === looksOf(other);
  const seen = seenOf(name);
  // `art!e` has a letter in the middle. `artie!` has none at its end.
  return [seen, seen.replace(AROUND_WORDS, "")].some((text) => isNamed(lettersOf(text), letters));
}

/** The letters of a name's words other than titles, or of all words if there are only titles. */
function withoutTitles(seen: string): string {
  const words = seen.split(NO_LETTERS).filter((word) => !ONLY_TITLES.test(lettersOf(word)));
  return lettersOf(words.length > 0 ? words.join("") : seen);
}

/** Whether a name is another name, with nothing but titles around it. */
function isNamed(name: string, other: string): boolean {
  for (let at = name.indexOf(other); at >= 0; at = name.indexOf(other, at + 1)) {
    if (ONLY_TITLES.test(name.slice(0, at)) && ONLY_TITLES.test(name.slice(at + other.length))) return true;
  }
  return false;
}

const NO_LETTERS = /[^\p{L}\p{N}\p{M}]+/gu;
const AROUND_WORDS = /(?<![^\s])[^\p{L}\p{N}\p{M}]+|[^\p{L}\p{N}\p{M}]+(?![^\s])/gu;

function lettersOf(seen: string): string {
  const letters = plain(seen).replace(NO_LETTERS, "");
  return joined(letters.replaceAll(/[3457]/g, (digit) => DIGITS[digit] ?? digit));
}

/** A name without invisible characters. */
function seenOf(name: string): string {
  return name.normalize("NFKC").normalize("NFD").replace(UNSEEN, "").replace(BLANKS, " ").trim();
}

function plain(seen: string): string {
  return Array.from(seen, (character) => plainOf(character)).join("");
}

/** Digits that are written for a letter. Names of people have digits, so this counts for reserved names alone. */
const DIGITS: Readonly<Record<string, string>> = { 3: "e", 4: "a", 5: "s", 7: "t" };

/** Two letters that look like one letter become one letter. */
function joined(letters: string): string {
  return letters.replaceAll("rn", "m").replaceAll("vv", "w");
}

function plainOf(character: string): string {
  const lower = character.toLowerCase();
  return PLAIN.get(character) ?? PLAIN.get(lower) ?? lower;
}

const ONLY_TITLES = new RegExp(`^(?:${TITLES.map(lettersOf).join("|")})*$`, "u");
