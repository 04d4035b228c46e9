// What takes a while is asked for once the page is there; without it the link in its place does the same.
async function ask(place) {
  const said = place.querySelector("[role=status]");
  const before = said.textContent;
  said.textContent = "It is being worked out…";
  try {
    const answer = await fetch(place.dataset.later, { cache: "no-store" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = answer.ok && page.getElementById(place.id);
    if (!found) throw new Error(String(answer.status));
    place.replaceWith(found);
  } catch {
    said.textContent = before;
  }
}

for (const place of document.querySelectorAll("[data-later]")) ask(place);
