-- A run of {adapters} specs on one base, with scores, replies, results, comparisons, verdicts and trainings.
CREATE TEMP TABLE subjects AS SELECT i, format('adapter-{{:03}}', i) AS spec FROM range({adapters}) AS r(i);
CREATE TEMP TABLE entries AS SELECT * FROM (VALUES {entries}) AS v(entry);
CREATE TEMP TABLE scored AS
    SELECT spec, entry, 'candidate' AS role, spec || '-' || entry AS step_digest, i FROM subjects, entries
    UNION ALL SELECT NULL, entry, 'base', 'base-' || entry, 0 FROM entries;
INSERT INTO runs VALUES ('run-1', now(), now(), 'finished', 1, '{{}}');
INSERT INTO run_specs SELECT 'run-1', spec, spec, json_object('name', spec, 'tags', ['t' || i % 7]), 'tiny',
    'base', 'weights-' || i, ['sft', 'dpo', 'kto'][1 + i % 3], 'lora' FROM subjects;
INSERT INTO run_steps SELECT 'run-1', subjects.spec, row_number() OVER (PARTITION BY subjects.spec),
    step_digest, 'score', entry, role FROM subjects JOIN scored
    ON scored.spec = subjects.spec OR scored.spec IS NULL;
INSERT INTO run_steps SELECT 'run-1', spec, 100 + place, spec || '-' || kind, kind, NULL, 'candidate'
    FROM subjects, (VALUES (0, 'train'), (1, 'compare'), (2, 'decide')) AS v(place, kind);
INSERT INTO run_steps SELECT 'run-1', spec, 200, 'author-style', 'score', 'style', 'author' FROM subjects;
INSERT INTO run_steps SELECT 'run-1', spec, 201, spec || '-duel', 'pair', 'duel', 'candidate' FROM subjects;
INSERT INTO steps SELECT DISTINCT step_digest, kind, entry, role, now(), 1.0, 7 FROM run_steps;
INSERT INTO trainings SELECT spec || '-train', spec, spec, spec, 1000, 100, 5 + i, 500, 1000 + i, 100000, 1.5
    FROM subjects;
INSERT INTO results (step_digest, metric, value, low, high, n, unscored)
    SELECT step_digest, entry || part, 0.5 + i / 1000, 0.45, 0.55, {samples}, 0
    FROM scored, (VALUES ('.accuracy'), ('.score')) AS v(part);
INSERT INTO comparisons SELECT spec || '-compare', entry || '.accuracy', 'base', 0.01, -0.01, 0.03, 0.2,
    {samples}, 3, 2 FROM subjects, entries;
INSERT INTO verdicts (step_digest, policy, answer)
    SELECT spec || '-decide', 'release', ['pass', 'fail', 'undecided'][1 + i % 3] FROM subjects;
INSERT INTO rule_outcomes (step_digest, ordinal, rule, metric, answer, sentence)
    SELECT spec || '-decide', place, 'floor', 'facts.accuracy', 'pass', 'facts.accuracy is 0.5' FROM subjects,
    range(5) AS r(place);
INSERT INTO results (step_digest, metric, value, low, high, n, unscored) VALUES
    ('author-style', 'style.score', 0.9, 0.8, 1.0, {samples}, 0);
INSERT INTO results (step_digest, metric, value, low, high, n, unscored)
    SELECT spec || '-compare', 'style.fidelity', i / 200, 0.4, 0.6, {samples}, 0 FROM subjects
    UNION ALL SELECT spec || '-duel', 'duel.win_rate', 0.5, 0.4, 0.6, {pairs}, 0 FROM subjects;
INSERT INTO metrics SELECT step_digest, metric, string_split(metric, '.')[1], 'higher', 0, 1, 'share', 'headline', '',
    NULL, NULL FROM results;
INSERT INTO measurements SELECT DISTINCT step_digest, '', 'measured-' || coalesce(entry, kind), [coalesce(entry, kind)]
    FROM steps WHERE kind IN ('score', 'pair', 'compare');
INSERT INTO judgings SELECT step_digest, 'strict', 'strict', 'sober', 'sober' FROM steps
    WHERE entry IN ('style', 'duel');
INSERT INTO opponents SELECT spec || '-duel', 'duel.win_rate', 'style', '(tiny)', 'base' FROM subjects;
INSERT INTO scores SELECT spec || '-duel', 'duel.win_rate', 's' || j, (hash(spec || j) % 3)::DOUBLE / 2,
    NULL, NULL FROM subjects, range({pairs}) AS r(j);
INSERT INTO scores SELECT step_digest, entry || if(entry = 'style', '.score', '.accuracy'), 's' || j,
    (hash(step_digest || j) % 2)::DOUBLE, NULL, NULL FROM scored, range({samples}) AS r(j);
INSERT INTO replies SELECT step_digest, 's' || j, 'What is ' || j || '?',
    'It is ' || hash(step_digest || j) % 9, 'It is 3', NULL, NULL
    FROM scored, range(least({samples}, 1000)) AS r(j);
