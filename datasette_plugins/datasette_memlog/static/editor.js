// Datasette's SQL editor is put in place of the field by its own script, once the page is loaded: it has no name.
const name = () => {
  for (const box of document.querySelectorAll(".CodeMirror textarea, .cm-content")) box.setAttribute("aria-label", "SQL");
};
addEventListener("load", () => setTimeout(name));
if (document.readyState === "complete") name();
