/** Deletes the entry that was inserted first if the map exceeds its capacity. Call it after each insertion. */
export const evictOldest = <T>(map: Map<string, T>, capacity: number): void => {
  const oldest = map.size > capacity ? map.keys().next().value : undefined;
  if (oldest !== undefined) map.delete(oldest);
};
