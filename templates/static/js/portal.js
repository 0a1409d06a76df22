// Small comforts; every page works without them: selects marked data-sends send their form, and menus close by themselves.
"use strict";
for (const button of document.querySelectorAll("[data-without-script]")) button.hidden = true;
for (const select of document.querySelectorAll("select[data-sends]")) select.addEventListener("change", () => select.form.requestSubmit());
document.querySelector(".tabs [aria-current=page]")?.scrollIntoView({ inline: "center", block: "nearest" });
const menus = document.querySelectorAll("details.menu");
document.addEventListener("click", (event) => { for (const menu of menus) if (!menu.contains(event.target)) menu.open = false; });
document.addEventListener("keydown", (event) => { if (event.key === "Escape") for (const menu of menus) menu.open = false; });

// The browser's zone, for pages that are written by the server.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.split("; ").includes(`zone=${zone}`)) document.cookie = `zone=${zone}; path=/; SameSite=Lax; max-age=31536000`;

// Work that is done in the background: asked every second, and the page shown anew at its end.
for (const bar of document.querySelectorAll("progress[data-watch]")) {
  const ask = async () => {
    const answer = await fetch(bar.dataset.watch, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const { state, rows, total } = await answer.json();
    if (state !== "waiting" && state !== "running") return location.reload();
    if (total) { bar.max = total; bar.value = rows; }
    setTimeout(ask, 1000);
  };
  setTimeout(ask, 1000);
}

// What changes by itself is read anew, in place, while somebody looks.
for (const part of document.querySelectorAll("[data-renews]")) {
  const renew = async () => {
    if (document.visibilityState === "visible" && !part.contains(document.activeElement)) {
      const answer = await fetch(part.dataset.renewsFrom ?? location.href);
      if (answer.ok && !answer.redirected) {
        const read = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = part.dataset.renewsFrom ? read.body : read.getElementById(part.id);
        if (fresh) part.replaceChildren(...fresh.childNodes);
      }
    }
    setTimeout(renew, part.dataset.renews * 1000);
  };
  setTimeout(renew, part.dataset.renews * 1000);
}
