-- What the figures that a store holds already are, read from their names as the versions that measured them formed
-- these. Here alone are names read: whatever is measured from now on says itself what it is.
CREATE TEMP TABLE found_figures AS
WITH named AS (
    SELECT step_digest, metric, min(value) AS least, max(value) AS most
    FROM (
        SELECT step_digest, metric, value FROM results
        UNION ALL SELECT step_digest, metric, value FROM scores
        UNION ALL SELECT step_digest, metric, NULL FROM comparisons
    )
    GROUP BY ALL
),
entries AS (
    SELECT entry, bool_or(kind = 'probe') AS probed FROM steps WHERE entry IS NOT NULL GROUP BY entry
),
-- The entry that a figure is of (`facts.accuracy`) or about (`overlap.facts`); of several the step's own, else the longest.
owned AS (
    SELECT
        named.*, steps.kind, entries.entry, coalesce(entries.probed, false) AS probed,
        CASE WHEN split_part(metric, '.', 1) IN ('overlap', 'latency', 'flips')
            AND NOT coalesce(starts_with(metric, entries.entry || '.'), false)
            THEN split_part(metric, '.', 1) END AS upon
    FROM named
    LEFT JOIN steps USING (step_digest)
    LEFT JOIN entries ON starts_with(metric, entries.entry || '.')
        OR (split_part(metric, '.', 1) IN ('overlap', 'latency', 'flips')
            AND starts_with(metric || '.', split_part(metric, '.', 1) || '.' || entries.entry || '.'))
    QUALIFY row_number() OVER (
        PARTITION BY step_digest, metric
        ORDER BY entries.entry IS NOT DISTINCT FROM steps.entry DESC, length(entries.entry) DESC
    ) = 1
),
-- The longest other figure of the step that the name goes on from: what stands behind it is a slice or a word of ours.
parents AS (
    SELECT ours.step_digest, ours.metric, max_by(theirs.metric, length(theirs.metric)) AS parent
    FROM named AS ours
    JOIN named AS theirs ON ours.step_digest = theirs.step_digest AND starts_with(ours.metric, theirs.metric || '.')
    GROUP BY ALL
),
parted AS (
    SELECT owned.*, coalesce(parents.parent, regexp_extract(metric, '^(.+)\.(macro|clean|ppi)$', 1)) AS above,
        CASE WHEN upon IS NULL AND starts_with(metric, entry || '.') THEN substr(metric, length(entry) + 2)
            ELSE metric END AS rest
    FROM owned LEFT JOIN parents USING (step_digest, metric)
)
SELECT *, split_part(rest, '.', 1) AS figure, regexp_extract(rest, '[^.]+$') AS word,
    CASE WHEN above <> '' THEN substr(metric, length(above) + 2) ELSE '' END AS tail,
    probed AND regexp_matches('.' || rest || '.', '\.own\.') AS own
FROM parted;

