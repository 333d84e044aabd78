// The form's memory: what was typed survives a reload, and the address bar holds what was run.
// The query travels behind "#": it reaches no server, no proxy and no log until the visitor runs it.
(() => {
  const KEY = "zeroshot-form";
  const LONGEST_LINK = 8000; // characters; browsers take more, mail and chat programs do not
  const zs = (window.zs = window.zs || {});
  zs.TOO_LONG = "This query is too long for a link: shorten the text, or send it as a file.";

  const find = (selector) => document.querySelector(selector);

  zs.say = (sentence) => {
    const place = find("#zs-say");
    if (place) place.textContent = sentence;
  };

  zs.encode = ({ text, labels, template, multi, model }) => {
    const query = new URLSearchParams({ text, labels, template });
    if (multi) query.set("multi", "1");
    if (model) query.set("model", model);
    return query.toString();
  };

  zs.decode = (address) => {
    const url = new URL(address);
    for (const part of [url.hash.slice(1), url.search.slice(1)]) {
      const query = new URLSearchParams(part);
      if (query.has("text") || query.has("labels")) {
        const get = (name) => query.get(name) || "";
        return {
          text: get("text"),
          labels: query.getAll("labels").join(", "),
          template: get("template"),
          multi: ["1", "true"].includes(get("multi").toLowerCase()),
          model: get("model"),
        };
      }
    }
    return null;
  };

  // Called by the page with every change of the form.
  zs.save = (text, labels, template, multi, model, mine) => {
    const form = { text, labels, template, multi, model, mine, link: location.hash };
    try {
      sessionStorage.setItem(KEY, JSON.stringify(form));
    } catch {
      // a text of megabytes: the browser's store is full, the box itself still holds it
    }
    const last = zs.shown;
    const stale =
      last && (last.text !== text || last.labels !== labels || last.template !== template || last.multi !== multi);
    find("#zs-result")?.classList.toggle("zs-stale", Boolean(stale));
  };

  // Called once when the page is there: [text, labels, template, multi, model, mine] to fill the form with.
  zs.restore = (models, fallback, suggestion) => {
    let saved = null;
    try {
      saved = JSON.parse(sessionStorage.getItem(KEY));
    } catch {
      saved = null;
    }
    const link = zs.decode(location.href);
    const newer = saved && saved.link === location.hash;
    zs.runAtStart = Boolean(link) && (!newer || zs.encode(saved) === zs.encode({ ...link, model: saved.model }));
    const form = (newer && saved) || link || saved;
    if (!form) return ["", "", suggestion, false, fallback, false];
    const model = models.includes(form.model) ? form.model : fallback;
    if (form.model && form.model !== model) zs.say(`The link asks for the model “${form.model}”, which is not offered here.`);
    return [form.text, form.labels, form.template || suggestion, Boolean(form.multi), model, Boolean(form.template)];
  };

  // Called when a run starts, with the form as it was then.
  zs.started = (text, labels, template, multi, model) => {
    zs.asked = { text, labels, template, multi, model };
    return true;
  };

  // Called when a run has ended well: the address bar now holds it.
  zs.finished = (template) => {
    if (!zs.asked) return;
    const box = find("#zs-result [data-result]");
    const used = box ? JSON.parse(box.dataset.result) : null;
    zs.asked.template = (used && used.hypothesis_template) || template;
    zs.shown = zs.asked;
    const query = zs.encode(zs.asked);
    const base = location.pathname + strip(location.search);
    zs.link = query.length <= LONGEST_LINK;
    history.replaceState(history.state, "", zs.link ? `${base}#${query}` : base);
    const note = find("#zs-result .zs-link-note");
    if (note) note.textContent = zs.link ? "" : zs.TOO_LONG;
    find("#zs-result")?.classList.remove("zs-stale");
    if (used) {
      const best = used.labels.map((label, i) => `${label} ${(used.scores[i] * 100).toFixed(1)}%`).slice(0, 3);
      zs.say(`Result, best first: ${best.join(", ")}`);
    }
  };

  // Drops a query that came as ?text=... (it now stands behind "#"), keeps what belongs to others (?__theme=dark).
  const strip = (search) => {
    const query = new URLSearchParams(search);
    for (const name of ["text", "labels", "template", "multi", "model"]) query.delete(name);
    return query.size ? `?${query}` : "";
  };

  zs.copy = async (text, done) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea"); // no clipboard API on plain http
      area.value = text;
      area.className = "zs-sr";
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    done();
  };

  const click = (selector) => {
    const element = find(selector);
    const button = element?.matches("button") ? element : element?.querySelector("button");
    button?.click();
  };
  zs.click = click;

  // A template that was touched is the visitor's. (Gradio's own input event misses pasting and input methods.)
  document.addEventListener("input", (event) => {
    const box = event.target.closest?.("#zs-template") && find("#zs-mine input");
    if (box && !box.checked) box.click();
  }, true);

  window.addEventListener("hashchange", () => {
    if (zs.decode(location.href)) click("#zs-from-link"); // a link opened in a tab that already has the page
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    click(event.target.closest("#zs-nli") ? "#zs-nli-run" : "#zs-run");
  }, true);
})();
