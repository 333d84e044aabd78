// Downloads of a result, made in the browser: nothing is written on the server.
(() => {
  const zs = (window.zs = window.zs || {});
  const result = () => JSON.parse(document.querySelector("#zs-result [data-result]").dataset.result);
  const percent = (score) => `${(score * 100).toFixed(1)}%`;

  const save = (blob, name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };

  // A cell that a spreadsheet would run as a formula gets an apostrophe in front, as spreadsheets do themselves.
  const cell = (value) => {
    if (value === null || value === undefined) return "";
    let text = String(value);
    if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };

  zs.csv = (r) => {
    const head = ["label", "score", "hypothesis", "entailment", "neutral", "contradiction"];
    const rows = r.labels.map((label, i) =>
      [label, r.scores[i], r.hypotheses[i], r.entailment[i], r.neutral[i], r.contradiction[i]].map(cell).join(","),
    );
    return `\ufeff${[head.join(","), ...rows].join("\r\n")}\r\n`; // the mark tells Excel that this is UTF-8
  };

  const WIDTH = 1000;
  const FONT = "22px system-ui, sans-serif";

  const wrapped = (text, width) => {
    const context = document.createElement("canvas").getContext("2d");
    context.font = FONT;
    const lines = [];
    let line = "";
    for (const piece of text.match(/\S+\s*|\s+/gu) || [text]) {
      const parts = context.measureText(piece).width > width ? [...piece] : [piece];
      for (const part of parts) {
        if (line && context.measureText(line + part).width > width) {
          lines.push(line);
          line = "";
        }
        line += part;
      }
    }
    return [...lines, line];
  };

  const RTL = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
  const safe = (text) =>
    text
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "") // not allowed in XML
      .replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

  zs.svg = (r) => {
    const style = getComputedStyle(document.querySelector("#zs-result .zs-result"));
    const color = (name) => style.getPropertyValue(`--zs-${name}`).trim();
    const parts = [];
    let y = 30;
    r.labels.forEach((label, i) => {
      const strong = r.multi_label ? r.scores[i] > 0.5 : i === 0;
      const lines = wrapped(label, WIDTH - 200);
      const weight = strong ? ' font-weight="650"' : "";
      lines.forEach((line, n) => {
        const direction = RTL.test(line) ? ' direction="rtl" text-anchor="end"' : "";
        parts.push(`<text x="30" y="${y + 24 + n * 30}" fill="${color("ink")}"${weight}${direction}>${safe(line)}</text>`);
      });
      y += lines.length * 30;
      parts.push(
        `<text x="${WIDTH - 30}" y="${y - 6}" fill="${color("ink")}"${weight} text-anchor="end">${percent(r.scores[i])}</text>`,
        `<rect x="30" y="${y + 4}" width="${WIDTH - 60}" height="18" rx="5" fill="${color("track")}"/>`,
        `<rect x="30" y="${y + 4}" width="${Math.max(2, (WIDTH - 60) * r.scores[i]).toFixed(1)}" height="18" rx="5" fill="${color(strong ? "accent" : "bar")}"/>`,
      );
      y += 38;
    });
    const foot = `${r.model} · ${r.hypothesis_template}`;
    for (const line of wrapped(foot, WIDTH - 60)) {
      parts.push(`<text x="30" y="${y + 22}" font-size="18" fill="${color("soft")}">${safe(line)}</text>`);
      y += 26;
    }
    y += 24;
    return (
      `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}" ` +
      `font-family="system-ui, sans-serif" font-size="22"><rect width="100%" height="100%" fill="${color("paper")}"/>` +
      `${parts.join("")}</svg>`
    );
  };

  const png = (svg) =>
    new Promise((resolve, reject) => {
      const image = new Image();
      image.onerror = reject;
      image.onload = () => {
        const canvas = document.createElement("canvas");
        const scale = Math.min(2, 16000 / image.height); // browsers refuse taller canvases
        canvas.width = image.width * scale;
        canvas.height = image.height * scale;
        canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
        canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/png");
      };
      image.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
    });

  zs.download = async (kind) => {
    const r = result();
    if (kind === "json") save(new Blob([JSON.stringify(r, null, 2)], { type: "application/json" }), "classification.json");
    if (kind === "csv") save(new Blob([zs.csv(r)], { type: "text/csv;charset=utf-8" }), "classification.csv");
    if (kind === "svg") save(new Blob([zs.svg(r)], { type: "image/svg+xml" }), "classification.svg");
    if (kind === "png") save(await png(zs.svg(r)), "classification.png");
  };
})();
