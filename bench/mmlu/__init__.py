"""What `bench/benchmarks.py` is made of: the material, the two contestants, the plot."""
