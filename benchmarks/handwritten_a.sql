-- The benchmark pipeline by hand, shape A: one wide group-by with FILTER over the exact rows, a small one over the rows
-- with a comparator, joined to the grid with least and greatest.
--
-- A constant in a comparison is widened by a relative 1e-9, so that a printed tie stays a tie. Tocilizumab counts on
-- the day it is given and the 14 days after it. Prothrombin time is in seconds only, the INR does not stand in for it.
-- A result whose limit is missing has an unknown ratio: anywhere from 0 to infinity.
SET preserve_insertion_order = false;

COPY (
    WITH labs AS (FROM read_parquet('{records}/labs.parquet')),
    infusions AS (FROM read_parquet('{records}/infusions.parquet')),
    treatments AS (FROM read_parquet('{records}/treatments.parquet')),
    units(analyte, unit, factor) AS (
        VALUES ('platelets', '10^9/L', 1e0), ('platelets', '/uL', 1e-3), ('neutrophils', '10^9/L', 1e0),
               ('haemoglobin', 'g/dL', 1e0), ('haemoglobin', 'g/L', 1e-1), ('fibrinogen', 'g/L', 1e0),
               ('fibrinogen', 'mg/dL', 1e-2), ('d_dimer', 'mg/L{FEU}', 1e0), ('d_dimer', 'ng/mL{FEU}', 1e-3),
               ('prothrombin_time', 's', 1e0), ('inr', '', 1e0), ('aptt', 's', 1e0),
               ('lactate_dehydrogenase', 'U/L', 1e0), ('creatinine', 'mg/dL', 1e0),
               ('creatinine', 'umol/L', 1 / 88.4e0), ('c_reactive_protein', 'mg/L', 1e0),
               ('c_reactive_protein', 'mg/dL', 1e1), ('ferritin', 'ug/L', 1e0)
    ), measured AS (
        SELECT patient_id, infusion_number, time::DATE - infusion_time::DATE AS day, labs.analyte,
               value_low * factor AS low, value_high * factor AS high,
               value_low AS reported_low, value_high AS reported_high,
               nullif(lower_limit, 0) AS lower_limit, nullif(upper_limit, 0) AS upper_limit
        FROM labs
        JOIN infusions USING (patient_id)
        JOIN units ON labs.analyte = units.analyte AND coalesce(labs.unit, '') = units.unit
        WHERE time::DATE - infusion_time::DATE BETWEEN -7 AND 52
    ), exact AS (
        SELECT patient_id, infusion_number, day,
               min(low) FILTER (analyte = 'platelets') AS platelets_lowest,
               min(low) FILTER (analyte = 'neutrophils') AS neutrophils_lowest,
               min(low) FILTER (analyte = 'haemoglobin') AS haemoglobin_lowest,
               min(low) FILTER (analyte = 'fibrinogen') AS fibrinogen_lowest,
               max(low) FILTER (analyte = 'd_dimer') AS d_dimer_highest,
               max(low) FILTER (analyte = 'prothrombin_time') AS prothrombin_time_highest,
               max(low) FILTER (analyte = 'inr') AS inr_highest,
               max(low) FILTER (analyte = 'aptt') AS aptt_highest,
               max(low) FILTER (analyte = 'lactate_dehydrogenase') AS lactate_dehydrogenase_highest,
               max(low) FILTER (analyte = 'creatinine') AS creatinine_highest,
               max(low) FILTER (analyte = 'c_reactive_protein') AS c_reactive_protein_highest,
               max(low) FILTER (analyte = 'ferritin') AS ferritin_highest,
               min(reported_low / lower_limit) FILTER (analyte = 'platelets') AS platelets_lowest_by_lower_limit,
               min(reported_low / lower_limit) FILTER (analyte = 'neutrophils') AS neutrophils_lowest_by_lower_limit,
               min(reported_low / lower_limit) FILTER (analyte = 'fibrinogen') AS fibrinogen_lowest_by_lower_limit,
               max(reported_low / upper_limit) FILTER (analyte = 'd_dimer') AS d_dimer_highest_by_upper_limit,
               max(reported_low / upper_limit) FILTER (analyte = 'aptt') AS aptt_highest_by_upper_limit,
               max(reported_low - upper_limit) FILTER (analyte = 'prothrombin_time')
                   AS prothrombin_time_highest_above_upper_limit
        FROM measured
        WHERE low = high AND (lower_limit IS NOT NULL OR analyte NOT IN ('platelets', 'neutrophils', 'fibrinogen'))
              AND (upper_limit IS NOT NULL OR analyte NOT IN ('d_dimer', 'aptt', 'prothrombin_time'))
        GROUP BY patient_id, infusion_number, day
    ), inexact AS (
        SELECT patient_id, infusion_number, day,
               min(low) FILTER (analyte = 'platelets') AS platelets_lowest__from,
               min(low) FILTER (analyte = 'neutrophils') AS neutrophils_lowest__from,
               min(low) FILTER (analyte = 'haemoglobin') AS haemoglobin_lowest__from,
               min(low) FILTER (analyte = 'fibrinogen') AS fibrinogen_lowest__from,
               max(low) FILTER (analyte = 'd_dimer') AS d_dimer_highest__from,
               max(low) FILTER (analyte = 'prothrombin_time') AS prothrombin_time_highest__from,
               max(low) FILTER (analyte = 'inr') AS inr_highest__from,
               max(low) FILTER (analyte = 'aptt') AS aptt_highest__from,
               max(low) FILTER (analyte = 'lactate_dehydrogenase') AS lactate_dehydrogenase_highest__from,
               max(low) FILTER (analyte = 'creatinine') AS creatinine_highest__from,
               max(low) FILTER (analyte = 'c_reactive_protein') AS c_reactive_protein_highest__from,
               max(low) FILTER (analyte = 'ferritin') AS ferritin_highest__from,
               min(coalesce(reported_low / lower_limit, 0)) FILTER (analyte = 'platelets') AS platelets_lowest_by_lower_limit__from,
               min(coalesce(reported_low / lower_limit, 0)) FILTER (analyte = 'neutrophils')
                   AS neutrophils_lowest_by_lower_limit__from,
               min(coalesce(reported_low / lower_limit, 0)) FILTER (analyte = 'fibrinogen')
                   AS fibrinogen_lowest_by_lower_limit__from,
               max(coalesce(reported_low / upper_limit, 0)) FILTER (analyte = 'd_dimer') AS d_dimer_highest_by_upper_limit__from,
               max(coalesce(reported_low / upper_limit, 0)) FILTER (analyte = 'aptt') AS aptt_highest_by_upper_limit__from,
               max(coalesce(reported_low - upper_limit, '-Infinity'::DOUBLE)) FILTER (analyte = 'prothrombin_time')
                   AS prothrombin_time_highest_above_upper_limit__from,
               min(high) FILTER (analyte = 'platelets') AS platelets_lowest__to,
               min(high) FILTER (analyte = 'neutrophils') AS neutrophils_lowest__to,
               min(high) FILTER (analyte = 'haemoglobin') AS haemoglobin_lowest__to,
               min(high) FILTER (analyte = 'fibrinogen') AS fibrinogen_lowest__to,
               max(high) FILTER (analyte = 'd_dimer') AS d_dimer_highest__to,
               max(high) FILTER (analyte = 'prothrombin_time') AS prothrombin_time_highest__to,
               max(high) FILTER (analyte = 'inr') AS inr_highest__to,
               max(high) FILTER (analyte = 'aptt') AS aptt_highest__to,
               max(high) FILTER (analyte = 'lactate_dehydrogenase') AS lactate_dehydrogenase_highest__to,
               max(high) FILTER (analyte = 'creatinine') AS creatinine_highest__to,
               max(high) FILTER (analyte = 'c_reactive_protein') AS c_reactive_protein_highest__to,
               max(high) FILTER (analyte = 'ferritin') AS ferritin_highest__to,
               min(coalesce(reported_high / lower_limit, 'Infinity'::DOUBLE)) FILTER (analyte = 'platelets') AS platelets_lowest_by_lower_limit__to,
               min(coalesce(reported_high / lower_limit, 'Infinity'::DOUBLE)) FILTER (analyte = 'neutrophils')
                   AS neutrophils_lowest_by_lower_limit__to,
               min(coalesce(reported_high / lower_limit, 'Infinity'::DOUBLE)) FILTER (analyte = 'fibrinogen')
                   AS fibrinogen_lowest_by_lower_limit__to,
               max(coalesce(reported_high / upper_limit, 'Infinity'::DOUBLE)) FILTER (analyte = 'd_dimer') AS d_dimer_highest_by_upper_limit__to,
               max(coalesce(reported_high / upper_limit, 'Infinity'::DOUBLE)) FILTER (analyte = 'aptt') AS aptt_highest_by_upper_limit__to,
               max(coalesce(reported_high - upper_limit, 'Infinity'::DOUBLE)) FILTER (analyte = 'prothrombin_time')
                   AS prothrombin_time_highest_above_upper_limit__to
        FROM measured
        WHERE low < high OR NOT ((lower_limit IS NOT NULL OR analyte NOT IN ('platelets', 'neutrophils', 'fibrinogen'))
              AND (upper_limit IS NOT NULL OR analyte NOT IN ('d_dimer', 'aptt', 'prothrombin_time')))
        GROUP BY patient_id, infusion_number, day
    ), exposed AS (
        SELECT DISTINCT patient_id, infusion_number,
               unnest(range(start::DATE - infusion_time::DATE, coalesce("end", start)::DATE - infusion_time::DATE + 15))
                   AS day
        FROM treatments JOIN infusions USING (patient_id)
        WHERE agent = 'tocilizumab'
    ), grid AS (
        SELECT patient_id, infusion_number, days.day
        FROM infusions, range(-7, 53) AS days(day)
    ), filled AS (
        SELECT grid.patient_id, grid.infusion_number, grid.day,
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
               exposed.day IS NOT NULL AS tocilizumab_within_14_days
        FROM grid
        LEFT JOIN exact USING (patient_id, infusion_number, day)
        LEFT JOIN inexact USING (patient_id, infusion_number, day)
        LEFT JOIN exposed USING (patient_id, infusion_number, day)
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
        WINDOW before AS (PARTITION BY patient_id, infusion_number ORDER BY day)
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
