/* Names of models and owners in the searchable tables become links, and an address that ends in
   #find=NAME opens the page with that search. Names are put in as text, never as markup. */
(() => {
  "use strict";
  const HUB = "https://huggingface.co/";
  const AN_ID = /^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)?$/;

  function link(target, text, label) {
    const made = document.createElement("a");
    made.href = target;
    made.textContent = text;
    if (label) {
      made.className = "hub";
      made.rel = "noopener noreferrer";
      made.setAttribute("aria-label", label);
    }
    return made;
  }

  function dress(box, pages) {
    for (const row of box.querySelectorAll("tbody tr")) {
      const head = row.closest("table").tHead;
      const headings = [...(head ? head.querySelectorAll("th") : [])];
      const cells = [...row.children];
      if (row.dataset.dressed || cells.length !== headings.length) continue;
      row.dataset.dressed = "yes";
      cells.forEach((cell, place) => {
        cell.dataset.label = headings[place].textContent.trim();
        if (/^\d{4,}$/.test(cell.textContent) && cell.classList.contains("dt-right")) {
          cell.textContent = Number(cell.textContent).toLocaleString("en-US");
        }
      });
      const name = cells[0].textContent;
      const search = box.dataset.kind === "owner" ? name + "/" : name;
      const inside = Object.hasOwn(pages, name)
        ? box.dataset.up + "families/" + pages[name] + ".html"
        : box.dataset.up + "models.html#find=" + encodeURIComponent(search);
      cells[0].replaceChildren(link(inside, name));
      if (box.dataset.hub === "yes" && AN_ID.test(name)) {
        cells[0].append(" ", link(HUB + name, "Hub", name + " on the Hub"));
      }
    }
  }

  function find() {
    const wanted = /^#find=(.*)$/.exec(location.hash);
    const input = document.querySelector(".searchable[data-kind=model] input[type=search]");
    if (!wanted || !input) return Boolean(!wanted);
    input.value = decodeURIComponent(wanted[1]);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.scrollIntoView({ block: "center" });
    return true;
  }

  window.addEventListener("DOMContentLoaded", () => {
    for (const box of document.querySelectorAll(".searchable")) {
      const pages = JSON.parse(box.querySelector(".family-pages").textContent);
      const watcher = new MutationObserver(() => dress(box, pages));
      watcher.observe(box, { childList: true, subtree: true });
      dress(box, pages);
    }
    const waiting = setInterval(() => { if (find()) clearInterval(waiting); }, 50);
    window.addEventListener("hashchange", find);
  });
})();
