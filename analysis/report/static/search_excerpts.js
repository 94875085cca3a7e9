/* Below each result of the site's own search, the words around the first place where it was found.
   Sphinx would fetch the pages for that, which browsers forbid to sites opened from disk; their
   texts come along as a script instead (page_texts.js). */
(() => {
  "use strict";
  const AROUND = 110;

  function words() {
    const query = new URLSearchParams(location.search).get("q") || "";
    return query.toLowerCase().split(/\s+/).filter((word) => word.length > 1);
  }

  function excerpt(text, sought) {
    const lower = text.toLowerCase();
    const places = sought.map((word) => lower.indexOf(word)).filter((place) => place >= 0);
    const start = Math.max(0, (places.length ? Math.min(...places) : 0) - AROUND);
    const piece = text.slice(start, start + 2 * AROUND + 40);
    const made = document.createElement("p");
    made.className = "context";
    if (start) made.append("… ");
    let rest = piece;
    while (rest) {
      const at = sought
        .map((word) => [rest.toLowerCase().indexOf(word), word.length])
        .filter(([place]) => place >= 0)
        .sort(([one], [other]) => one - other)[0];
      if (!at) break;
      const mark = document.createElement("mark");
      mark.textContent = rest.slice(at[0], at[0] + at[1]);
      made.append(rest.slice(0, at[0]), mark);
      rest = rest.slice(at[0] + at[1]);
    }
    made.append(rest, " …");
    return made;
  }

  function dress(list) {
    for (const item of list.querySelectorAll("li:not([data-dressed])")) {
      const link = item.querySelector("a");
      if (!link) continue;
      item.dataset.dressed = "yes";
      const page = link.getAttribute("href").replace(/[?#].*$/, "").replace(/\.html$/, "");
      const text = window.PAGE_TEXTS[page];
      if (text) item.append(excerpt(text, words()));
    }
  }

  window.addEventListener("DOMContentLoaded", () => {
    const results = document.getElementById("search-results");
    if (!results) return;
    new MutationObserver(() => dress(results)).observe(results, { childList: true, subtree: true });
    dress(results);
  });
})();
