import { language } from "artesian-ui/language.ts";

/** A company with its names, as far as they are known. */
export interface Named {
  readonly name: string | undefined;
  readonly nameZh: string | undefined;
}

/** The company's name in the page's language, if there is one, else in English. */
export function nameOf({ name, nameZh }: Named): string {
  return (language() === "zh-CN" ? nameZh : undefined) ?? name ?? "";
}
