// The lessons' texts, fetched when somebody wants to read one.

const list = document.querySelector("#lesson-list");
const text = document.querySelector("#lesson-text");
const nothing = text.innerHTML;
let wanted; // The latest wish: an answer that comes late finds another one here.
let shown;

/** Shows the list and, if there is a number, that lesson. Gives the lesson's title. */
export async function showLessons(number) {
  wanted = number;
  // Where there is no room for both, the text takes the place of the list.
  list.parentElement.classList.toggle("chosen", number !== undefined);
  if (!list.querySelector("li")) fill(list, await fetched("lessons"));
  for (const link of list.querySelectorAll("a")) {
    if (link.hash === `#lesson-${number}`) link.ariaCurrent = "page";
    else link.removeAttribute("aria-current");
  }
  if (number !== shown) {
    const html = number ? await fetched(`lessons/${number}`) : nothing;
    if (number !== wanted) return;
    fill(text, html);
    shown = text.querySelector("h1") ? number : undefined;
  }
  return text.querySelector("h1")?.textContent;
}

/** The text is our own, made from the lesson's Markdown by this server. */
async function fetched(path) {
  try {
    const answer = await fetch(path);
    if (answer.ok) return await answer.text();
    return `<p>This could not be fetched: the server answered ${answer.status}.</p>`;
  } catch {
    return "<p>This could not be fetched: the server does not answer.</p>";
  }
}

function fill(place, html) {
  place.innerHTML = html;
  for (const link of place.querySelectorAll("a")) settle(link);
  // What is wider than the page is scrolled, also with the keyboard.
  for (const block of place.querySelectorAll("pre")) block.tabIndex = 0;
}

/** A link into the repository leads nowhere from here: its words stay. */
function settle(link) {
  const href = link.getAttribute("href");
  if (!/^(#|https?:)/.test(href)) link.replaceWith(...link.childNodes);
}
