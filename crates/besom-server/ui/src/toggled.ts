// Choosing one by one.

/** The list without an item that it has, or with one that it lacks at its end. */
export function toggled<T>(list: T[], item: T): T[] {
  return list.includes(item) ? list.filter((other) => other !== item) : [...list, item];
}
