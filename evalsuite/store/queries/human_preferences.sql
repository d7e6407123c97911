SELECT question, a, b, annotator, label FROM human_preferences ORDER BY question, a, b, annotator
