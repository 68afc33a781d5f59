-- The floor: one scan of the laboratory rows with one aggregation. What the pipeline costs above this is its own work.
COPY (
    SELECT analyte, unit, count(*) AS measured, min(value_low) AS lowest, max(value_high) AS highest
    FROM read_parquet('{records}/labs.parquet')
    GROUP BY ALL
) TO '{out}/bare_scan.parquet' (FORMAT parquet);
