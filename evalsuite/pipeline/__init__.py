"""The only place that joins stages: what can be asked of a project, and how one run is carried out."""