CREATE TEMP TABLE read_figures AS
WITH directed AS (
    SELECT *,
        probed AND (figure SIMILAR TO 'k[0-9]+' OR word IN (
            'nll', 'perplexity', 'bits_per_byte', 'kl', 'repetition', 'empty', 'cut_off', 'benign', 'ece', 'brier',
            'canaries', 'exposure', 'longest_run', 'copied')) AS harm,
        -- The figure of a merge against its parents is named after the benchmark.
        probed AND NOT own AND kind = 'compare' AND word NOT IN (
            'nll', 'perplexity', 'bits_per_byte', 'kl', 'ece', 'brier', 'confidence', 'right', 'early', 'mistakes',
            'accuracy', 'sound', 'form', 'json', 'schema', 'markdown', 'language', 'repetition', 'empty', 'cut_off',
            'harmful', 'benign', 'canaries', 'exposure', 'longest_run', 'copied', 'held_out', 'control')
            AND NOT figure SIMILAR TO 'k[0-9]+' AS merged
    FROM found_figures
),
scaled AS (
    SELECT *,
        CASE
            WHEN upon = 'flips' THEN CASE WHEN metric = 'flips.' || entry THEN 'lower' ELSE 'higher' END
            WHEN upon IS NOT NULL THEN 'lower'
            WHEN own THEN 'higher'
            WHEN probed AND word = 'confidence' THEN 'neither'
            WHEN probed THEN CASE WHEN harm THEN 'lower' ELSE 'higher' END
            WHEN figure IN ('control', 'length_ratio') OR tail = 'length_ratio' THEN 'neither'
            WHEN tail = 'judge_disagreement' OR figure IN (
                'nats_per_token', 'bits_per_byte', 'perplexity', 'delta', 'author_nll', 'classifier_accuracy',
                'judge_disagreement', 'word_perplexity', 'byte_perplexity', 'ppl', 'ter', 'wer') THEN 'lower'
            ELSE 'higher'
        END AS direction,
        CASE
            WHEN upon IS NULL AND NOT probed AND figure IN ('fidelity', 'elo') THEN NULL
            WHEN (upon = 'flips' AND metric = 'flips.' || entry || '.kept') OR merged
                OR figure IN ('kappa', 'human_kappa', 'human_alpha') THEN -1.0
            WHEN word = 'perplexity' OR figure = 'perplexity' THEN 1.0
            ELSE 0.0
        END AS low,
        CASE
            WHEN upon = 'latency' OR (probed AND NOT own AND word IN (
                'nll', 'perplexity', 'bits_per_byte', 'kl', 'exposure')) THEN NULL
            WHEN upon IS NULL AND NOT probed AND (tail = 'length_ratio' OR figure IN (
                'fidelity', 'elo', 'total', 'relative_score', 'nats_per_token', 'bits_per_byte', 'perplexity',
                'delta', 'author_nll', 'length_ratio')) THEN NULL
            WHEN figure = 'grade' THEN 10.0
            ELSE 1.0
        END AS high,
        CASE
            WHEN upon = 'latency' THEN 'seconds'
            WHEN word = 'exposure' AND probed THEN 'bits'
            WHEN (probed AND word IN ('nll', 'kl')) OR figure IN ('nats_per_token', 'author_nll') THEN 'nats'
            WHEN (probed AND word = 'bits_per_byte') OR figure = 'bits_per_byte' THEN 'bits'
            WHEN (probed AND word = 'perplexity') OR figure = 'perplexity' THEN 'perplexity'
            WHEN figure = 'length_ratio' OR tail = 'length_ratio' THEN 'ratio'
            WHEN figure = 'delta' THEN 'Delta'
            WHEN figure = 'elo' THEN 'Elo'
            WHEN figure IN ('grade', 'total') THEN 'points'
            WHEN figure = 'relative_score' THEN '%'
            WHEN figure IN ('kappa', 'human_kappa') THEN 'kappa'
            WHEN figure = 'human_alpha' THEN 'alpha'
            ELSE 'share'
        END AS unit,
        CASE
            WHEN own OR (probed AND word IN ('confidence', 'right')) THEN 'inner'
            WHEN upon IN ('overlap', 'latency') OR (probed AND NOT merged) THEN 'detail'
            WHEN tail IN ('macro', 'gained', 'kept') THEN 'beside'
            WHEN figure IN (
                'length_controlled', 'length_ratio', 'position_consistency', 'judge_disagreement', 'author_nll',
                'delta', 'classifier_accuracy', 'control', 'indistinguishable') THEN 'beside'
            WHEN tail <> '' THEN 'detail'
            ELSE 'headline'
        END AS place,
        -- Of a form the share of JSON, say, is a slice; defects belong to what is sound.
        CASE
            WHEN probed AND rest IN ('json', 'schema', 'markdown') THEN entry || '.form'
            WHEN probed AND rest IN ('form', 'language', 'repetition', 'empty', 'cut_off') THEN entry || '.sound'
            WHEN above <> '' THEN above
        END AS parent,
        CASE
            WHEN probed AND rest IN ('json', 'schema', 'markdown') THEN rest
            WHEN tail IN (
                '', 'macro', 'clean', 'ppi', 'gained', 'kept', 'held_out', 'control', 'own', 'length_controlled',
                'length_ratio', 'position_consistency', 'judge_disagreement') THEN NULL
            WHEN figure = 'score' THEN NULL
            ELSE tail
        END AS slice
    FROM directed
)
SELECT * REPLACE (
    -- A scale that does not hold what was scored is none that we know.
    CASE WHEN least < low - 1e-9 OR most > high + 1e-9 THEN NULL ELSE low END AS low,
    CASE WHEN least < low - 1e-9 OR most > high + 1e-9 THEN NULL ELSE high END AS high,
    CASE WHEN least < low - 1e-9 OR most > high + 1e-9 THEN '' ELSE unit END AS unit
)
FROM scaled;

INSERT OR IGNORE INTO metrics
SELECT step_digest, metric, entry, direction, low, high, unit, place,
    'Read from its name, for an older evalsuite measured it.', parent, slice
FROM read_figures;

INSERT OR IGNORE INTO metrics
SELECT check_digest, metric, NULL,
    CASE WHEN metric IN (
        'biased_to_first', 'biased_to_second', 'latency', 'leniency', 'money', 'unparsed', 'verbosity_bias')
        THEN 'lower' ELSE 'higher' END,
    CASE WHEN split_part(metric, '.', 1) IN (
        'agreement', 'alpha', 'fleiss', 'human_alpha', 'leniency', 'verbosity_bias') THEN -1.0 ELSE 0.0 END,
    CASE WHEN metric IN ('latency', 'money') THEN NULL ELSE 1.0 END,
    CASE
        WHEN metric = 'latency' THEN 'seconds'
        WHEN metric = 'money' THEN 'dollars'
        WHEN split_part(metric, '.', 1) IN ('agreement', 'fleiss') THEN 'kappa'
        WHEN metric IN ('alpha', 'human_alpha') THEN 'alpha'
        ELSE 'share'
    END,
    'detail', 'Read from its name, for an older evalsuite measured it.',
    CASE WHEN contains(metric, '.') THEN split_part(metric, '.', 1) END, NULL
FROM judge_health;

DROP TABLE found_figures;
DROP TABLE read_figures;
