import { language } from "artesian-ui/language.ts";

/** The known names of a company. */
export interface Named {
  readonly name: string | undefined;
  readonly nameZh: string | undefined;
}

/** The company's name in the page's language if it has that name, else in English. */
export function nameOf({ name, nameZh }: Named): string {
  return (language() === "zh-CN" ? nameZh : undefined) ?? name ?? "";
}
