"""What benchmarks, judged sets and probes ask, and labels that people gave."""
