/** Shows the text of no-start.html in place of the page. */
export function tellFailure(): void {
  document.documentElement.dataset["page"] = "failed";
}

addEventListener("error", tellFailure);

/** Reports errors to the reader while a page starts. Must be the first import of a page. */
export const watchStart = {
  end(): void {
    removeEventListener("error", tellFailure);
  },
};
