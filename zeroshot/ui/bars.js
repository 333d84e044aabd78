// Bars, tabs and filters: everything on the page that is not a Gradio component.
(() => {
  const zs = (window.zs = window.zs || {});

  const open = (row) => {
    for (const other of row.parentElement.children) {
      const isIt = other === row;
      other.classList.toggle("zs-open", isIt);
      other.querySelector(".zs-bar").setAttribute("aria-expanded", String(isIt));
    }
  };
  const wide = () => matchMedia("(min-width: 860px)").matches;

  let pinned = null; // the row that was clicked: hovering elsewhere and leaving comes back to it
  document.addEventListener("mouseover", (event) => {
    const row = event.target.closest?.(".zs-row");
    if (row && wide() && event.target.closest(".zs-bar")) open(row);
  });
  document.addEventListener("mouseout", (event) => {
    const bars = event.target.closest?.(".zs-bars");
    if (!bars || !wide() || bars.contains(event.relatedTarget)) return;
    open(pinned && bars.contains(pinned) ? pinned : bars.children[0]);
  });
  document.addEventListener("focusin", (event) => {
    if (event.target.matches?.(".zs-bar:focus-visible")) open(event.target.parentElement);
  });

  const moves = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1, Home: -1e6, End: 1e6 };
  document.addEventListener("keydown", (event) => {
    const step = moves[event.key];
    const item = step && event.target.closest?.(".zs-bar, .zs-code [role=tab]");
    if (!item) return;
    const all = [...item.closest(".zs-bars, [role=tablist]").querySelectorAll(".zs-bar, [role=tab]")];
    const next = all[Math.min(all.length - 1, Math.max(0, all.indexOf(item) + step))];
    event.preventDefault();
    next.focus();
    if (next.matches("[role=tab]")) next.click();
  });

  document.addEventListener("click", (event) => {
    const target = event.target.closest?.("button");
    if (!target) return;
    if (target.matches(".zs-bar")) {
      pinned = target.parentElement;
      open(pinned);
    } else if (target.matches(".zs-code [role=tab]")) {
      for (const tab of target.parentElement.children) {
        const isIt = tab === target;
        tab.setAttribute("aria-selected", String(isIt));
        tab.tabIndex = isIt ? 0 : -1;
        document.getElementById(tab.getAttribute("aria-controls")).hidden = !isIt;
      }
    } else if (target.matches("[data-copy-code]")) {
      zs.copy(target.parentElement.querySelector("code").textContent, () => flash(target, "Copied"));
    } else if (target.matches("[data-copy-link]")) {
      const note = target.parentElement.querySelector(".zs-link-note");
      if (zs.link) zs.copy(location.href, () => (note.textContent = "The link is on your clipboard."));
      else note.textContent = zs.TOO_LONG;
    } else if (target.matches("[data-download]")) {
      zs.download(target.dataset.download);
    } else if (target.matches(".zs-filter button")) {
      for (const button of target.parentElement.children)
        button.setAttribute("aria-pressed", String(button === target));
      const language = target.dataset.language;
      for (const card of target.closest(".zs-gallery").querySelectorAll(".zs-cards > li"))
        card.hidden = Boolean(language) && card.dataset.language !== language;
    }
  });

  const flash = (button, word) => {
    const before = button.textContent;
    button.textContent = word;
    setTimeout(() => (button.textContent = before), 1500);
  };

  // Typed text finds its own direction. Gradio's boxes know only left or right, set by the program.
  const direct = () => {
    for (const box of document.querySelectorAll("#zs-form textarea, #zs-form input[type=text], #zs-nli textarea"))
      if (box.dir !== "auto") box.dir = "auto";
  };
  new MutationObserver(direct).observe(document.documentElement, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ["dir"],
  });

  // Words are cut here: browsers know where Thai and Chinese words end. Answers come back through a hidden place.
  zs.explain = (button) => {
    zs.words = button.parentElement.querySelector(".zs-words");
    zs.words.textContent = "Asking again without each word…";
    const { text } = zs.shown;
    const pieces = window.Intl?.Segmenter
      ? Array.from(new Intl.Segmenter(undefined, { granularity: "word" }).segment(text.slice(0, 10000)), (s) => s.segment)
      : null;
    return { ...zs.shown, pieces, label: button.dataset.explain };
  };
  zs.explained = () => {
    const answer = document.querySelector("#zs-words-from-server .zs-answer");
    if (answer && zs.words) zs.words.innerHTML = answer.innerHTML;
  };

  zs.toResult = () => {
    const place = document.querySelector("#zs-start");
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    place?.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
  };
})();
