// What the browser keeps of a reader's choices. Storage may be full, forbidden or hold anything: the page works then, too.

const OURS = () => localStorage; // where storage is forbidden, its name alone is an error
const TAB = () => sessionStorage;

const readFrom = (storage) => (key, fallback) => {
  try {
    return JSON.parse(storage().getItem(key)) ?? fallback;
  } catch {
    return fallback;
  }
};

// Whether it was kept.
const keepIn = (storage) => (key, value) => {
  try {
    storage().setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
};

export const readKept = readFrom(OURS);
export const keep = keepIn(OURS);

// For this tab alone, until it is closed.
export const readKeptForTab = readFrom(TAB);
export const keepForTab = keepIn(TAB);
