// Small comforts; every page works without them: selects marked data-sends send their form, and menus close by themselves.
"use strict";
for (const button of document.querySelectorAll("[data-without-script]")) button.hidden = true;
for (const select of document.querySelectorAll("select[data-sends]")) select.addEventListener("change", () => select.form.requestSubmit());
const menus = document.querySelectorAll("details.menu");
document.addEventListener("click", (event) => { for (const menu of menus) if (!menu.contains(event.target)) menu.open = false; });
document.addEventListener("keydown", (event) => { if (event.key === "Escape") for (const menu of menus) menu.open = false; });
