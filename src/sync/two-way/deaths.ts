/** A deletion, as far as the two sites must remember it. */
export interface Death {
  /** Whatever is not newer is gone; milliseconds by the clock of the site that deleted. */
  readonly time: number;
  /** Commit time of the deletion, microseconds: its place among the changes of its site. */
  readonly commit: number;
}

/** What one site has deleted of one row. A column's entry holds instead of the row's. */
export interface Deaths {
  readonly row?: Death | undefined;
  readonly columns: ReadonlyMap<string, Death>;
}

export const noDeaths: Deaths = { columns: new Map() };

export function deathOf({ row, columns }: Deaths, column: string): Death | undefined {
  return columns.get(column) ?? row;
}

/** A cell that a site wrote, as far as its own deletions are concerned. */
export interface Written {
  readonly column: string;
  readonly time: number;
  readonly commit: number;
}

/**
 * What a site has deleted, with what its newer changes say. Within a site the order of commits decides, not the clock: a cell that was
 * written after a deletion outlives it, although both may bear the same millisecond; then the deletion is dated before it.
 */
export function withNews(
  deaths: Deaths,
  news: {
    readonly row?: Death | undefined;
    readonly columns: readonly (Death & { readonly column: string })[];
    readonly written: readonly Written[];
  },
): Deaths {
  let { row } = deaths;
  const columns = new Map(deaths.columns);
  if (news.row !== undefined && (row === undefined || news.row.commit > row.commit)) {
    row = news.row;
    for (const [column, { commit }] of columns) if (commit <= row.commit) columns.delete(column);
  }
  for (const { column, time, commit } of news.columns) {
    const now = columns.get(column) ?? row;
    if (now === undefined || commit > now.commit || (commit === now.commit && time > now.time)) columns.set(column, { time, commit });
  }
  for (const { column, time, commit } of news.written) {
    const now = columns.get(column) ?? row;
    if (now !== undefined && commit > now.commit && now.time >= time) columns.set(column, { time: time - 1, commit: now.commit });
  }
  return { row, columns };
}

export function sameDeaths(a: Deaths, b: Deaths): boolean {
  return (
    same(a.row, b.row) && a.columns.size === b.columns.size && [...a.columns].every(([column, death]) => same(death, b.columns.get(column)))
  );
}

function same(a: Death | undefined, b: Death | undefined): boolean {
  return a?.time === b?.time && a?.commit === b?.commit;
}
