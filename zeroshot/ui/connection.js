// The server, or the way to it, is gone: says so in the page, and that nothing typed is lost.
(() => {
  const SENTENCE =
    "The server does not answer. What you typed is kept in this browser: check the connection, or start the demo again, and press Classify once more.";
  const plain = window.fetch;

  const show = (gone) => {
    const old = document.querySelector("#zs-gone");
    if (!gone) return old?.remove();
    const place = document.querySelector("#zs-start");
    if (old || !place) return;
    const card = document.createElement("div");
    card.id = "zs-gone";
    card.className = "zs-card zs-error";
    card.setAttribute("role", "alert");
    card.textContent = SENTENCE;
    place.after(card);
  };

  window.fetch = async (...request) => {
    try {
      const response = await plain.apply(window, request);
      show(false);
      return response;
    } catch (error) {
      if (error.name !== "AbortError") show(true);
      throw error;
    }
  };
})();
