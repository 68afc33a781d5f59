-- The benchmark pipeline by hand, shape B: patient, infusion and day are folded into one integer (the cell of the grid)
-- and analytes into a small code, so that the wide group-by, the joins and the window work on integers alone; the
-- conditions stand inside the aggregates (CASE) instead of FILTER.
--
-- A constant in a comparison is widened by a relative 1e-9, so that a printed tie stays a tie. Tocilizumab counts on
-- the day it is given and the 14 days after it. Prothrombin time is in seconds only, the INR does not stand in for it.
-- A result whose limit is missing has an unknown ratio: anywhere from 0 to infinity.
SET preserve_insertion_order = false;

CREATE TEMP TABLE units AS
    SELECT analyte, unit, code::TINYINT AS code, factor
    FROM (VALUES
        ('platelets', '10^9/L', 0, 1e0), ('platelets', '/uL', 0, 1e-3), ('neutrophils', '10^9/L', 1, 1e0),
        ('haemoglobin', 'g/dL', 2, 1e0), ('haemoglobin', 'g/L', 2, 1e-1), ('fibrinogen', 'g/L', 3, 1e0),
        ('fibrinogen', 'mg/dL', 3, 1e-2), ('d_dimer', 'mg/L{FEU}', 4, 1e0), ('d_dimer', 'ng/mL{FEU}', 4, 1e-3),
        ('prothrombin_time', 's', 5, 1e0), ('inr', '', 6, 1e0), ('aptt', 's', 7, 1e0),
        ('lactate_dehydrogenase', 'U/L', 8, 1e0), ('creatinine', 'mg/dL', 9, 1e0),
        ('creatinine', 'umol/L', 9, 1 / 88.4e0), ('c_reactive_protein', 'mg/L', 10, 1e0),
        ('c_reactive_protein', 'mg/dL', 10, 1e1), ('ferritin', 'ug/L', 11, 1e0)
    ) AS known(analyte, unit, code, factor);

CREATE TEMP TABLE people AS
    SELECT row_number() OVER () - 1 AS person, patient_id, infusion_number, infusion_time::DATE AS infused
    FROM read_parquet('{records}/infusions.parquet');

