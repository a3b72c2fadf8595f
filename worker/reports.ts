/** The moderators' letters, in the directory database. Only the operator's tool reads them. */
import type { AccountId } from "#schema/ids.ts";
import { query } from "./directory.ts";

interface ReportRow {
  readonly reportId: string;
  readonly reporter: AccountId;
  readonly receivedAtMs: number;
  readonly sealed: string;
}

const dayMs = 86_400_000;

/** Keeps a report unless its sender has sent `perDay` within a day; returns whether it was kept. Throws `unavailable`. */
export async function addReport(database: D1Database, row: ReportRow, perDay: number): Promise<boolean> {
  const { reportId, reporter, receivedAtMs, sealed } = row;
  const { meta } = await query(() =>
    database
      .prepare(
        `INSERT INTO reports (report_id, reporter, received_at_ms, sealed) SELECT ?1, ?2, ?3, ?4
         WHERE (SELECT count(*) FROM reports WHERE reporter = ?2 AND received_at_ms > ?5) < ?6`,
      )
      .bind(reportId, reporter, receivedAtMs, sealed, receivedAtMs - dayMs, perDay)
      .run(),
  );
  return meta.changes > 0;
}
