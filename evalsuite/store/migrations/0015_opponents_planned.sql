-- Whom a planned pair step is to meet, known before it has run; what runs have planned so far is told by who was met.
ALTER TABLE run_steps ADD COLUMN opponent TEXT;
UPDATE run_steps SET opponent = opponents.player FROM opponents
WHERE run_steps.kind = 'pair' AND opponents.step_digest = run_steps.step_digest;