COPY (
    WITH measured AS NOT MATERIALIZED (
        SELECT (person * 60 + (time::DATE - infused) + 7)::INTEGER AS cell, code,
               value_low * factor AS low, value_high * factor AS high,
               value_low AS reported_low, value_high AS reported_high,
               nullif(lower_limit, 0) AS lower_limit, nullif(upper_limit, 0) AS upper_limit
        FROM read_parquet('{records}/labs.parquet') AS labs
        JOIN people USING (patient_id)
        JOIN units ON labs.analyte = units.analyte AND coalesce(labs.unit, '') = units.unit
        WHERE time::DATE - infused BETWEEN -7 AND 52
    ), exact AS (
        SELECT cell,
               min(CASE code WHEN 0 THEN low END) AS platelets_lowest,
               min(CASE code WHEN 1 THEN low END) AS neutrophils_lowest,
               min(CASE code WHEN 2 THEN low END) AS haemoglobin_lowest,
               min(CASE code WHEN 3 THEN low END) AS fibrinogen_lowest,
               max(CASE code WHEN 4 THEN low END) AS d_dimer_highest,
               max(CASE code WHEN 5 THEN low END) AS prothrombin_time_highest,
               max(CASE code WHEN 6 THEN low END) AS inr_highest,
               max(CASE code WHEN 7 THEN low END) AS aptt_highest,
               max(CASE code WHEN 8 THEN low END) AS lactate_dehydrogenase_highest,
               max(CASE code WHEN 9 THEN low END) AS creatinine_highest,
               max(CASE code WHEN 10 THEN low END) AS c_reactive_protein_highest,
               max(CASE code WHEN 11 THEN low END) AS ferritin_highest,
               min(CASE code WHEN 0 THEN reported_low / lower_limit END) AS platelets_lowest_by_lower_limit,
               min(CASE code WHEN 1 THEN reported_low / lower_limit END) AS neutrophils_lowest_by_lower_limit,
               min(CASE code WHEN 3 THEN reported_low / lower_limit END) AS fibrinogen_lowest_by_lower_limit,
               max(CASE code WHEN 4 THEN reported_low / upper_limit END) AS d_dimer_highest_by_upper_limit,
               max(CASE code WHEN 7 THEN reported_low / upper_limit END) AS aptt_highest_by_upper_limit,
               max(CASE code WHEN 5 THEN reported_low - upper_limit END) AS prothrombin_time_highest_above_upper_limit
        FROM measured
        WHERE low = high AND (lower_limit IS NOT NULL OR code NOT IN (0, 1, 3))
              AND (upper_limit IS NOT NULL OR code NOT IN (4, 5, 7))
        GROUP BY cell
    ), inexact AS (
        SELECT cell,
               min(CASE code WHEN 0 THEN low END) AS platelets_lowest__from,
               min(CASE code WHEN 1 THEN low END) AS neutrophils_lowest__from,
               min(CASE code WHEN 2 THEN low END) AS haemoglobin_lowest__from,
               min(CASE code WHEN 3 THEN low END) AS fibrinogen_lowest__from,
               max(CASE code WHEN 4 THEN low END) AS d_dimer_highest__from,
               max(CASE code WHEN 5 THEN low END) AS prothrombin_time_highest__from,
               max(CASE code WHEN 6 THEN low END) AS inr_highest__from,
               max(CASE code WHEN 7 THEN low END) AS aptt_highest__from,
               max(CASE code WHEN 8 THEN low END) AS lactate_dehydrogenase_highest__from,
               max(CASE code WHEN 9 THEN low END) AS creatinine_highest__from,
               max(CASE code WHEN 10 THEN low END) AS c_reactive_protein_highest__from,
               max(CASE code WHEN 11 THEN low END) AS ferritin_highest__from,
               min(CASE code WHEN 0 THEN coalesce(reported_low / lower_limit, 0) END) AS platelets_lowest_by_lower_limit__from,
               min(CASE code WHEN 1 THEN coalesce(reported_low / lower_limit, 0) END) AS neutrophils_lowest_by_lower_limit__from,
               min(CASE code WHEN 3 THEN coalesce(reported_low / lower_limit, 0) END) AS fibrinogen_lowest_by_lower_limit__from,
               max(CASE code WHEN 4 THEN coalesce(reported_low / upper_limit, 0) END) AS d_dimer_highest_by_upper_limit__from,
               max(CASE code WHEN 7 THEN coalesce(reported_low / upper_limit, 0) END) AS aptt_highest_by_upper_limit__from,
               max(CASE code WHEN 5 THEN coalesce(reported_low - upper_limit, '-Infinity'::DOUBLE) END)
                   AS prothrombin_time_highest_above_upper_limit__from,
               min(CASE code WHEN 0 THEN high END) AS platelets_lowest__to,
               min(CASE code WHEN 1 THEN high END) AS neutrophils_lowest__to,
               min(CASE code WHEN 2 THEN high END) AS haemoglobin_lowest__to,
               min(CASE code WHEN 3 THEN high END) AS fibrinogen_lowest__to,
               max(CASE code WHEN 4 THEN high END) AS d_dimer_highest__to,
               max(CASE code WHEN 5 THEN high END) AS prothrombin_time_highest__to,
               max(CASE code WHEN 6 THEN high END) AS inr_highest__to,
               max(CASE code WHEN 7 THEN high END) AS aptt_highest__to,
               max(CASE code WHEN 8 THEN high END) AS lactate_dehydrogenase_highest__to,
               max(CASE code WHEN 9 THEN high END) AS creatinine_highest__to,
               max(CASE code WHEN 10 THEN high END) AS c_reactive_protein_highest__to,
               max(CASE code WHEN 11 THEN high END) AS ferritin_highest__to,
               min(CASE code WHEN 0 THEN coalesce(reported_high / lower_limit, 'Infinity'::DOUBLE) END) AS platelets_lowest_by_lower_limit__to,
               min(CASE code WHEN 1 THEN coalesce(reported_high / lower_limit, 'Infinity'::DOUBLE) END) AS neutrophils_lowest_by_lower_limit__to,
               min(CASE code WHEN 3 THEN coalesce(reported_high / lower_limit, 'Infinity'::DOUBLE) END) AS fibrinogen_lowest_by_lower_limit__to,
               max(CASE code WHEN 4 THEN coalesce(reported_high / upper_limit, 'Infinity'::DOUBLE) END) AS d_dimer_highest_by_upper_limit__to,
               max(CASE code WHEN 7 THEN coalesce(reported_high / upper_limit, 'Infinity'::DOUBLE) END) AS aptt_highest_by_upper_limit__to,
               max(CASE code WHEN 5 THEN coalesce(reported_high - upper_limit, 'Infinity'::DOUBLE) END)
                   AS prothrombin_time_highest_above_upper_limit__to
        FROM measured
        WHERE low < high OR NOT ((lower_limit IS NOT NULL OR code NOT IN (0, 1, 3))
              AND (upper_limit IS NOT NULL OR code NOT IN (4, 5, 7)))
        GROUP BY cell
    ), exposed AS (
        SELECT DISTINCT
               (person * 60 + 7 + unnest(range(greatest(start::DATE - infused, -7),
                                               least(coalesce("end", start)::DATE - infused + 15, 53))))::INTEGER
                   AS cell
        FROM read_parquet('{records}/treatments.parquet') JOIN people USING (patient_id)
        WHERE agent = 'tocilizumab'
    ), grid AS (
        SELECT person, patient_id, infusion_number, days.day, (person * 60 + days.day + 7)::INTEGER AS cell
        FROM people, range(-7, 53) AS days(day)
    ), filled AS (
        SELECT person, patient_id, infusion_number, grid.day, grid.cell,
               least(exact.platelets_lowest, inexact.platelets_lowest__from) AS platelets_lowest__from,
               least(exact.platelets_lowest, inexact.platelets_lowest__to) AS platelets_lowest__to,
               least(exact.neutrophils_lowest, inexact.neutrophils_lowest__from) AS neutrophils_lowest__from,
               least(exact.neutrophils_lowest, inexact.neutrophils_lowest__to) AS neutrophils_lowest__to,
               least(exact.haemoglobin_lowest, inexact.haemoglobin_lowest__from) AS haemoglobin_lowest__from,
               least(exact.haemoglobin_lowest, inexact.haemoglobin_lowest__to) AS haemoglobin_lowest__to,
               least(exact.fibrinogen_lowest, inexact.fibrinogen_lowest__from) AS fibrinogen_lowest__from,
               least(exact.fibrinogen_lowest, inexact.fibrinogen_lowest__to) AS fibrinogen_lowest__to,
               greatest(exact.d_dimer_highest, inexact.d_dimer_highest__from) AS d_dimer_highest__from,
               greatest(exact.d_dimer_highest, inexact.d_dimer_highest__to) AS d_dimer_highest__to,
               greatest(exact.prothrombin_time_highest, inexact.prothrombin_time_highest__from)
                   AS prothrombin_time_highest__from,
               greatest(exact.prothrombin_time_highest, inexact.prothrombin_time_highest__to)
                   AS prothrombin_time_highest__to,
               greatest(exact.inr_highest, inexact.inr_highest__from) AS inr_highest__from,
               greatest(exact.inr_highest, inexact.inr_highest__to) AS inr_highest__to,
               greatest(exact.aptt_highest, inexact.aptt_highest__from) AS aptt_highest__from,
               greatest(exact.aptt_highest, inexact.aptt_highest__to) AS aptt_highest__to,
               greatest(exact.lactate_dehydrogenase_highest, inexact.lactate_dehydrogenase_highest__from)
                   AS lactate_dehydrogenase_highest__from,
               greatest(exact.lactate_dehydrogenase_highest, inexact.lactate_dehydrogenase_highest__to)
                   AS lactate_dehydrogenase_highest__to,
               greatest(exact.creatinine_highest, inexact.creatinine_highest__from) AS creatinine_highest__from,
               greatest(exact.creatinine_highest, inexact.creatinine_highest__to) AS creatinine_highest__to,
               greatest(exact.c_reactive_protein_highest, inexact.c_reactive_protein_highest__from)
                   AS c_reactive_protein_highest__from,
               greatest(exact.c_reactive_protein_highest, inexact.c_reactive_protein_highest__to)
                   AS c_reactive_protein_highest__to,
               greatest(exact.ferritin_highest, inexact.ferritin_highest__from) AS ferritin_highest__from,
               greatest(exact.ferritin_highest, inexact.ferritin_highest__to) AS ferritin_highest__to,
               least(exact.platelets_lowest_by_lower_limit, inexact.platelets_lowest_by_lower_limit__from)
                   AS platelets_lowest_by_lower_limit__from,
               least(exact.platelets_lowest_by_lower_limit, inexact.platelets_lowest_by_lower_limit__to)
                   AS platelets_lowest_by_lower_limit__to,
               least(exact.neutrophils_lowest_by_lower_limit, inexact.neutrophils_lowest_by_lower_limit__from)
                   AS neutrophils_lowest_by_lower_limit__from,
               least(exact.neutrophils_lowest_by_lower_limit, inexact.neutrophils_lowest_by_lower_limit__to)
                   AS neutrophils_lowest_by_lower_limit__to,
               least(exact.fibrinogen_lowest_by_lower_limit, inexact.fibrinogen_lowest_by_lower_limit__from)
                   AS fibrinogen_lowest_by_lower_limit__from,
               least(exact.fibrinogen_lowest_by_lower_limit, inexact.fibrinogen_lowest_by_lower_limit__to)
                   AS fibrinogen_lowest_by_lower_limit__to,
               greatest(exact.d_dimer_highest_by_upper_limit, inexact.d_dimer_highest_by_upper_limit__from)
                   AS d_dimer_highest_by_upper_limit__from,
               greatest(exact.d_dimer_highest_by_upper_limit, inexact.d_dimer_highest_by_upper_limit__to)
                   AS d_dimer_highest_by_upper_limit__to,
               greatest(exact.aptt_highest_by_upper_limit, inexact.aptt_highest_by_upper_limit__from)
                   AS aptt_highest_by_upper_limit__from,
               greatest(exact.aptt_highest_by_upper_limit, inexact.aptt_highest_by_upper_limit__to)
                   AS aptt_highest_by_upper_limit__to,
               greatest(exact.prothrombin_time_highest_above_upper_limit,
                        inexact.prothrombin_time_highest_above_upper_limit__from)
                            AS prothrombin_time_highest_above_upper_limit__from,
               greatest(exact.prothrombin_time_highest_above_upper_limit,
                        inexact.prothrombin_time_highest_above_upper_limit__to)
                            AS prothrombin_time_highest_above_upper_limit__to,
               exposed.cell IS NOT NULL AS tocilizumab_within_14_days
        FROM grid
        LEFT JOIN exact ON exact.cell = grid.cell
        LEFT JOIN inexact ON inexact.cell = grid.cell
        LEFT JOIN exposed ON exposed.cell = grid.cell
    ), carried AS (
        SELECT *,
               coalesce(platelets_lowest__from, lag(platelets_lowest__from, 1) OVER before,
                        lag(platelets_lowest__from, 2) OVER before) AS platelets_carried__from,
               coalesce(platelets_lowest__to, lag(platelets_lowest__to, 1) OVER before,
                        lag(platelets_lowest__to, 2) OVER before) AS platelets_carried__to,
               coalesce(d_dimer_highest_by_upper_limit__from, lag(d_dimer_highest_by_upper_limit__from, 1) OVER before,
                        lag(d_dimer_highest_by_upper_limit__from, 2) OVER before) AS d_dimer_carried__from,
               coalesce(d_dimer_highest_by_upper_limit__to, lag(d_dimer_highest_by_upper_limit__to, 1) OVER before,
                        lag(d_dimer_highest_by_upper_limit__to, 2) OVER before) AS d_dimer_carried__to,
               coalesce(prothrombin_time_highest_above_upper_limit__from,
                        lag(prothrombin_time_highest_above_upper_limit__from, 1) OVER before,
                        lag(prothrombin_time_highest_above_upper_limit__from, 2) OVER before)
                            AS prothrombin_time_carried__from,
               coalesce(prothrombin_time_highest_above_upper_limit__to,
                        lag(prothrombin_time_highest_above_upper_limit__to, 1) OVER before,
                        lag(prothrombin_time_highest_above_upper_limit__to, 2) OVER before)
                            AS prothrombin_time_carried__to,
               coalesce(fibrinogen_lowest__from, lag(fibrinogen_lowest__from, 1) OVER before,
                        lag(fibrinogen_lowest__from, 2) OVER before) AS fibrinogen_carried__from,
               coalesce(fibrinogen_lowest__to, lag(fibrinogen_lowest__to, 1) OVER before,
                        lag(fibrinogen_lowest__to, 2) OVER before) AS fibrinogen_carried__to
        FROM filled
        WINDOW before AS (PARTITION BY person ORDER BY cell)
    ), items AS (
        SELECT *,
               CASE WHEN platelets_lowest__from < 25 * (1 - 1e-9) THEN 4
                    WHEN platelets_lowest__from < 50 * (1 - 1e-9) THEN 3
                    WHEN platelets_lowest__from < 75 * (1 - 1e-9) THEN 2
                    WHEN platelets_lowest__from IS NULL THEN NULL
                    WHEN platelets_lowest_by_lower_limit__from >= 1 - 1e-9 THEN 0
                    ELSE 1 END AS ctcae_v5_platelets__highest,
               CASE WHEN platelets_lowest__to < 25 * (1 - 1e-9) THEN 4
                    WHEN platelets_lowest__to < 50 * (1 - 1e-9) THEN 3
                    WHEN platelets_lowest__to < 75 * (1 - 1e-9) THEN 2
                    WHEN platelets_lowest__to IS NULL THEN NULL
                    WHEN platelets_lowest_by_lower_limit__to < 1 - 1e-9 THEN 1
                    ELSE 0 END AS ctcae_v5_platelets__lowest,
               CASE WHEN neutrophils_lowest__from < 0.5 * (1 - 1e-9) THEN 4
                    WHEN neutrophils_lowest__from < 1 * (1 - 1e-9) THEN 3
                    WHEN neutrophils_lowest__from < 1.5 * (1 - 1e-9) THEN 2
                    WHEN neutrophils_lowest__from IS NULL THEN NULL
                    WHEN neutrophils_lowest_by_lower_limit__from >= 1 - 1e-9 THEN 0
                    ELSE 1 END AS ctcae_v5_neutrophils__highest,
               CASE WHEN neutrophils_lowest__to < 0.5 * (1 - 1e-9) THEN 4
                    WHEN neutrophils_lowest__to < 1 * (1 - 1e-9) THEN 3
                    WHEN neutrophils_lowest__to < 1.5 * (1 - 1e-9) THEN 2
                    WHEN neutrophils_lowest__to IS NULL THEN NULL
                    WHEN neutrophils_lowest_by_lower_limit__to < 1 - 1e-9 THEN 1
                    ELSE 0 END AS ctcae_v5_neutrophils__lowest,
               -- without a limit the ratio rule may give anything from 0 to 4, unless the absolute rule gives 4
               CASE WHEN fibrinogen_lowest__from < 0.5 * (1 - 1e-9) THEN 4
                    WHEN fibrinogen_lowest__from IS NULL THEN NULL
                    WHEN fibrinogen_lowest_by_lower_limit__from IS NULL THEN 4
                    WHEN fibrinogen_lowest_by_lower_limit__from < 0.25 * (1 - 1e-9) THEN 4
                    WHEN fibrinogen_lowest_by_lower_limit__from < 0.5 * (1 - 1e-9) THEN 3
                    WHEN fibrinogen_lowest_by_lower_limit__from < 0.75 * (1 - 1e-9) THEN 2
                    WHEN fibrinogen_lowest_by_lower_limit__from < 1 - 1e-9 THEN 1
                    ELSE 0 END AS ctcae_v5_fibrinogen__highest,
               CASE WHEN fibrinogen_lowest__to < 0.5 * (1 - 1e-9) THEN 4
                    WHEN fibrinogen_lowest__to IS NULL THEN NULL
                    WHEN fibrinogen_lowest_by_lower_limit__to < 0.25 * (1 - 1e-9) THEN 4
                    WHEN fibrinogen_lowest_by_lower_limit__to < 0.5 * (1 - 1e-9) THEN 3
                    WHEN fibrinogen_lowest_by_lower_limit__to < 0.75 * (1 - 1e-9) THEN 2
                    WHEN fibrinogen_lowest_by_lower_limit__to < 1 - 1e-9 THEN 1
                    ELSE 0 END AS ctcae_v5_fibrinogen__lowest,
               CASE WHEN aptt_highest_by_upper_limit__to > 2.5 * (1 + 1e-9) THEN 3
                    WHEN aptt_highest_by_upper_limit__to > 1.5 * (1 + 1e-9) THEN 2
                    WHEN aptt_highest_by_upper_limit__to > 1 + 1e-9 THEN 1
                    WHEN aptt_highest_by_upper_limit__to IS NOT NULL THEN 0 END AS ctcae_v5_aptt__highest,
               CASE WHEN aptt_highest_by_upper_limit__from > 2.5 * (1 + 1e-9) THEN 3
                    WHEN aptt_highest_by_upper_limit__from > 1.5 * (1 + 1e-9) THEN 2
                    WHEN aptt_highest_by_upper_limit__from > 1 + 1e-9 THEN 1
                    WHEN aptt_highest_by_upper_limit__from IS NOT NULL THEN 0 END AS ctcae_v5_aptt__lowest,
                 -- a missing item: its maximum in the highest, 0 in the lowest
               CASE WHEN platelets_carried__from >= 100 * (1 - 1e-9) THEN 0
                    WHEN platelets_carried__from >= 50 * (1 - 1e-9) THEN 1
                    ELSE 2 END AS isth_overt_dic_2025__platelets__highest,
               CASE WHEN platelets_carried__to < 50 * (1 - 1e-9) THEN 2
                    WHEN platelets_carried__to < 100 * (1 - 1e-9) THEN 1
                    ELSE 0 END AS isth_overt_dic_2025__platelets__lowest,
               CASE WHEN d_dimer_carried__to <= 3 * (1 + 1e-9) THEN 0
                    WHEN d_dimer_carried__to <= 7 * (1 + 1e-9) THEN 2
                    ELSE 3 END AS isth_overt_dic_2025__d_dimer__highest,
               CASE WHEN d_dimer_carried__from > 7 * (1 + 1e-9) THEN 3
                    WHEN d_dimer_carried__from > 3 * (1 + 1e-9) THEN 2
                    ELSE 0 END AS isth_overt_dic_2025__d_dimer__lowest,
               CASE WHEN prothrombin_time_carried__to < 3 * (1 - 1e-9) THEN 0
                    WHEN prothrombin_time_carried__to < 6 * (1 - 1e-9) THEN 1
                    ELSE 2 END AS isth_overt_dic_2025__prothrombin_time__highest,
               CASE WHEN prothrombin_time_carried__from >= 6 * (1 - 1e-9) THEN 2
                    WHEN prothrombin_time_carried__from >= 3 * (1 - 1e-9) THEN 1
                    ELSE 0 END AS isth_overt_dic_2025__prothrombin_time__lowest,
               CASE WHEN fibrinogen_carried__from >= 1 - 1e-9 THEN 0
                    ELSE 1 END AS isth_overt_dic_2025__fibrinogen__highest,
               CASE WHEN fibrinogen_carried__to < 1 - 1e-9 THEN 1
                    ELSE 0 END AS isth_overt_dic_2025__fibrinogen__lowest,
               coalesce(platelets_carried__from, d_dimer_carried__from, prothrombin_time_carried__from,
                        fibrinogen_carried__from) IS NOT NULL AS anything_carried
        FROM carried
    ), scored AS (
        SELECT *,
               CASE WHEN anything_carried THEN
                   isth_overt_dic_2025__platelets__lowest + isth_overt_dic_2025__d_dimer__lowest
                   + isth_overt_dic_2025__prothrombin_time__lowest + isth_overt_dic_2025__fibrinogen__lowest
               END AS isth_overt_dic_2025__lowest,
               CASE WHEN anything_carried THEN
                   isth_overt_dic_2025__platelets__highest + isth_overt_dic_2025__d_dimer__highest
                   + isth_overt_dic_2025__prothrombin_time__highest + isth_overt_dic_2025__fibrinogen__highest
               END AS isth_overt_dic_2025__highest
        FROM items
    )
    SELECT patient_id, infusion_number, day,
           platelets_lowest__from, platelets_lowest__to,
           neutrophils_lowest__from, neutrophils_lowest__to,
           haemoglobin_lowest__from, haemoglobin_lowest__to,
           fibrinogen_lowest__from, fibrinogen_lowest__to,
           d_dimer_highest__from, d_dimer_highest__to,
           prothrombin_time_highest__from, prothrombin_time_highest__to,
           inr_highest__from, inr_highest__to,
           aptt_highest__from, aptt_highest__to,
           lactate_dehydrogenase_highest__from, lactate_dehydrogenase_highest__to,
           creatinine_highest__from, creatinine_highest__to,
           c_reactive_protein_highest__from, c_reactive_protein_highest__to,
           ferritin_highest__from, ferritin_highest__to,
           platelets_lowest_by_lower_limit__from, platelets_lowest_by_lower_limit__to,
           fibrinogen_lowest_by_lower_limit__from, fibrinogen_lowest_by_lower_limit__to,
           d_dimer_highest_by_upper_limit__from, d_dimer_highest_by_upper_limit__to,
           aptt_highest_by_upper_limit__from, aptt_highest_by_upper_limit__to,
           prothrombin_time_highest_above_upper_limit__from, prothrombin_time_highest_above_upper_limit__to,
           CASE WHEN ctcae_v5_platelets__lowest = ctcae_v5_platelets__highest THEN ctcae_v5_platelets__lowest END
               AS ctcae_v5_platelets,
           ctcae_v5_platelets__lowest, ctcae_v5_platelets__highest,
           CASE WHEN ctcae_v5_neutrophils__lowest = ctcae_v5_neutrophils__highest THEN ctcae_v5_neutrophils__lowest END
               AS ctcae_v5_neutrophils,
           ctcae_v5_neutrophils__lowest, ctcae_v5_neutrophils__highest,
           CASE WHEN ctcae_v5_fibrinogen__lowest = ctcae_v5_fibrinogen__highest THEN ctcae_v5_fibrinogen__lowest END
               AS ctcae_v5_fibrinogen,
           ctcae_v5_fibrinogen__lowest, ctcae_v5_fibrinogen__highest,
           CASE WHEN ctcae_v5_aptt__lowest = ctcae_v5_aptt__highest THEN ctcae_v5_aptt__lowest END
               AS ctcae_v5_aptt,
           ctcae_v5_aptt__lowest, ctcae_v5_aptt__highest,
           isth_overt_dic_2025__platelets__lowest, isth_overt_dic_2025__platelets__highest,
           isth_overt_dic_2025__d_dimer__lowest, isth_overt_dic_2025__d_dimer__highest,
           isth_overt_dic_2025__prothrombin_time__lowest, isth_overt_dic_2025__prothrombin_time__highest,
           isth_overt_dic_2025__fibrinogen__lowest, isth_overt_dic_2025__fibrinogen__highest,
           CASE WHEN isth_overt_dic_2025__lowest = isth_overt_dic_2025__highest THEN isth_overt_dic_2025__lowest END
               AS isth_overt_dic_2025,
           isth_overt_dic_2025__lowest, isth_overt_dic_2025__highest,
           -- with a comparator in any of the three the product has no one value; without platelets there is none
           CASE WHEN platelets_lowest__from > 0 AND platelets_lowest__from = platelets_lowest__to
                 AND lactate_dehydrogenase_highest__from = lactate_dehydrogenase_highest__to
                 AND creatinine_highest__from = creatinine_highest__to
                THEN lactate_dehydrogenase_highest__from * creatinine_highest__from / platelets_lowest__from
           END AS easix,
           tocilizumab_within_14_days
    FROM scored
) TO '{out}/days.parquet' (FORMAT parquet);

