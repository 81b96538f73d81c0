export const en = {
  documentTitle: "Artesian: no page here",
  title: "Nothing rises here",
  advice: "There is no page at this address. The bar above leads to all that there are.",
  home: "To the start page",
};

export type NotFoundTexts = typeof en;
