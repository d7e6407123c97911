SELECT step_digest FROM steps WHERE step_digest IN (SELECT unnest(?::TEXT[]))
