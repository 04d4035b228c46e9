// Finds while the reader types; without it the button does the same.
const form = document.querySelector("main form.ask");
const WAIT = 250;
let timer = 0, asked = null;

// What it is asked for, as the form would send it.
const address = () => {
  const given = new URLSearchParams(location.search);
  for (const name of ["q", "mode", "newest", "group", "after", "facet"]) given.delete(name);
  for (const [name, value] of new FormData(form)) if (value && !(name === "mode" && value === "words")) given.set(name, value);
  return `${location.pathname}?${given}`;
};

async function find() {
  const place = address();
  if (place === location.pathname + location.search) return;
  asked?.abort();
  asked = new AbortController();
  try {
    const answer = await fetch(`${place}&typed=1`, { signal: asked.signal, cache: "no-store" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.querySelector("#found");
    if (!found) return;
    document.querySelector("#found").replaceWith(found);
    document.title = page.title;
    history.replaceState(null, "", place);
  } catch (error) {
    if (error.name !== "AbortError") form.classList.add("alone"); // the button still asks
  }
}

form?.addEventListener("input", (event) => {
  clearTimeout(timer);
  timer = setTimeout(find, event.target.type === "search" ? WAIT : 0);
});
