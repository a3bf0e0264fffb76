// The points so far, and whether each level meets its criterion, while they are chosen.
// A module, so that its names are its own.

const rubricForm = document.getElementById("assess-form");
const touched = new Set(); // boxes of parts that somebody set by hand stay as they are

const addUp = () => {
  let points = 0;
  for (const row of rubricForm.querySelectorAll("[data-tally]")) {
    const chosen = rubricForm.querySelector(`input[name="${row.dataset.tally}"]:checked`);
    points += chosen ? Number(chosen.dataset.points) : 0;
    row.dataset.state = chosen ? ("enough" in chosen.dataset ? "met" : "below") : "open";
  }
  const shown = document.getElementById("tally-points");
  if (shown.textContent !== String(points)) shown.textContent = points;
};

// What is below its level is to be revised, unless somebody says otherwise.
const markPart = (radio) => {
  const part = rubricForm.querySelector(`input[name="parts"][value="${radio.name.split("_")[1]}"]`);
  if (part && !touched.has(part.value)) part.checked = !("enough" in radio.dataset);
};

rubricForm?.addEventListener("change", ({ target }) => {
  if (target.name === "parts") touched.add(target.value);
  if (!target.matches(".rubric-input")) return;
  markPart(target);
  addUp();
});
if (rubricForm) addUp(); // a browser that comes back to the page has filled it in by itself
