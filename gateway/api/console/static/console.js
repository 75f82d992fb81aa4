// Refreshes what lives: each element with data-live is replaced by its newer self, asked for from the page's own address.
// Without this script a page is as it was when it was loaded, and everything on it works.
"use strict";

const EVERY = 5000;

const stays = (element) => element.contains(document.activeElement) || element.querySelector("[aria-invalid]");

function replace(from) {
  for (const old of document.querySelectorAll("[data-live]")) {
    const fresh = from.getElementById(old.id);
    if (!fresh || fresh.isEqualNode(old) || stays(old)) continue;
    const open = new Set([...old.querySelectorAll("details[open]")].map((each) => each.id));
    for (const each of fresh.querySelectorAll("details")) each.open = open.has(each.id);
    old.replaceWith(document.adoptNode(fresh));
  }
}

async function refresh() {
  if (document.hidden) return;
  const state = document.getElementById("freshness");
  try {
    const answer = await fetch(location.href, { headers: { "X-Refresh": "1" }, cache: "no-store" });
    if (answer.status === 401) return location.reload();
    if (!answer.ok) throw new Error(answer.status);
    replace(new DOMParser().parseFromString(await answer.text(), "text/html"));
    if (state) state.hidden = true;
  } catch {
    if (state) state.hidden = false;
  }
}

if (document.querySelector("[data-live]")) setInterval(refresh, EVERY);

// A form that filters asks only for what was filled in, so that its address can be passed on.
for (const form of document.querySelectorAll("form[method=get]")) {
  form.addEventListener("submit", () => {
    for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
  });
}

// Going back shows such a form as it was, with its fields to be filled in again.
addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("form[method=get] :disabled")) field.disabled = false;
});
