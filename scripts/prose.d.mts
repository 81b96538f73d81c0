export const KINDS: Readonly<Record<"what" | "those" | "it" | "you", RegExp>>;
export const BANNED: RegExp;
export function textsOf(place: "comments" | "docs"): readonly { readonly file: string; readonly text: string }[];
export function measure(place: "comments" | "docs"): {
  readonly words: number;
  readonly rates: Readonly<Record<string, number>>;
};