-- Per infusion, from the days just written. A day is below 50 where its whole interval is, at least 50 likewise;
-- what is missing or could be either is neither. Days below 50 with at most 2 days between them are one run.
COPY (
    WITH days AS (
        SELECT patient_id, infusion_number, day, platelets_lowest__from AS low, platelets_lowest__to AS high,
               platelets_lowest__to < 50 * (1 - 1e-9) AS below, platelets_lowest__from >= 50 * (1 - 1e-9) AS recovered
        FROM read_parquet('{out}/days.parquet')
    ), nadirs AS (
        SELECT patient_id, infusion_number,
               min(low) AS platelets_nadir__from, min(high) AS platelets_nadir__to,
               arg_min(day, (high, day)) FILTER (high IS NOT NULL) AS platelets_nadir_day,
               min(day) FILTER (below) AS platelets_below_50_onset_day
        FROM days GROUP BY ALL
    ), recoveries AS (
        SELECT patient_id, infusion_number, min(day) AS platelets_50_recovery_day
        FROM days JOIN nadirs USING (patient_id, infusion_number)
        WHERE recovered AND day > platelets_nadir_day
        GROUP BY ALL
    ), marked AS (
        SELECT patient_id, infusion_number, day,
               CASE WHEN day - lag(day) OVER earlier <= 3 THEN 0 ELSE 1 END AS starts
        FROM days WHERE below
        WINDOW earlier AS (PARTITION BY patient_id, infusion_number ORDER BY day)
    ), numbered AS (
        SELECT patient_id, infusion_number, day,
               sum(starts) OVER (PARTITION BY patient_id, infusion_number ORDER BY day) AS run
        FROM marked
    ), runs AS (
        SELECT patient_id, infusion_number, max(day) - min(day) + 1 AS length
        FROM numbered GROUP BY patient_id, infusion_number, run
    ), longest AS (
        SELECT patient_id, infusion_number, max(length) AS length FROM runs GROUP BY ALL
    )
    SELECT nadirs.*, platelets_50_recovery_day,
           -- 0 where no day was below, null where no count is known
           CASE WHEN platelets_nadir_day IS NOT NULL THEN coalesce(longest.length, 0) END
               AS platelets_below_50_longest_run
    FROM nadirs
    LEFT JOIN recoveries USING (patient_id, infusion_number)
    LEFT JOIN longest USING (patient_id, infusion_number)
) TO '{out}/patients.parquet' (FORMAT parquet);
