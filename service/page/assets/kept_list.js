// The order in which the table last showed the stores of a report, from which a store's view leads on: for this tab.

import { keepForTab, readKeptForTab } from "./storage.js";

const MOST = 5000; // a browser keeps some megabytes for a host, and who walks on looks at a few

const keyOf = (report) => `list:${report}`;

// words: what the list is of, "down now"; ids: its stores, the first ones; count: of all; address: of the table.
export function keepList(report, { words, ids, address }) {
  // A browser that keeps nothing shows a store without those beside it.
  keepForTab(keyOf(report), { words, ids: ids.slice(0, MOST), count: ids.length, address });
}

export const keptList = (report) => readKeptForTab(keyOf(report), null);
