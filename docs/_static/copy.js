// A button on each block of code that copies it, without the prompts and answers of a session.
document.addEventListener("DOMContentLoaded", () => {
  for (const block of document.querySelectorAll("div.highlight > pre")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy the code");
    button.addEventListener("click", async () => {
      const lines = block.textContent.trimEnd().split("\n");
      const asked = lines.filter((line) => /^(>>>|\.\.\.)( |$)/.test(line));
      const text = (asked.length ? asked.map((line) => line.slice(4)) : lines).join("\n");
      try {
        await navigator.clipboard.writeText(text + "\n");
        button.textContent = "Copied";
      } catch {
        button.textContent = "Select and copy";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    block.parentElement.append(button);
  }
});
