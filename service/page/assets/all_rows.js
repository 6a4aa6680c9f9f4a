// Every row of the table of stores, fetched while the other scripts are still on their way: this one needs none of them.

export const allRows = fetch(document.querySelector("meta[name=all-rows]").content);
