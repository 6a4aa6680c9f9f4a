// A tip near what is pointed at, or has the focus, within an element that has a `.tip` and is positioned.

const GAP_PX = 8;

export function tipIn(container) {
  const tip = container.querySelector(".tip");

  function show(element, text) {
    tip.textContent = text;
    tip.hidden = false;
    const [here, all] = [element.getBoundingClientRect(), container.getBoundingClientRect()];
    const left = here.left - all.left + here.width / 2 - tip.offsetWidth / 2;
    tip.style.left = `${Math.max(0, Math.min(left, all.width - tip.offsetWidth))}px`;
    const above = here.top - all.top - tip.offsetHeight - GAP_PX;
    tip.style.top = `${above >= 0 ? above : here.bottom - all.top + GAP_PX}px`;
  }

  function hide() {
    tip.hidden = true;
  }

  return { show, hide };
}
